import type { StoredBackport } from '../store/rows.ts';

/** A plan edit as the store keeps it: what it does to files, without their contents. */
export type StoredProposal = StoredBackport['proposals'][number];

/** One of the ways to decide how the plan learns an edit. */
export interface Option {
  /** Says which one it is, also after it was worked out again: what it is and which files it changes. */
  name: string;
  /** What is made together. */
  proposals: StoredProposal[];
}

/** How many of the proposals are made together; the others are alternatives to them. */
function adoptedCount({ proposals, adopted }: StoredBackport): number {
  return adopted ?? Math.min(1, proposals.length);
}

/** What is made of a result, unless somebody chooses otherwise. */
export function adopted(result: StoredBackport): StoredProposal[] {
  return result.proposals.slice(0, adoptedCount(result));
}

/** Every way that there is, the one that is made first. People count them from 1. */
export function options(result: StoredBackport): Option[] {
  const made = adopted(result);
  const rest = result.proposals.slice(made.length).map((proposal) => [proposal]);
  const seen = new Map<string, number>();
  return [made, ...rest]
    .filter((proposals) => proposals.length > 0)
    .map((proposals) => {
      const name = choiceOf(proposals);
      const times = (seen.get(name) ?? 0) + 1;
      seen.set(name, times);
      return { name: times === 1 ? name : `${name} (${times})`, proposals };
    });
}

/** What a choice is known by: the kind of edit, and the plan files that it changes, those of single sites as one. */
export function choiceOf(proposals: readonly Pick<StoredProposal, 'kind' | 'edits'>[]): string {
  const places = proposals.flatMap(({ edits }) =>
    edits.map(({ file }) => /^(?:sites|overlays)(?=\/)/.exec(file)?.[0] ?? file),
  );
  return [proposals[0]?.kind ?? '', ...[...new Set(places)].toSorted()].join(' ');
}
