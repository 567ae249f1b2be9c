import { changedPaths, sameFile, type SiteTree, type TreeFile } from '../../model/tree.ts';
import { keyHunks } from './key-hunks.ts';
import { eachShared, type Hunk, lineDiff } from './line-diff.ts';
import { isYaml } from './merge-yaml.ts';
import { linesOf } from './merge.ts';

/** One commit of a site's history. */
export interface EditStep {
  commit: string;
  tree: SiteTree;
  /** The desired tree that came in with it, where it is a merge. */
  base?: SiteTree;
  author: string;
  /** Milliseconds since 1970. */
  time: number;
  /** The operator's own words; empty where nobody said any. */
  message: string;
}

/** Who made what in a file that is not as the plan has it. */
interface FileBlame {
  /** Commits that touched it since it was last as the plan has it, oldest first. */
  commits: Set<string>;
  /** By line of the file: the commit that made it; '' for the plan's. Undefined where it is no text. */
  owners: string[] | undefined;
  /** By line of the plan's file: the commit that took it away. */
  removed: Map<number, string>;
}

/** A difference that nobody can take apart further, and the commits that made it. */
export interface Region {
  path: string;
  /** Undefined: the whole file, with its mode. */
  hunk: Hunk | undefined;
  /** At least one; '' where the history does not tell. */
  commits: Set<string>;
}

/**
 * Walks the history of a site's tree, as `git blame` does, to say which commits made what is not as the plan has it:
 * by line where the plan and the site have a text, by file otherwise.
 */
export class Blame {
  #base: SiteTree;
  #tree: SiteTree;
  readonly #files = new Map<string, FileBlame>();
  readonly #merges = new Set<string>();
  /** By commit: those whose lines it changed further. */
  readonly #changed = new Map<string, Set<string>>();

  /** @param start the desired tree that the first commit was made on */
  constructor(start: SiteTree) {
    this.#base = start;
    this.#tree = start;
  }

