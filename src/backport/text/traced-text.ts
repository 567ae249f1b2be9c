import type { Plan } from '../../plan/plan.ts';
import { type FileTrace, traceFile } from '../../render/render.ts';
import type {
  ConditionPiece,
  Hole,
  LiteralPiece,
  LoopPiece,
  TracePiece,
} from '../../render/template/trace.ts';
import type { Turn } from './element-keys.ts';
import type { Region } from './regions.ts';

/** What a filter made of a text: nothing in it can be told apart. */
interface Opaque {
  kind: 'opaque';
  output: { start: number; end: number };
}

/** The smallest stretches of a rendered text. */
export type Leaf = LiteralPiece | Hole | Opaque;

/**
 * Something of a trace, and the turns of loops that it is in, outermost first; undefined where a macro is between
 * them, which does not see their names.
 */
export interface Within<Piece> {
  piece: Piece;
  turns: readonly Turn[] | undefined;
}

/** A part of an edited region: a leaf, or as much of a fixed text as stands in it. */
export interface Part {
  leaf: Leaf;
  turns: readonly Turn[] | undefined;
  text: string;
  /** Where the part begins in its leaf. */
  skipped: number;
}

/** A text that a template rendered, and how it came about. */
export class TracedText {
  readonly plan: Plan;
  readonly site: string;
  readonly text: string;
  /** The template's path in the plan. */
  readonly template: string;
  readonly pieces: readonly TracePiece[];
  readonly leaves: readonly Within<Leaf>[];
  /** Innermost first. */
  readonly blocks: readonly Within<LoopPiece | ConditionPiece>[];
  readonly loops: readonly LoopPiece[];
  readonly conditions: readonly ConditionPiece[];

  private constructor(plan: Plan, site: string, { text, template, trace }: FileTrace) {
    this.plan = plan;
    this.site = site;
    this.text = text;
    this.template = template;
    this.pieces = trace.pieces;
    this.leaves = leavesOf(trace.pieces);
    this.blocks = [...blocksOf(trace.pieces, [])].toReversed();
    const blocks = this.blocks.map(({ piece }) => piece);
    this.loops = blocks.filter((block) => block.kind === 'loop');
    this.conditions = blocks.filter((block) => block.kind === 'condition');
  }

  /** Undefined for a file that no template gives. */
  static of(plan: Plan, site: string, path: string): TracedText | undefined {
    const trace = traceFile(plan, site, path);
    return trace && new TracedText(plan, site, trace);
  }

  /** The source of the template, or of one that it includes. */
  source(file: string): string {
    return this.plan.files.get(file)?.content.toString() ?? '';
  }

  /** What a region is made of; undefined where a value goes over its edge. */
  partsOf({ start, end }: Pick<Region, 'start' | 'end'>): Part[] | undefined {
    const parts: Part[] = [];
    for (const { piece: leaf, turns } of this.leaves) {
      const { output } = leaf;
      const isEmpty = output.start === output.end;
      const touches = isEmpty
        ? output.start >= start && output.start < end
        : output.start < end && output.end > start;
      if (!touches) continue;
      const from = Math.max(output.start, start);
      const to = Math.min(output.end, end);
      const isWhole = from === output.start && to === output.end;
      if (!isWhole && leaf.kind !== 'literal') return undefined;
      parts.push({ leaf, turns, text: this.text.slice(from, to), skipped: from - output.start });
    }
    return parts;
  }

  /** The expression of a hole as it is written. */
  written({ expression, template }: Hole): string {
    return this.source(template.file).slice(expression.start, expression.end);
  }
}

type Turns = readonly Turn[] | undefined;

/** The pieces of a text that hold no others, in their order. */
export function leavesOf(pieces: readonly TracePiece[], turns: Turns = []): Within<Leaf>[] {
  return pieces.flatMap((piece): Within<Leaf>[] => {
    switch (piece.kind) {
      case 'literal':
        return [{ piece, turns }];
      case 'hole':
        return piece.body ? leavesOf(piece.body, called(turns)) : [{ piece, turns }];
      case 'loop':
        return piece.otherwise
          ? leavesOf(piece.otherwise, turns)
          : piece.iterations.flatMap((iteration) =>
              leavesOf(iteration.pieces, turned(turns, piece, iteration)),
            );
      case 'call':
        return leavesOf(piece.pieces, called(turns));
      case 'condition':
      case 'include':
        return leavesOf(piece.pieces, turns);
      case 'filtered':
    }
    return [{ piece: { kind: 'opaque', output: piece.output }, turns: undefined }];
  });
}

function* blocksOf(
  pieces: readonly TracePiece[],
  turns: Turns,
): Generator<Within<LoopPiece | ConditionPiece>> {
  for (const piece of pieces) {
    switch (piece.kind) {
      case 'loop':
        yield { piece, turns };
        for (const iteration of piece.iterations)
          yield* blocksOf(iteration.pieces, turned(turns, piece, iteration));
        yield* blocksOf(piece.otherwise ?? [], turns);
        break;
      case 'condition':
        yield { piece, turns };
        yield* blocksOf(piece.pieces, turns);
        break;
      case 'call':
        yield* blocksOf(piece.pieces, called(turns));
        break;
      case 'include':
        yield* blocksOf(piece.pieces, turns);
        break;
      case 'hole':
        yield* blocksOf(piece.body ?? [], called(turns));
        break;
      case 'literal':
      case 'filtered':
    }
  }
}

export function turned(
  turns: Turns,
  loop: LoopPiece,
  iteration: LoopPiece['iterations'][number],
): Turns {
  return turns && [...turns, { loop, iteration }];
}

/** A macro sees nothing of the loops that it is called in. */
export function called(turns: Turns): Turns {
  return turns?.length === 0 ? turns : undefined;
}

/** Whether a stretch lies in a region or touches it. */
export function touches(
  { output }: { output: { start: number; end: number } },
  { start, end }: Pick<Region, 'start' | 'end'>,
): boolean {
  return output.start <= end && output.end >= start;
}
