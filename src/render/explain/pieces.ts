import type { YamlPath } from '../../plan/yaml/node.ts';
import type * as ast from '../template/ast.ts';
import { childrenOf } from '../template/ast.ts';
import type { Environment } from '../template/environment.ts';
import { readsOf } from '../template/paths.ts';
import type { TracePiece } from '../template/trace.ts';
import { placeOfOffset } from './places.ts';
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
  /** The template, and the included ones that lead to what is being told. */
  readonly #files: string[];
  readonly #text: string;
  readonly #range: Range | undefined;
  readonly #sourceOf: (file: string) => string;

  /**
   * @param file the template's path in the plan
   * @param range the part of the text that is asked for; what wrote nothing there is left out
   */
  constructor(
    file: string,
    text: string,
    range: Range | undefined,
    sourceOf: (file: string) => string,
  ) {
    this.#files = [file];
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
        this.#add(piece, kind, depth, expression, null, pathsIn(expression, environment));
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
        this.#add(this.#including(piece), 'include', depth, piece.template, piece.file, []);
        this.#files.push(piece.file);
        this.tell(piece.pieces, depth + 1);
        this.#files.pop();
        return;
      case 'filtered': {
        const { node, environment, captured } = piece;
        const paths = [
          ...pathsIn(node.filter, environment),
          ...captured.pieces.flatMap(pathsOfPiece),
        ];
        return this.#add(piece, 'filter', depth, head(node, node.filter), null, paths);
      }
    }
  }

  /** Names of the expression that `set` or `with` gave a value, and what they were given. */
  #sets(
    expression: ast.Expression,
    environment: Environment,
    depth: number,
    piece: TracePiece,
  ): void {
    if (expression.kind === 'name') {
      const origin = environment.binding(expression.name)?.origin;
      if (origin?.kind === 'expression') {
        const { output, template } = piece;
        const at = { output, template: { ...template, file: origin.environment.file } };
        this.#add(at, 'set', depth, origin.expression, expression.name, []);
      } else if (origin?.kind === 'captured') {
        const at = { output: piece.output, template: origin.nodes[0]?.template ?? piece.template };
        const paths = origin.nodes.flatMap(pathsOfPiece);
        this.#add(at, 'set', depth, at.template, expression.name, paths);
      }
    }
    for (const part of childrenOf(expression)) this.#sets(part, environment, depth, piece);
  }

  /** An include with the template that it stands in: its trace names the one that it brings in. */
  #including({ output, template }: TracePiece): Pick<TracePiece, 'output' | 'template'> {
    return { output, template: { ...template, file: this.#files.at(-1) ?? template.file } };
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
  const teller = new PieceTeller(piece.template.file, '', undefined, () => '');
  teller.tell([piece]);
  return teller.pieces.flatMap(({ paths }) => paths);
}