  /** Takes the next commit into account, oldest first. */
  add({ commit, tree, base }: EditStep): void {
    if (base) {
      this.#merges.add(commit);
      this.rebase(base, tree, commit);
      return;
    }
    for (const path of changedPaths(this.#tree, tree)) this.#edit(commit, path, tree.get(path));
    this.#tree = tree;
  }

  /** Says that the plan's tree is another now, and the site's as well; what is of neither is this commit's. */
  rebase(base: SiteTree, tree: SiteTree, commit: string): void {
    const paths = changedPaths(base, tree);
    const known = new Map(this.#files);
    this.#files.clear();
    for (const path of paths) {
      const was = base.get(path);
      const now = tree.get(path);
      const before = known.get(path);
      const blame: FileBlame = {
        commits: new Set(before && before.commits.size > 0 ? before.commits : [commit]),
        owners: undefined,
        removed: new Map(),
      };
      blame.owners = this.#carried(path, now, before, commit);
      if (blame.owners) {
        const older = this.#base.get(path);
        if (older && was && before) blame.removed = removedFrom(before.removed, older, was);
        // What is but the other side of lines that somebody made is theirs already.
        const newest = [...blame.commits].at(-1)!;
        settle(blame, was, now, (known) => (known ? '' : newest));
      }
      this.#files.set(path, blame);
    }
    this.#base = base;
    this.#tree = tree;
  }

  /** What differs between the plan's tree and the site's, and who made it. */
  regions(): Region[] {
    const regions: Region[] = [];
    for (const path of changedPaths(this.#base, this.#tree)) {
      const [was, now] = [this.#base.get(path), this.#tree.get(path)];
      const blame = this.#files.get(path);
      const whole = this.#people(blame?.commits ?? []);
      const hunks = was && now && was.mode === now.mode ? partsOf(path, was, now) : undefined;
      if (!hunks) regions.push({ path, hunk: undefined, commits: whole });
      for (const hunk of hunks ?? []) {
        const commits = new Set(
          [...this.#people(blame ? madeBy(blame, hunk) : [])].filter(Boolean),
        );
        // What cannot be told is the newest's.
        if (commits.size === 0) commits.add([...whole].at(-1)!);
        regions.push({ path, hunk, commits });
      }
    }
    return regions;
  }

  /** The commits whose lines a commit changed further. */
  changedBy(commit: string): ReadonlySet<string> {
    return this.#changed.get(commit) ?? new Set();
  }

  /** Without merges, which are nobody's edits, unless there is nothing else. */
  #people(commits: Iterable<string>): Set<string> {
    const all = [...commits].filter((commit) => commit !== '');
    const edits = all.filter((commit) => !this.#merges.has(commit));
    return new Set(edits.length > 0 ? edits : all.length > 0 ? all : ['']);
  }

  #edit(commit: string, path: string, now: TreeFile | undefined): void {
    const was = this.#base.get(path);
    const before = this.#files.get(path);
    if (sameFile(was, now)) {
      this.#files.delete(path);
      return;
    }
    const blame: FileBlame = {
      commits: new Set([...(before?.commits ?? []), commit]),
      owners: this.#carried(path, now, before, commit),
      removed: new Map(before?.removed),
    };
    settle(blame, was, now, () => commit);
    this.#files.set(path, blame);
  }

  /** Who made which line of a file, from who made which before. */
  #carried(
    path: string,
    now: TreeFile | undefined,
    before: FileBlame | undefined,
    commit: string,
  ): string[] | undefined {
    const after = now && linesOf(now);
    if (!after) return undefined;
    const owners = after.map(() => commit);
    const file = this.#tree.get(path);
    const lines = file && linesOf(file);
    const hunks = lines && lineDiff(lines, after);
    if (!hunks) return owners;
    const known = before ? before.owners : lines.map(() => '');
    eachShared(hunks, after.length, (from, to) => (owners[to] = known?.[from] ?? commit));
    for (const { from, to } of hunks) {
      for (const owner of known?.slice(from, to) ?? []) this.#isChanged(owner, commit);
    }
    return owners;
  }

  #isChanged(owner: string, commit: string): void {
    if (owner === '' || owner === commit) return;
    const known = this.#changed.get(commit);
    if (known) known.add(owner);
    else this.#changed.set(commit, new Set([owner]));
  }
}

/**
 * Brings what is known of a file in line with how it differs from the plan's.
 * @param taker says who took away what nobody is known to have, and whether the lines in its place are known
 */
function settle(
  blame: FileBlame,
  was: TreeFile | undefined,
  now: TreeFile | undefined,
  taker: (known: boolean) => string,
): void {
  const { owners, removed } = blame;
  const hunks = was && now && owners ? hunksOf(was, now) : undefined;
  if (!hunks || !owners) return;
  eachShared(hunks, owners.length, (from, to) => {
    owners[to] = '';
    removed.delete(from);
  });
  for (const { from, to, start, end } of hunks) {
    const known = owners.slice(start, end).some((owner) => owner !== '');
    for (let line = from; line < to; line += 1) {
      if (!removed.has(line)) removed.set(line, taker(known));
    }
  }
}

/** By line of the plan's newer file: who took away the line of the older one that it is, or that it came in place of. */
function removedFrom(
  removed: ReadonlyMap<number, string>,
  older: TreeFile,
  newer: TreeFile,
): Map<number, string> {
  const moved = new Map<number, string>();
  const [before, after] = [linesOf(older), linesOf(newer)];
  const hunks = before && after && lineDiff(before, after);
  if (!hunks) return moved;
  eachShared(hunks, after.length, (from, to) => {
    const by = removed.get(from);
    if (by !== undefined) moved.set(to, by);
  });
  for (const { from, to, start, end } of hunks) {
    const takers = new Set<string>();
    for (let line = from; line < to; line += 1) takers.add(removed.get(line) ?? '');
    const [only, ...others] = takers;
    for (let line = start; line < end; line += 1) {
      // Lines that were changed one by one came each in place of one; of other changes only one taker can be told.
      const by =
        to - from === end - start
          ? removed.get(from + line - start)
          : others.length === 0
            ? only
            : undefined;
      if (by) moved.set(line, by);
    }
  }
  return moved;
}

function madeBy({ owners, removed }: FileBlame, { from, to, start, end }: Hunk): string[] {
  const commits = owners?.slice(start, end) ?? [];
  for (let line = from; line < to; line += 1) commits.push(removed.get(line) ?? '');
  return commits;
}

/** Differences that nobody can take apart further: by line, and in YAML by key. */
function partsOf(path: string, was: TreeFile, now: TreeFile): Hunk[] | undefined {
  const hunks = hunksOf(was, now);
  if (!hunks || !isYaml(path)) return hunks;
  const [before, after] = [linesOf(was)!, linesOf(now)!];
  return hunks.flatMap((hunk) => keyHunks(hunk, before, after));
}

function hunksOf(was: TreeFile, now: TreeFile): Hunk[] | undefined {
  const [before, after] = [linesOf(was), linesOf(now)];
  return before && after && lineDiff(before, after);
}
