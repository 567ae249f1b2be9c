import { join } from 'node:path';

import type { SiteStore } from '../../git/site-store.ts';
import { UserError } from '../../model/errors.ts';
import {
  changedPaths,
  pathFault,
  sameFile,
  type SiteTree,
  treeDigest,
  type TreeFile,
  withPaths,
} from '../../model/tree.ts';
import type { DriftRow, SiteRow } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { keepConflicts } from './conflicts.ts';
import { editMessage } from './edit-words.ts';
import { mergeTrees, rebaseTree } from './merge.ts';
import { EditedMeanwhile, type Scan, WorkingCopy } from './working-copy.ts';

/** How often an editor at work may get in the way of one write before we come back later. */
const ATTEMPTS = 5;
/** How a hold begins that goes when plan and site go together again. */
const CONFLICT = 'the plan and the site changed the same lines of';
const EMPTY: SiteTree = new Map();
const TRUEUP = { name: 'trueup', email: 'trueup@localhost' };

export interface WorkingCopiesOptions {
  /** Folder that holds one folder a site. */
  directory: string;
  store: Store;
  trees: SiteStore;
  log: Logger;
  now: () => number;
  /** Name of the user that owns an edited file. */
  userName: (uid: number) => string;
}

/** What an operator tells of an edit. */
export interface EditWords {
  /** Why it was made. */
  words?: string;
  /** Who made it. */
  author?: string;
}

/** What a working copy is brought to. */
interface Target {
  tree: SiteTree;
  /** The desired commit that the tree has everything of. */
  to: string;
  /** What stands there. */
  observed: SiteTree;
  /** Drifts whose decisions are carried out with it. */
  owed: readonly DriftRow[];
}

/** A file as somebody found it, and as it is to be; undefined: there is none. */
export interface FileEdit {
  path: string;
  before: TreeFile | undefined;
  after: TreeFile | undefined;
}

/**
 * The working copies of all sites that are kept here: records what operators edit as commits, and brings new
 * desired trees in without losing an edit. One thing at a time happens to a site's copy.
 */
export class WorkingCopies {
  readonly #options: WorkingCopiesOptions;
  readonly #copies = new Map<string, WorkingCopy>();
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(options: WorkingCopiesOptions) {
    this.#options = options;
  }

  /** Where an operator finds the site's tree. */
  directoryOf(site: string): string {
    return this.#copy(site).directory;
  }

  forget(site: string): void {
    this.#copies.delete(site);
  }

