import type { LoopPiece } from '../../render/template/trace.ts';
import type { Datum } from '../../render/template/values.ts';
import { solveValue } from '../inverse/solve-expression.ts';
import type { Candidate } from './candidate.ts';
import { type Change, elementOf, freshElement } from './elements.ts';
import { type Iterated, readIterations } from './iterations.ts';
import type { Region } from './regions.ts';
import { touches, type TracedText } from './traced-text.ts';
import { candidateOf } from './values.ts';

const MAX_WAYS = 4;

/** Reads all that a loop rendered anew: elements that came, went, moved or are others now. */
export function loopCandidates(
  traced: TracedText,
  region: Region,
  regions: readonly Region[],
  observed: string,
  reasons: Set<string>,
): Candidate[] {
  return traced.loops
    .filter((loop) => touches(loop, region))
    .flatMap((loop) => {
      const candidates: Candidate[] = [];
      for (const start of offsetsIn(traced.text, regions, loop.output.start)) {
        for (const end of offsetsIn(traced.text, regions, loop.output.end)) {
          if (end < start) continue;
          const text = observed.slice(start, end);
          if (text === traced.text.slice(loop.output.start, loop.output.end)) continue;
          candidates.push(...rereadLoop(traced, loop, text, reasons));
        }
      }
      return candidates;
    });
}

function rereadLoop(
  traced: TracedText,
  loop: LoopPiece,
  text: string,
  reasons: Set<string>,
): Candidate[] {
  const read = readIterations(traced.text, loop, text);
  if (!read) {
    reasons.add(`what ${written(traced, loop)} renders cannot be read as elements any more`);
    return [];
  }
  const elements: { value: Datum; index: number | undefined }[] = [];
  const changes: Change = { assignments: [], edits: [], cost: 0, notes: [] };
  for (const one of aligned(traced.text, loop, read)) {
    const { known, iterated } = one;
    if (known && isSame(traced.text, known, iterated)) {
      elements.push({ value: known.element, index: known.index });
      continue;
    }
    const element = known
      ? elementOf(loop, known, iterated, reasons)
      : freshElement(loop, iterated, reasons);
    if (!element) return [];
    changes.assignments.push(...element.change.assignments);
    changes.edits.push(...element.change.edits);
    changes.notes.push(...element.change.notes);
    changes.cost += 1 + element.change.cost;
    elements.push({ value: element.value, index: known?.index });
  }
  const gone = loop.iterations.length - elements.filter(({ index }) => index !== undefined).length;
  const wanted = withHidden(loop, elements);
  const ways = solveValue(loop.node.iterable, loop.environment, wanted, { reasons });
  return ways.slice(0, MAX_WAYS).flatMap((way) => {
    const candidate = candidateOf(
      traced,
      {
        ...way,
        assignments: [...way.assignments, ...changes.assignments],
        edits: [...way.edits, ...changes.edits],
      },
      reasons,
    );
    if (!candidate) return [];
    const note = candidate.note ?? changes.notes[0];
    const cost = candidate.cost + changes.cost + gone + 1;
    return [{ ...candidate, cost, ...(note ? { note } : {}) }];
  });
}

function written(traced: TracedText, { node, template }: LoopPiece): string {
  const { start, end } = node.iterable;
  return `the loop over ${traced.source(template.file).slice(start, end)}`;
}

type Iteration = LoopPiece['iterations'][number];

function isSame(text: string, { output }: Iteration, { text: now }: Iterated): boolean {
  return text.slice(output.start, output.end) === now;
}

/**
 * Which iteration became which: those that render the same text are the same; between them, as many as there were
 * for as many are edited ones, and the rest came or went.
 */
function aligned(
  text: string,
  loop: LoopPiece,
  read: readonly Iterated[],
): { known: Iteration | undefined; iterated: Iterated }[] {
  const before = loop.iterations;
  const [rows, columns] = [before.length, read.length];
  const same = (i: number, j: number): boolean => isSame(text, before[i]!, read[j]!);
  const best = Array.from({ length: rows + 1 }, () => new Uint32Array(columns + 1));
  for (let i = rows - 1; i >= 0; i -= 1) {
    for (let j = columns - 1; j >= 0; j -= 1) {
      best[i]![j] = same(i, j)
        ? best[i + 1]![j + 1]! + 1
        : Math.max(best[i + 1]![j]!, best[i]![j + 1]!);
    }
  }
  const result: { known: Iteration | undefined; iterated: Iterated }[] = [];
  let [gone, came]: [number[], number[]] = [[], []];
  const flush = (): void => {
    // Of elements that moved each is found elsewhere; only what has no place of its own was edited.
    const edited = gone.length === came.length ? gone : [];
    for (const [place, j] of came.entries()) {
      const i = edited[place];
      const moved = before.find((_, other) => same(other, j));
      const known = moved ?? (i === undefined ? undefined : before[i]);
      result.push({ known, iterated: read[j]! });
    }
    [gone, came] = [[], []];
  };
  let [i, j] = [0, 0];
  while (i < rows || j < columns) {
    if (i < rows && j < columns && same(i, j)) {
      flush();
      result.push({ known: before[i]!, iterated: read[j]! });
      [i, j] = [i + 1, j + 1];
    } else if (j >= columns || (i < rows && best[i + 1]![j]! >= best[i]![j + 1]!)) {
      gone.push(i);
      i += 1;
    } else {
      came.push(j);
      j += 1;
    }
  }
  flush();
  return result;
}

/** The elements with those that the loop's own `if` leaves out, each behind what stood before it. */
function withHidden(
  loop: LoopPiece,
  elements: readonly { value: Datum; index: number | undefined }[],
): Datum[] {
  if (!loop.node.filter) return elements.map(({ value }) => value);
  const shown = new Set(loop.iterations.map(({ index }) => index));
  let hidden = [...loop.elements.keys()].filter((index) => !shown.has(index));
  const all: Datum[] = [];
  for (const { value, index } of elements) {
    const before = hidden.filter((other) => index !== undefined && other < index);
    hidden = hidden.slice(before.length);
    all.push(...before.map((other) => loop.elements[other]!), value);
  }
  return [...all, ...hidden.map((index) => loop.elements[index]!)];
}

/** Where an offset of the rendered text may be in the edited one. */
export function offsetsIn(text: string, regions: readonly Region[], offset: number): number[] {
  const offsets = new Set<number>();
  let shift = 0;
  for (const region of regions) {
    const { start, end, at, text: now } = region;
    if (offset < start) break;
    shift = at + now.length - end;
    if (offset > end) continue;
    const was = text.slice(start, end);
    if (offset === start) offsets.add(at);
    if (offset === end) offsets.add(at + now.length);
    const [before, behind] = [offset - start, end - offset];
    if (was.slice(0, before) === now.slice(0, before)) offsets.add(at + before);
    if (behind > 0 && was.slice(-behind) === now.slice(-behind))
      offsets.add(at + now.length - behind);
    if (offset < end) return [...offsets];
  }
  if (offsets.size === 0) offsets.add(offset + shift);
  return [...offsets];
}
