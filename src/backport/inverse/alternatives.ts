import { REMOVED, type Alternative, type Assignment, type SourceEdit } from './types.ts';
import { same } from './values.ts';

/** How many alternatives are handed on at every step. */
export const MOST = 12;

/** Nothing has to change. */
export const UNCHANGED: Alternative = { assignments: [], edits: [], cost: 0 };

/** The same with a higher cost, and a doubt where it had none. */
export function costlier(
  alternatives: readonly Alternative[],
  by: number,
  doubt?: string,
): Alternative[] {
  return alternatives.map((alternative) => ({
    ...alternative,
    cost: alternative.cost + by,
    ...(doubt !== undefined && { doubt: alternative.doubt ?? doubt }),
  }));
}

/** The cheapest, each once. */
export function cheapest(alternatives: readonly Alternative[]): Alternative[] {
  const kept: Alternative[] = [];
  for (const alternative of alternatives.toSorted((a, b) => a.cost - b.cost)) {
    if (kept.length >= MOST) break;
    if (!kept.some((other) => isSame(other, alternative))) kept.push(alternative);
  }
  return kept;
}

/** Every way to take one alternative of each list, those left out that contradict themselves. */
export function combined(lists: readonly (readonly Alternative[])[]): Alternative[] {
  let result: Alternative[] = [UNCHANGED];
  for (const list of lists) {
    if (list.length === 1 && list[0] === UNCHANGED) continue;
    result = cheapest(
      result.flatMap((left) =>
        list.flatMap((right) => {
          const both = together(left, right);
          return both ? [both] : [];
        }),
      ),
    );
  }
  return result;
}

function together(a: Alternative, b: Alternative): Alternative | undefined {
  const assignments = [...a.assignments];
  for (const assignment of b.assignments) {
    const known = assignments.find((other) => overlaps(other, assignment));
    if (!known) assignments.push(assignment);
    else if (!sameAssignment(known, assignment)) return undefined;
  }
  const edits = [...a.edits];
  for (const edit of b.edits) {
    const known = edits.find((other) => editsOverlap(other, edit));
    if (!known) edits.push(edit);
    else if (known.text !== edit.text || known.start !== edit.start || known.end !== edit.end) {
      return undefined;
    }
  }
  const doubt = a.doubt ?? b.doubt;
  return { assignments, edits, cost: a.cost + b.cost, ...(doubt !== undefined && { doubt }) };
}

function overlaps(a: Assignment, b: Assignment): boolean {
  const size = Math.min(a.path.length, b.path.length);
  return a.local === b.local && a.path.slice(0, size).every((key, i) => key === b.path[i]);
}

function sameAssignment(a: Assignment, b: Assignment): boolean {
  if (a.path.length !== b.path.length || !overlaps(a, b)) return false;
  if (a.value === REMOVED || b.value === REMOVED) return a.value === b.value;
  return same(a.value, b.value, true);
}

function editsOverlap(a: SourceEdit, b: SourceEdit): boolean {
  return a.file === b.file && a.start < b.end && b.start < a.end;
}

function isSame(a: Alternative, b: Alternative): boolean {
  return (
    a.assignments.length === b.assignments.length &&
    a.edits.length === b.edits.length &&
    a.assignments.every((one) => b.assignments.some((other) => sameAssignment(one, other))) &&
    a.edits.every((one) =>
      b.edits.some((other) => editsOverlap(one, other) && one.text === other.text),
    )
  );
}
