import {
  changedPaths,
  type FileMode,
  type SiteTree,
  type TreeFile,
  withPaths,
} from '../../model/tree.ts';
import { Blame, type EditStep, type Region } from './blame.ts';
import { withHunks } from './line-diff.ts';
import { linesOf } from './merge.ts';

export type { EditStep } from './blame.ts';

/** One distinct edit that stands at a site, whatever else was edited there. */
export interface Edit {
  /** Paths that it changes, sorted. */
  paths: string[];
  /** The desired tree with this edit in it, and no other. */
  tree: SiteTree;
  /** Commits that made what stands of it, oldest first; none where the history does not tell. */
  commits: string[];
  /** Earlier commits whose lines those changed further, so that what they were for themselves is gone. */
  replaces: string[];
  /** Whoever made those commits, the last one first. */
  authors: string[];
  /** When the last of them was made (ms since 1970). */
  time: number;
  /** What they say, each in the operator's own words; empty where nobody said any. */
  message: string;
}

export interface EditHistory {
  /** The desired tree that the first of the commits was made on. */
  start: SiteTree;
  /** The commits since, oldest first. */
  steps: readonly EditStep[];
  /** The desired tree now, and what stands at the site. */
  base: SiteTree;
  observed: SiteTree;
}

/**
 * Takes apart what was edited at a site. Each line, or whole file where lines tell nothing, that differs from the plan
 * belongs to the commits that made it as it is; what one commit made stays together, and so do commits that changed
 * the same lines, or lines that touch and are not those of other keys of a YAML mapping. What was undone, or what the plan says by itself now, is in none of the edits.
 * Merged in any order they give the observed tree, and each can be taken back alone (three-way merge, by line and by key).
 * @returns the edits, that with the oldest commit first
 */
export function splitEdits({ start, steps, base, observed }: EditHistory): Edit[] {
  const blame = new Blame(start);
  for (const step of steps) blame.add(step);
  // The history may tell less than all.
  blame.rebase(base, observed, steps.at(-1)?.commit ?? '');
  const regions = blame.regions();
  const groups = new Groups(steps.map(({ commit }) => commit));
  for (const { commits } of regions) groups.join(commits);
  const standing = new Set(regions.flatMap(({ commits }) => [...commits]));
  for (const commit of standing) {
    const changed = [...blame.changedBy(commit)].filter((one) => standing.has(one));
    groups.join([commit, ...changed]);
  }
  return groupRegions(regions, groups).map((own) => toEdit(own, steps, blame, base, observed));
}

/** Commits that belong together. */
class Groups {
  readonly #leader: Map<string, string>;
  readonly #order: Map<string, number>;

  /** @param commits oldest first */
  constructor(commits: readonly string[]) {
    this.#leader = new Map(commits.map((commit) => [commit, commit]));
    this.#order = new Map(commits.map((commit, index) => [commit, index]));
  }

  join(commits: Iterable<string>): void {
    const leaders = [...commits].map((commit) => this.of(commit));
    const oldest = leaders.toSorted((a, b) => this.at(a) - this.at(b))[0];
    for (const leader of leaders) this.#leader.set(leader, oldest!);
  }

  /** The oldest commit of those that belong together with this one. */
  of(commit: string): string {
    const leader = this.#leader.get(commit) ?? commit;
    return leader === commit ? commit : this.of(leader);
  }

  /** Where a commit stands in the history; what nobody made stands before all. */
  at(commit: string): number {
    return this.#order.get(commit) ?? -1;
  }
}

/** Each group's regions, that with the oldest commit first. */
function groupRegions(regions: readonly Region[], groups: Groups): Region[][] {
  const found = Map.groupBy(regions, ({ commits }) => groups.of([...commits][0]!));
  return [...found].toSorted(([a], [b]) => groups.at(a) - groups.at(b)).map(([, own]) => own);
}

/** The plan's tree with some of the regions as they are at the site. */
function treeWith(regions: readonly Region[], base: SiteTree, observed: SiteTree): SiteTree {
  const byPath = Map.groupBy(regions, ({ path }) => path);
  const whole = [...byPath].filter(([, own]) => own.some(({ hunk }) => hunk === undefined));
  const tree = new Map<string, TreeFile>(
    withPaths(
      base,
      observed,
      whole.map(([path]) => path),
    ),
  );
  for (const [path, own] of byPath) {
    const hunks = own.map(({ hunk }) => hunk).filter((hunk) => hunk !== undefined);
    if (hunks.length < own.length) continue;
    const [was, now] = [base.get(path)!, observed.get(path)!];
    const lines = withHunks(linesOf(was)!, linesOf(now)!, hunks);
    const mode: FileMode = was.mode;
    tree.set(path, { mode, content: Buffer.from(lines.join('')) });
  }
  return tree;
}

function toEdit(
  regions: readonly Region[],
  steps: readonly EditStep[],
  blame: Blame,
  base: SiteTree,
  observed: SiteTree,
): Edit {
  const made = new Set(regions.flatMap(({ commits }) => [...commits]));
  const own = steps.filter(({ commit }) => made.has(commit));
  const commits = own.map(({ commit }) => commit);
  const replaced = new Set(commits.flatMap((commit) => [...blame.changedBy(commit)]));
  const tree = treeWith(regions, base, observed);
  return {
    paths: changedPaths(base, tree),
    tree,
    commits,
    replaces: [...replaced.difference(made)],
    authors: [...new Set(own.map(({ author }) => author).toReversed())],
    time: Math.max(0, ...own.map(({ time }) => time)),
    message: [...new Set(own.map(({ message }) => message).filter((text) => text !== ''))].join(
      '\n\n',
    ),
  };
}
