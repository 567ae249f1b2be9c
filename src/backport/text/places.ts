import type { TemplateRange, TracePiece } from '../../render/template/trace.ts';
import type { Region } from './regions.ts';
import type { Leaf, TracedText } from './traced-text.ts';

/** Where in a template what stands at an offset of the text begins: every place that would do for new text. */
export function placesOf(traced: TracedText, offset: number): { file: string; at: number }[] {
  const places = new Map<string, { file: string; at: number }>();
  const add = (file: string, at: number): void => {
    places.set(JSON.stringify([file, at]), { file, at });
  };
  for (const leaf of traced.leaves) {
    if (leaf.kind === 'opaque') continue;
    const { output, template } = leaf;
    if (leaf.kind === 'literal') {
      if (output.start <= offset && offset <= output.end && isPlain(leaf))
        add(template.file, template.start + offset - output.start);
    } else {
      if (output.start === offset) add(template.file, template.start);
      if (output.end === offset) add(template.file, template.end);
    }
  }
  for (const { output, template } of [...traced.loops, ...traced.conditions]) {
    const source = traced.source(template.file);
    if (output.start === offset) add(template.file, template.start);
    if (output.end === offset) add(template.file, afterNewline(source, template.end));
  }
  const source = traced.source(traced.template);
  if (offset === 0) add(traced.template, 0);
  if (offset === traced.text.length) add(traced.template, source.length);
  return [...places.values()];
}

/** Whether a fixed text stands in the template letter for letter. */
export function isPlain({ output, template }: Leaf & { kind: 'literal' }): boolean {
  return output.end - output.start === template.end - template.start;
}

/** The stretch of a template that gave a region; undefined where no single stretch did. */
export function sourceOf(
  traced: TracedText,
  { start, end }: Pick<Region, 'start' | 'end'>,
): TemplateRange | undefined {
  return within(traced, traced.pieces, start, end);
}

function within(
  traced: TracedText,
  pieces: readonly TracePiece[],
  start: number,
  end: number,
): TemplateRange | undefined {
  const inside = pieces.filter(({ output }) =>
    output.start === output.end
      ? output.start > start && output.start < end
      : output.start < end && output.end > start,
  );
  const [first] = inside;
  if (!first) return undefined;
  const goesOver = first.output.start < start || first.output.end > end;
  if (inside.length === 1 && goesOver) {
    const inner = innerPieces(first);
    if (inner) return within(traced, inner, start, end);
  }
  let range: TemplateRange | undefined;
  for (const piece of inside) {
    const own = stretchOf(traced, piece, start, end);
    if (!own || (range && range.file !== own.file)) return undefined;
    range = range
      ? {
          file: own.file,
          start: Math.min(range.start, own.start),
          end: Math.max(range.end, own.end),
        }
      : own;
  }
  return range;
}

function innerPieces(piece: TracePiece): readonly TracePiece[] | undefined {
  switch (piece.kind) {
    case 'condition':
    case 'include':
    case 'call':
      return piece.pieces;
    case 'hole':
      return piece.body;
    case 'loop':
      return piece.iterations.length === 1 ? piece.iterations[0]!.pieces : piece.otherwise;
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
