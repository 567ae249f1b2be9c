import { Tagged } from '../../plan/yaml/node.ts';
import type { Hole } from '../../render/template/trace.ts';
import { changesFor, NoChange } from '../assignments.ts';
import { type Alternative, solveText } from '../inverse/solve-expression.ts';
import type { Candidate } from './candidate.ts';
import { readingsOf, type Stretch, unlikeness } from './readings.ts';
import type { Region } from './regions.ts';
import type { Part, TracedText } from './traced-text.ts';

/** Readings of a line that are followed up, ways to give one value, and ways to give several at once. */
const MAX_READINGS = 6;
const MAX_ALTERNATIVES = 6;
const MAX_TOGETHER = 12;

/** A value of a text, and the text it is to be. */
export interface Wanted {
  hole: Hole;
  text: string;
}

/** Reads a region as fixed text that stayed, between values that are others now. */
export function valueCandidates(
  traced: TracedText,
  { text, line }: Region,
  parts: readonly Part[],
  reasons: Set<string>,
): Candidate[] {
  if (text.includes('\r')) {
    reasons.add(`line ${line} ends with a carriage return`);
    return [];
  }
  const { stretches, holes } = joined(parts);
  return readingsOf(stretches, text)
    .slice(0, MAX_READINGS)
    .flatMap((reading) => {
      const wanted = [...holes]
        .map(([index, hole]) => ({ hole, text: reading[index]! }))
        .filter(({ hole, text: now }) => now !== textOf(traced, hole));
      return wanted.length === 0 ? [] : candidatesFor(traced, wanted, reasons);
    });
}

/** Candidates that give values the texts wanted. */
export function candidatesFor(
  traced: TracedText,
  wanted: readonly Wanted[],
  reasons: Set<string>,
): Candidate[] {
  const strange = wanted.reduce(
    (sum, { hole, text }) => sum + 1 + unlikeness(textOf(traced, hole), text),
    0,
  );
  const ways = wanted.map(({ hole, text }) => waysTo(hole, text, reasons));
  return together(ways).flatMap((way) => {
    const candidate = candidateOf(traced, way, reasons);
    return candidate ? [{ ...candidate, cost: candidate.cost + strange }] : [];
  });
}

/** Ways to give a value a text. What Ansible would take for a template is kept from it by `!unsafe`. */
function waysTo(hole: Hole, text: string, reasons: Set<string>): Alternative[] {
  const { path, value } = hole;
  if (!/\{[{%#]/.test(text) || typeof value !== 'string' || !path)
    return solveText(hole.expression, hole.environment, text, { reasons }).slice(
      0,
      MAX_ALTERNATIVES,
    );
  const unsafe = new Tagged('!unsafe', text);
  return [{ assignments: [{ path, local: false, value: unsafe }], edits: [], cost: 1 }];
}

/** A candidate that makes what an alternative asks for; undefined, with the reason, where that cannot be. */
export function candidateOf(
  { plan, site }: TracedText,
  { assignments, edits, cost, doubt }: Alternative,
  reasons: Set<string>,
): Candidate | undefined {
  try {
    const changes = changesFor(plan, site, assignments);
    if (changes.length === 0 && edits.length === 0) return undefined;
    const kind = edits.length > 0 ? 'shared' : 'values';
    return { kind, changes, edits, cost, ...(doubt ? { note: doubt } : {}) };
  } catch (error) {
    if (!(error instanceof NoChange)) throw error;
    reasons.add(error.message);
    return undefined;
  }
}

/** One way for each of several things, all at once; the cheapest first. */
export function together(ways: readonly (readonly Alternative[])[]): Alternative[] {
  let all: Alternative[] = [{ assignments: [], edits: [], cost: 0 }];
  for (const some of ways) {
    all = all
      .flatMap((one) =>
        some.map((other): Alternative => {
          const doubt = one.doubt ?? other.doubt;
          return {
            assignments: [...one.assignments, ...other.assignments],
            edits: [...one.edits, ...other.edits],
            cost: one.cost + other.cost,
            ...(doubt ? { doubt } : {}),
          };
        }),
      )
      .toSorted((a, b) => a.cost - b.cost)
      .slice(0, MAX_TOGETHER);
  }
  return all;
}

export function textOf({ text }: TracedText, { output }: Hole): string {
  return text.slice(output.start, output.end);
}

/** The stretches of a region, neighbouring fixed ones as one; and which of them are values. */
function joined(parts: readonly Part[]): { stretches: Stretch[]; holes: Map<number, Hole> } {
  const stretches: Stretch[] = [];
  const holes = new Map<number, Hole>();
  for (const { leaf, text } of parts) {
    const last = stretches.at(-1);
    if (leaf.kind === 'hole') {
      holes.set(stretches.length, leaf);
      stretches.push({ text, free: true });
    } else if (last && !last.free) last.text += text;
    else stretches.push({ text, free: false });
  }
  return { stretches, holes };
}