  /**
   * Looks at a site's folder and records what was edited there as a commit on the site's observed history.
   * @param said who edited it and why, where an operator told; otherwise the owner of the newest file did, wordlessly
   * @returns whether there was anything new
   */
  async observe(site: string, said: EditWords = {}): Promise<boolean> {
    return this.#alone(site, async () => {
      const row = await this.#whole(site);
      if (!row?.baseCommit || row.removedAt !== null) return false;
      return (await this.#record(row, row.baseCommit, said)).recorded;
    });
  }

  /**
   * Makes an edit in a site's folder and records it, as one: whoever else edits there gets a commit of his own.
   * @throws UserError if the files are no longer as they were found, or can be no part of a tree; nothing has changed then
   */
  async edit(site: string, edits: readonly FileEdit[], said: EditWords): Promise<void> {
    const fault = edits.map(({ path }) => pathFault(path)).find((one) => one !== undefined);
    if (fault !== undefined) throw new UserError(`a file of the edit cannot be: its name ${fault}`);
    return this.#alone(site, async () => {
      const before = await this.#whole(site);
      if (!before?.baseCommit || before.removedAt !== null)
        throw new UserError(`nothing was brought to ${site} yet`);
      const { row, tree } = await this.#record(before);
      const met = edits.filter((one) => !sameFile(tree.get(one.path), one.before));
      if (met.length > 0) {
        const paths = met.map(({ path }) => path).join(', ');
        throw new UserError(
          `${paths}: changed at the site meanwhile. Nothing was done: edit again`,
        );
      }
      const edited = new Map(tree);
      for (const { path, after } of edits) {
        if (after) edited.set(path, after);
        else edited.delete(path);
      }
      await this.#copy(site).write(tree, edited);
      await this.#record(row, row.baseCommit, { time: this.#options.now(), ...said });
    });
  }

  /**
   * Brings the working copy to the desired tree. Edits that wait for a decision live on (three-way merge); an edit
   * that was decided makes way for what the plan says, and whatever else was edited, before or since, stays. A
   * conflict holds the site and is told in its row.
   * @returns the site's row as it is now
   */
  async bringIn(site: string): Promise<SiteRow | undefined> {
    return this.#alone(site, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#bringIn(site);
        } catch (error) {
          if (!(error instanceof EditedMeanwhile) || attempt === ATTEMPTS) throw error;
        }
      }
    });
  }

  /**
   * Solves a conflict that holds a site, as somebody there decided: with the file as the plan has it now, or with the
   * site's lines where the two do not go together; that stays an edit, to be decided at the centre. The site goes on
   * once all its conflicts are solved.
   * @returns the paths that are not solved yet
   * @throws UserError if plan and site do not disagree about that file
   */
  async resolve(site: string, path: string, choice: 'plan' | 'site'): Promise<string[]> {
    const { store, trees } = this.#options;
    return this.#alone(site, async () => {
      const before = await this.#whole(site);
      if (!before?.desiredCommit || !before.baseCommit)
        throw new UserError(`there is nothing to be solved at ${site}`);
      const { row, tree: observed } = await this.#record(before);
      const to = before.desiredCommit;
      const [base, desired] = await trees.readTrees([before.baseCommit, to]);
      const { conflicts } = mergeTrees(base!, observed, desired!);
      if (!conflicts.includes(path)) {
        const all = conflicts.length === 0 ? 'nothing' : conflicts.join(', ');
        throw new UserError(`plan and site do not disagree about ${path}, but about ${all}`);
      }
      const key = `solved ${site} ${to}`;
      const solved = new Map([...(await this.#solved(key)), [path, choice]]);
      const left = conflicts.filter((one) => !solved.has(one));
      await store.memory.put(key, left.length > 0 ? [...solved] : undefined);
      if (left.length > 0) return left;
      const merged = mergeTrees(base!, observed, desired!, 'ours').tree;
      const ofPlan = conflicts.filter((one) => solved.get(one) === 'plan');
      const tree = withPaths(merged, desired!, ofPlan);
      await this.#bringTo(row, { tree, to, observed, owed: [] });
      return [];
    });
  }

  async #solved(key: string): Promise<[string, 'plan' | 'site'][]> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return ((await this.#options.store.memory.get(key)) ?? []) as [string, 'plan' | 'site'][];
  }

  async #bringIn(site: string): Promise<SiteRow | undefined> {
    const { store, trees, log } = this.#options;
    let row = await this.#whole(site);
    if (!row?.desiredCommit || row.removedAt !== null) return row;
    const { desiredCommit } = row;
    const desired = await trees.readTree(desiredCommit);
    const base = row.baseCommit ? await trees.readTree(row.baseCommit) : EMPTY;
    // The very first tree may meet files that were there before us: they are recorded like any edit.
    const { row: seen, tree: observed } = await this.#record(row, row.desiredCommit);
    row = seen;
    const owed = await store.drifts.owed(site);
    if (row.baseCommit === row.desiredCommit && owed.length === 0) return row;

    let ours = observed;
    for (const drift of owed) ours = await this.#takenBack(drift, base, ours);
    const merge = mergeTrees(base, ours, desired);
    if (merge.conflicts.length === 0)
      return this.#bringTo(row, { tree: merge.tree, to: desiredCommit, observed, owed });
    // What was decided is not kept waiting for what was not.
    if (row.baseCommit && owed.length > 0)
      row = await this.#bringTo(row, { tree: ours, to: row.baseCommit, observed, owed });
    const hold =
      `${CONFLICT} ${merge.conflicts.join(', ')}: ` +
      `decide the open proposal, or undo the edit at the site`;
    if (row.hold !== hold)
      log.warn({ site, conflicts: merge.conflicts }, 'held: the plan and the site disagree');
    return store.transaction(async (tx) => {
      await keepConflicts(tx, site, merge.conflicts);
      return tx.sites.update(site, { hold, message: `held: ${hold}` });
    });
  }

  /** The tree of a site without an edit that was decided. Where its lines were edited further, they stay. */
  async #takenBack(drift: DriftRow, base: SiteTree, ours: SiteTree): Promise<SiteTree> {
    const { trees } = this.#options;
    const was = await trees.readTree(drift.baseCommit);
    const edit = withPaths(was, await trees.readTree(drift.editCommit), drift.paths);
    // The plan may have moved since the edit was judged: what it has by itself now is not taken back.
    return mergeTrees(rebaseTree(was, edit, base), ours, base, 'ours').tree;
  }

  /** Brings a working copy to a tree that has everything of a desired commit in it; says what was decided is done. */
  async #bringTo(row: SiteRow, target: Target): Promise<SiteRow> {
    const { store } = this.#options;
    const { tree, to, observed, owed } = target;
    const unchanged = row.baseCommit === to && changedPaths(tree, observed).length === 0;
    if (unchanged) {
      await store.drifts.setCarriedOut(owed.map(({ id }) => id));
      return row;
    }
    await this.#settle(row, target);
    await this.#copy(row.name).write(observed, tree);
    return store.sites.update(row.name, { writingFrom: null });
  }

  /**
   * The site's row, when its folder holds all of what the row says was brought there: a process that was killed may
   * have left some files behind, which are no edits of anybody's. A file that was edited since is left as it is; it
   * is recorded after this, as an edit of what was being written.
   */
  async #whole(site: string): Promise<SiteRow | undefined> {
    const { store, trees, log } = this.#options;
    const row = await store.sites.get(site);
    if (!row || row.writingFrom === null) return row;
    const from = row.writingFrom === '' ? EMPTY : await trees.readTree(row.writingFrom);
    const to = await trees.readTree(row.observedCommit!);
    const copy = this.#copy(site);
    // A folder that is gone as a whole was lost, not edited.
    const there = await copy.exists();
    const { tree: found } = await copy.scan();
    const left = [...from.keys(), ...to.keys()].filter((path) =>
      sameFile(found.get(path), from.get(path)),
    );
    await copy.write(found, there ? withPaths(found, to, left) : to);
    log.info({ site }, 'completed the writing of a tree that was cut off');
    return store.sites.update(site, { writingFrom: null });
  }

  /** Records the tree to be written: as the desired commit itself, or as a merge of it with what was edited. */
  async #settle(row: SiteRow, { tree, to, observed, owed }: Target): Promise<void> {
    const { store, trees, now } = this.#options;
    const site = row.name;
    const digest = treeDigest(tree);
    const isDesired = to === row.desiredCommit && digest === row.desiredDigest;
    // What was never edited goes from one desired commit to the next. An edit stays in the history for good: the
    // tree that follows it, even one that undoes it, is a merge that has it as a parent (law 6).
    const edited = row.observedCommit !== null && row.observedCommit !== row.baseCommit;
    let commit = to;
    if (edited || !isDesired) {
      const what = isDesired
        ? 'Go on as the plan has it'
        : to === row.baseCommit
          ? 'Take back what was decided, beside other edits'
          : "Bring the plan's changes in beside the edits";
      const paths = changedPaths(observed, tree);
      const [merged] = await trees.writeCommits([
        {
          site,
          files: tree,
          parents: [...(row.observedCommit ? [row.observedCommit] : []), to],
          message: `${what}\n\n${paths.join('\n')}\n`,
          author: TRUEUP,
          time: now(),
        },
      ]);
      commit = merged!;
    }
    await store.transaction(async (tx) => {
      await tx.drifts.setCarriedOut(owed.map(({ id }) => id));
      await keepConflicts(tx, site, []);
      const { hold = null } = (await tx.sites.get(site)) ?? {};
      await tx.sites.update(site, {
        baseCommit: to,
        observedCommit: commit,
        observedDigest: digest,
        writingFrom: row.observedCommit ?? '',
        // Why else it may be held is not ours to say.
        hold: hold?.startsWith(CONFLICT) ? null : hold,
      });
    });
    this.#followObserved(site, row.observedCommit, commit);
  }

  async #record(
    row: SiteRow,
    base = row.baseCommit,
    { words, author, time }: EditWords & { time?: number } = {},
  ): Promise<{ row: SiteRow; tree: SiteTree; recorded: boolean }> {
    const { store, trees, log } = this.#options;
    const site = row.name;
    const copy = this.#copy(site);
    if (row.observedCommit && !(await copy.exists())) {
      // A folder that is gone as a whole was lost, not edited: nobody deletes a site by `rm -r`.
      await copy.write(EMPTY, await trees.readTree(row.observedCommit));
      log.warn({ site }, 'the working copy was gone: made it again from what was recorded');
    }
    const scan = await copy.scan();
    if (scan.refused.length > 0) {
      log.warn({ site, refused: scan.refused }, 'left alone: these can be no part of a site tree');
    }
    const tree = scan.tree;
    if (scan.digest === row.observedDigest) return { row, tree, recorded: false };
    if (row.baseCommit === null && tree.size === 0) return { row, tree, recorded: false };
    const before = row.observedCommit ? await trees.readTree(row.observedCommit) : EMPTY;
    const paths = changedPaths(before, tree);
    const who = this.#whoEdited(scan, paths);
    const name = author ?? who.name;
    const parent = row.observedCommit ?? base;
    const [commit] = await trees.writeCommits([
      {
        site,
        files: tree,
        parents: parent ? [parent] : [],
        message: editMessage(site, paths, words),
        author: { name, email: `${name}@${site}` },
        time: time ?? who.time,
      },
    ]);
    const after = await store.sites.update(site, {
      observedCommit: commit!,
      observedDigest: scan.digest,
    });
    this.#followObserved(site, row.observedCommit, commit!);
    log.info({ site, paths, commit, author: name }, 'recorded an edit made at the site');
    return { row: after, tree, recorded: true };
  }

  #whoEdited(scan: Scan, paths: readonly string[]): { name: string; time: number } {
    const newest = paths
      .map((path) => scan.stats.get(path))
      .filter((stat) => stat !== undefined)
      .toSorted((a, b) => b.changedAt - a.changedAt)[0];
    const now = this.#options.now();
    return newest
      ? { name: this.#options.userName(newest.uid), time: Math.min(newest.changedAt, now) }
      : { name: 'unknown', time: now };
  }

  /** The database has the truth; the ref follows, whatever it was before. */
  #followObserved(site: string, from: string | null, to: string): void {
    if (from !== to) this.#options.trees.followRefs([{ site, ref: 'observed', to }]);
  }

  #copy(site: string): WorkingCopy {
    let copy = this.#copies.get(site);
    if (!copy) {
      copy = new WorkingCopy(join(this.#options.directory, site));
      this.#copies.set(site, copy);
    }
    return copy;
  }

  async #alone<T>(site: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(site) ?? Promise.resolve();
    const mine = before.then(work, work);
    const quiet = mine.catch(() => undefined);
    this.#busy.set(site, quiet);
    try {
      return await mine;
    } catch (error) {
      if (error instanceof EditedMeanwhile) {
        throw new UserError(`${site}: ${error.message} ${ATTEMPTS} times; trying again later`);
      }
      throw error;
    } finally {
      if (this.#busy.get(site) === quiet) this.#busy.delete(site);
    }
  }
}
