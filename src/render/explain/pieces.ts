import type { YamlPath } from '../../plan/yaml/node.ts';
import type * as ast from '../template/ast.ts';
import { childrenOf } from '../template/ast.ts';
import type { Environment } from '../template/environment.ts';
import { readsOf } from '../template/paths.ts';
import type { TracePiece } from '../template/trace.ts';
import { lineRanges, placeOfOffset } from './places.ts';
import type { PieceReport } from './types.ts';

/** A piece with the paths of the template's names that it reads, not explained yet. */
export interface RawPiece extends Omit<PieceReport, 'reads'> {
  paths: YamlPath[];
}

interface Range {
  start: number;
  end: number;
}

const MAX_SOURCE = 120;

/** Tells the pieces of a trace as a flat list: what stands in another piece follows it, one level deeper. */
export class PieceTeller {
  readonly pieces: RawPiece[] = [];
  readonly #text: string;
  readonly #range: Range | undefined;
  readonly #sourceOf: (file: string) => string;

  /**
   * @param text what the pieces wrote
   * @param range the part of the text that is asked for; what wrote nothing there is left out
   */
  constructor(text: string, range: Range | undefined, sourceOf: (file: string) => string) {
    this.#text = text;
    this.#range = range;
    this.#sourceOf = sourceOf;
  }

  tell(pieces: readonly TracePiece[], depth = 0): void {
    for (const piece of pieces) if (this.#shows(piece.output)) this.#piece(piece, depth);
  }

  #piece(piece: TracePiece, depth: number): void {
    switch (piece.kind) {
      case 'literal':
        return this.#add(piece, 'text', depth, piece.template, null, []);
      case 'hole': {
        const { expression, environment } = piece;
        const kind = piece.body ? 'macro' : 'value';
        this.#add(piece, kind, depth, expression, null, readsOf(expression, environment));
        this.#sets(expression, environment, depth + 1, piece);
        return piece.body && this.tell(piece.body, depth + 1);
      }
      case 'loop': {
        const { node, environment } = piece;
        const paths = readsOf(node.iterable, environment);
        if (!this.#range || piece.otherwise) {
          const detail = piece.otherwise
            ? 'no elements: else'
            : `${piece.elements.length} elements`;
          this.#add(piece, 'loop', depth, head(node, node.iterable), detail, paths);
        }
        if (piece.otherwise) return this.tell(piece.otherwise, depth + 1);
        for (const { index, output, pieces } of piece.iterations) {
          if (!this.#shows(output)) continue;
          if (this.#range) {
            const detail = `element ${index + 1} of ${piece.elements.length}`;
            this.#add(
              { ...piece, output },
              'loop',
              depth,
              head(node, node.iterable),
              detail,
              paths,
            );
          }
          this.tell(pieces, depth + 1);
        }
        return;
      }
      case 'condition': {
        const { node, environment, arm } = piece;
        const asked = arm === -1 ? node.arms : node.arms.slice(0, arm + 1);
        const paths = asked.flatMap(({ test }) => pathsIn(test, environment));
        const last = node.arms[Math.max(arm, 0)]!;
        const detail =
          arm === 0
            ? 'true'
            : arm > 0
              ? `elif: ${this.#snippet(environment.file, last.test)}`
              : node.otherwise.length > 0
                ? 'false: else'
                : 'false';
        this.#add(piece, 'if', depth, head(node, node.arms[0].test), detail, paths);
        return this.tell(piece.pieces, depth + 1);
      }
      case 'call': {
        const { node, environment } = piece;
        const paths = pathsIn(node.call, environment);
        this.#add(piece, 'call', depth, head(node, node.call), null, paths);
        return this.tell(piece.pieces, depth + 1);
      }
      case 'include':
        this.#add(piece, 'include', depth, piece.template, piece.file, []);
        return this.tell(piece.pieces, depth + 1);
      case 'filtered': {
        const { node, environment, captured } = piece;
        const paths = pathsIn(node.filter, environment);
        this.#add(piece, 'filter', depth, head(node, node.filter), null, paths);
        return this.#inner(piece, captured.text, captured.pieces, depth + 1);
      }
    }
  }

