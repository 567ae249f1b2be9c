import type { TemplateRange, TracePiece } from '../../render/template/trace.ts';
import type { Turn } from './element-keys.ts';
import type { Region } from './regions.ts';
import { called, type Leaf, turned, type TracedText } from './traced-text.ts';

/** A place of a template, and the turns of loops in which it was rendered. */
export interface Place {
  file: string;
  at: number;
  turns: readonly Turn[] | undefined;
}

/** Where in a template what stands at an offset of the text begins: every place that would do for new text. */
export function placesOf(traced: TracedText, offset: number): Place[] {
  const places = new Map<string, Place>();
  const add = (file: string, at: number, turns: Place['turns']): void => {
    places.set(JSON.stringify([file, at]), { file, at, turns });
  };
  for (const { piece: leaf, turns } of traced.leaves) {
    if (leaf.kind === 'opaque') continue;
    const { output, template } = leaf;
    if (leaf.kind === 'literal') {
      if (output.start <= offset && offset <= output.end && isPlain(leaf))
        add(template.file, template.start + offset - output.start, turns);
    } else {
      if (output.start === offset) add(template.file, template.start, turns);
      if (output.end === offset) add(template.file, template.end, turns);
    }
  }
  for (const { piece, turns } of traced.blocks) {
    const { output, template } = piece;
    const source = traced.source(template.file);
    if (output.start === offset) add(template.file, template.start, turns);
    if (output.end === offset) add(template.file, afterNewline(source, template.end), turns);
  }
  const source = traced.source(traced.template);
  if (offset === 0) add(traced.template, 0, []);
  if (offset === traced.text.length) add(traced.template, source.length, []);
  return [...places.values()];
}

/** Whether a fixed text stands in the template letter for letter. */
export function isPlain({ output, template }: Leaf & { kind: 'literal' }): boolean {
  return output.end - output.start === template.end - template.start;
}

/** A stretch of a template, and the turns of loops in which it was rendered. */
export interface SourceRange extends TemplateRange {
  turns: readonly Turn[] | undefined;
}

/** The stretch of a template that gave a region; undefined where no single stretch did. */
export function sourceOf(
  traced: TracedText,
  { start, end }: Pick<Region, 'start' | 'end'>,
): SourceRange | undefined {
  return within(traced, { pieces: traced.pieces, turns: [] }, start, end);
}

/** Pieces that lie side by side. */
interface Level {
  pieces: readonly TracePiece[];
  turns: readonly Turn[] | undefined;
}

function within(
  traced: TracedText,
  { pieces, turns }: Level,
  start: number,
  end: number,
): SourceRange | undefined {
  const inside = pieces.filter(({ output }) =>
    output.start === output.end
      ? output.start > start && output.start < end
      : output.start < end && output.end > start,
  );
  const [first] = inside;
  if (!first) return undefined;
  const goesOver = first.output.start < start || first.output.end > end;
  // Of a condition the arm that was taken is what was edited, not the others.
  if (inside.length === 1 && (goesOver || first.kind === 'condition')) {
    const inner = innerLevel(first, turns, start, end);
    if (inner) return within(traced, inner, start, end);
  }
  let range: SourceRange | undefined;
  for (const piece of inside) {
    const own = stretchOf(traced, piece, start, end);
    if (!own || (range && range.file !== own.file)) return undefined;
    range = range
      ? {
          file: own.file,
          start: Math.min(range.start, own.start),
          end: Math.max(range.end, own.end),
          turns,
        }
      : { ...own, turns };
  }
  return range;
}

function innerLevel(
  piece: TracePiece,
  turns: Level['turns'],
  start: number,
  end: number,
): Level | undefined {
  switch (piece.kind) {
    case 'condition':
    case 'include':
      return { pieces: piece.pieces, turns };
    case 'call':
      return { pieces: piece.pieces, turns: called(turns) };
    case 'hole':
      return piece.body && { pieces: piece.body, turns: called(turns) };
    case 'loop': {
      if (piece.otherwise) return { pieces: piece.otherwise, turns };
      const iteration = piece.iterations.find(
        ({ output }) => output.start <= start && output.end >= end,
      );
      return iteration && { pieces: iteration.pieces, turns: turned(turns, piece, iteration) };
    }
    case 'literal':
    case 'filtered':
  }
  return undefined;
}

function stretchOf(
  traced: TracedText,
  piece: TracePiece,
  start: number,
  end: number,
): TemplateRange | undefined {
  const { output, template } = piece;
  if (piece.kind === 'literal') {
    if (!isPlain(piece)) return undefined;
    return {
      file: template.file,
      start: template.start + Math.max(0, start - output.start),
      end: template.end - Math.max(0, output.end - end),
    };
  }
  if (output.start < start || output.end > end) return undefined;
  if (piece.kind === 'hole') return { ...template };
  const source = traced.source(template.file);
  return {
    file: template.file,
    start: template.start,
    end: afterNewline(source, template.end),
  };
}

function afterNewline(source: string, at: number): number {
  return source[at] === '\n' ? at + 1 : at;
}

/** Whether a place of a template is where a line of it starts. */
export function startsLine(source: string, at: number): boolean {
  return at === 0 || source[at - 1] === '\n';
}
