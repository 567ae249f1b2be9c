import type { SourceChange } from '../changes.ts';
import type { SourceEdit } from '../inverse/solve-expression.ts';

/**
 * What a candidate changes: `values` the plan's data only; `own` the template too, so that this site alone gets
 * another text, by a parameter of its own; `shared` the template's text, for every site that renders it.
 */
export type CandidateKind = 'values' | 'own' | 'shared';

/** Changes of the plan that may explain an edited stretch of text. Only rendering decides whether they do. */
export interface Candidate {
  kind: CandidateKind;
  changes: SourceChange[];
  /** Disjoint stretches of template files. */
  edits: SourceEdit[];
  /** How far it is from the likeliest reading. */
  cost: number;
  /** Says in a few words what happens to the template, where something does. */
  says?: string;
  note?: string;
}

/** Candidates that differ, the likeliest first. */
export function ranked(candidates: readonly Candidate[]): Candidate[] {
  const known = new Set<string>();
  return candidates
    .toSorted((a, b) => a.cost - b.cost)
    .filter((candidate) => {
      const key = keyOf(candidate);
      return !known.has(key) && known.add(key);
    });
}

function keyOf({ changes, edits }: Candidate): string {
  const told = changes.map(({ source, base, change }) => [
    source,
    base,
    change.kind,
    change.path,
    'after' in change ? tokens(change.after) : '',
  ]);
  return JSON.stringify([told, edits]);
}

function tokens(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) => {
    if (key === 'source' || key === 'keySource' || key === 'parts') return undefined;
    if (value instanceof Map) return [...value];
    return typeof value === 'bigint' ? String(value) : value;
  });
}