  /** Names of the expression that `set`, `with` or a macro's call gave a value, and what they were given. */
  #sets(
    expression: ast.Expression,
    environment: Environment,
    depth: number,
    piece: TracePiece,
  ): void {
    if (expression.kind === 'name') {
      const { name } = expression;
      const origin = environment.binding(name)?.origin;
      if (origin?.kind === 'expression') {
        const { output, template } = piece;
        const at = { output, template: { ...template, file: origin.environment.file } };
        const kind = origin.passed ? 'argument' : 'set';
        const detail = origin.passed === 'default' ? `${name}, by default` : name;
        this.#add(at, kind, depth, origin.expression, detail, []);
      } else if (origin?.kind === 'captured' && origin.nodes[0]) {
        const { output } = piece;
        const { template } = origin.nodes[0];
        this.#add({ output, template }, 'set', depth, template, name, []);
        this.#inner(piece, origin.text, origin.nodes, depth + 1);
      }
    }
    for (const part of childrenOf(expression)) this.#sets(part, environment, depth, piece);
  }

  /** Pieces of a text that another one was made of; where both have as many lines, those of the lines asked for. */
  #inner({ output }: TracePiece, text: string, pieces: readonly TracePiece[], depth: number): void {
    const teller = new PieceTeller(text, this.#sameLines(output, text), this.#sourceOf);
    teller.tell(pieces, depth);
    this.pieces.push(...teller.pieces);
  }

  #sameLines(output: Range, text: string): Range | undefined {
    if (!this.#range) return undefined;
    const outer = lineRanges(this.#text.slice(output.start, output.end));
    const inner = lineRanges(text);
    if (outer.length !== inner.length) return undefined;
    const shown = inner.filter((_, line) => {
      const { start, end } = outer[line]!;
      return this.#shows({ start: output.start + start, end: output.start + end });
    });
    const [first] = shown;
    return first && { start: first.start, end: shown.at(-1)!.end };
  }

  #shows({ start, end }: Range): boolean {
    const range = this.#range;
    return !range || (start < range.end && end > range.start);
  }

  #add(
    { output, template }: Pick<TracePiece, 'output' | 'template'>,
    kind: PieceReport['kind'],
    depth: number,
    place: Range,
    detail: string | null,
    paths: YamlPath[],
  ): void {
    const start = Math.max(output.start, this.#range?.start ?? 0);
    const end = Math.min(output.end, this.#range?.end ?? Infinity);
    // Of text that covers several lines, the place of the part that was asked for.
    const offset = kind === 'text' ? start - output.start : 0;
    this.pieces.push({
      kind,
      depth,
      text: this.#text.slice(start, end),
      position: placeOfOffset(template.file, this.#sourceOf(template.file), place.start + offset),
      source: kind === 'text' ? '' : this.#snippet(template.file, place),
      detail,
      paths,
    });
  }

  #snippet(file: string, { start, end }: Range): string {
    const text = this.#sourceOf(file).slice(start, end).replaceAll(/\s+/g, ' ').trim();
    return text.length > MAX_SOURCE ? `${text.slice(0, MAX_SOURCE)}…` : text;
  }
}

/** A block's first tag, up to the end of its expression. */
function head({ start }: Range, { end }: Range): Range {
  return { start, end };
}

/** What an expression reads, and what the text of a `set` block in it does. */
function pathsIn(expression: ast.Expression, environment: Environment): YamlPath[] {
  const paths = readsOf(expression, environment);
  const captured = (part: ast.Expression): YamlPath[] => {
    const origin = part.kind === 'name' ? environment.binding(part.name)?.origin : undefined;
    if (origin?.kind === 'captured') return origin.nodes.flatMap(pathsOfPiece);
    return childrenOf(part).flatMap(captured);
  };
  return [...paths, ...captured(expression)];
}

/** Everything that a piece and what is in it read. */
function pathsOfPiece(piece: TracePiece): YamlPath[] {
  const teller = new PieceTeller('', undefined, () => '');
  teller.tell([piece]);
  return teller.pieces.flatMap(({ paths }) => paths);
}
