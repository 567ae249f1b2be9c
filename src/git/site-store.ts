import PQueue from 'p-queue';

import { isName, type SiteTree } from '../model/tree.ts';
import type { Person } from './commit-words.ts';
import { readSiteHistory, type SiteHistory } from './first-parents.ts';
import { KnownObjects } from './known-objects.ts';
import { Lineage } from './lineage.ts';
import { type LogEntry, readLog } from './log.ts';
import { moveInPackedRefs } from './packed-refs.ts';
import { readFiles } from './read-files.ts';
import { moveInRefFiles } from './ref-files.ts';
import { RefQueue } from './ref-queue.ts';
import { listRefs, readRef, type RefUpdate, updateRefs } from './refs.ts';
import { Repository, type RepositoryOptions } from './repository.ts';
import { type TreeCommit, writeTreeCommits } from './write-trees.ts';

export type SiteRef = 'desired' | 'observed' | 'applied' | 'results';

export interface SiteCommit {
  site: string;
  /** The whole tree. */
  files: SiteTree;
  /** Full ids, of this store. */
  parents: readonly string[];
  message: string;
  author: Person;
  /** Milliseconds since 1970. */
  time: number;
  /** Makes an armored signature over the commit without it. */
  sign?: ((payload: Buffer) => string) | undefined;
}

export interface SiteMove {
  site: string;
  ref: SiteRef;
  /** Where it goes; null deletes it. */
  to: string | null;
  /** Where it must be now; null: it must not be there; undefined: wherever it is. */
  from: string | null | undefined;
}

const PREFIX = 'refs/sites/';
/** A setting of ours in the store's own configuration: a copy of the store that lacks it is looked through again. */
const RENDERER = 'trueup.renderer';
/** Trees that are read at once. */
const AT_ONCE = 32;

/** So many refs are moved together: writing all refs anew then costs less than a lock for each that moves. */
const MANY = 200;
/** So few are moved one file after the other: to start git would cost more. */
const FEW = 16;

/** Moves of refs that come within so many milliseconds go together. */
const GATHER = 50;

/**
 * All sites' trees in one bare repository: `refs/sites/<site>/{desired,observed,applied}`, readable by plain git.
 * Objects and refs are written apart, so that what is to be is in the database between the two.
 */
export class SiteStore {
  readonly lineage: Lineage;
  readonly #repository: Repository;
  readonly #queue: RefQueue;
  readonly #known = new KnownObjects();
  readonly #moving = new PQueue({ concurrency: 1 });

  private constructor(repository: Repository, onRefError: (error: unknown) => void) {
    this.#repository = repository;
    this.lineage = new Lineage(repository);
    this.#queue = new RefQueue({
      delay: GATHER,
      onError: onRefError,
      move: (moves) => this.#move(moves.map((move) => ({ ...move, from: undefined }))),
    });
  }

  /**
   * Opens or makes the store, as its only owner; see `Repository.open`.
   * @param options.onRefError told where refs could not follow (`followRefs`); they are moved with the next ones
   */
  static async open(
    options: RepositoryOptions & { onRefError?: (error: unknown) => void },
  ): Promise<SiteStore> {
    const { onRefError = () => undefined } = options;
    return new SiteStore(await Repository.open(options), onRefError);
  }

  /**
   * Writes commits, of any number of sites, and moves no ref. They are durable when this returns. What is the same
   * in several trees (best: the same Buffer) is written once. Asked for one by one, as they are written.
   * @returns the commits' ids, in the order given; the same input gives the same ids
   */
  async writeCommits(commits: Iterable<SiteCommit> | AsyncIterable<SiteCommit>): Promise<string[]> {
    if (Array.isArray(commits) && commits.length === 0) return [];
    return this.#repository.measure('write-commits', () =>
      writeTreeCommits(this.#repository, this.#known, checked(commits)),
    );
  }

  /** For bundles, which carry objects of a site in and out. */
  get repository(): Repository {
    return this.#repository;
  }

  /** Keeps a commit in a site's history, though none of its refs leads there any more. */
  async keep(site: string, commit: string): Promise<void> {
    assertSite(site);
    await this.#move([
      { ref: `${PREFIX}${site}/kept/${commit.slice(0, 16)}`, to: commit, from: undefined },
    ]);
  }

  /** Moves refs in one transaction. Throws RefMoved if one was elsewhere; then none is moved. */
  async moveRefs(moves: SiteMove[]): Promise<void> {
    await this.#move(
      moves.map(({ site, ref, to, from }): RefUpdate => ({ ref: refName(site, ref), to, from })),
    );
  }

  /** One move at a time: nothing else in this repository may move a ref while they are packed. */
  async #move(updates: RefUpdate[]): Promise<void> {
    await this.#moving.add(async () => {
      const { length } = updates;
      const move = length >= MANY ? moveInPackedRefs : length <= FEW ? moveInRefFiles : undefined;
      const operation = length >= MANY ? 'write-packed-refs' : 'write-refs';
      const moved =
        move &&
        length > 0 &&
        (await this.#repository.measure(operation, () => move(this.#repository, updates)));
      if (!moved) await updateRefs(this.#repository, updates);
    });
  }

  /** Lets refs follow what the database says, soon and together with others. They need not be awaited. */
  followRefs(moves: { site: string; ref: SiteRef; to: string }[]): void {
    this.#queue.add(moves.map(({ site, ref, to }) => ({ ref: refName(site, ref), to })));
  }

  /** Resolves when the refs that were to follow have been moved. */
  async refsMoved(): Promise<void> {
    await this.#queue.flush();
  }

  /** The tree at a commit. Throws if the store holds no such commit, or something no tree of ours holds. */
  async readTree(commit: string): Promise<SiteTree> {
    return this.#repository.measure('read-tree', () => this.#read(commit, new Map()));
  }

  /** The trees at many commits, in their order; content that they share is one Buffer. */
  async readTrees(commits: readonly string[]): Promise<SiteTree[]> {
    return this.#repository.measure('read-trees', async () => {
      const contents = new Map<string, Buffer>();
      const trees: SiteTree[] = [];
      for (let at = 0; at < commits.length; at += AT_ONCE) {
        const some = commits.slice(at, at + AT_ONCE);
        trees.push(...(await Promise.all(some.map((commit) => this.#read(commit, contents)))));
      }
      return trees;
    });
  }

  /** Every ref, by `<site>/<ref>` (`lisbon-07/desired`). */
  async allRefs(): Promise<Map<string, string>> {
    const refs = await listRefs(this.#repository, PREFIX);
    return new Map(refs.entries().map(([ref, commit]) => [ref.slice(PREFIX.length), commit]));
  }

  /** History of one of a site's refs, newest first; empty if it is not there. */
  async log(site: string, ref: SiteRef, limit: number): Promise<LogEntry[]> {
    const commit = await readRef(this.#repository, refName(site, ref));
    return commit === undefined ? [] : readLog(this.#repository, undefined, commit, limit);
  }

  /** Who made a commit, when, and what it says. Throws if the store holds no such commit. */
  async describe(commit: string): Promise<LogEntry> {
    const [entry] = await readLog(this.#repository, undefined, commit, 1);
    if (!entry) throw new Error(`the store holds no commit ${commit}`);
    return entry;
  }

  /**
   * How a site came from the desired commit that it was brought to, or an earlier one, to what was found there. Throws
   * if the store does not hold them.
   * @param limit commits at most; of a longer history the newest
   */
  async history(base: string, observed: string, limit: number): Promise<SiteHistory> {
    return this.#repository.measure('history', () =>
      readSiteHistory(this.#repository, base, observed, limit),
    );
  }

  /** Which version of the renderer made the desired trees, as `setRenderer` said; undefined: nobody did. */
  async renderer(): Promise<string | undefined> {
    const { stdout } = await this.#repository.run(['config', '--get', RENDERER], {
      exitCodes: [0, 1],
    });
    return stdout.toString().trim() || undefined;
  }

  async setRenderer(version: string): Promise<void> {
    await this.#repository.run(['config', RENDERER, version]);
  }

  /** See `Repository.maintain`. */
  async maintain(): Promise<void> {
    await this.#repository.maintain();
  }

  async close(): Promise<void> {
    await this.#queue.flush();
    await this.#repository.close();
  }

  async #read(commit: string, contents: Map<string, Buffer>): Promise<SiteTree> {
    const { files, refused } = await readFiles(this.#repository.objects, commit, { contents });
    if (refused[0]) {
      const { path, reason } = refused[0];
      throw new Error(`the site tree at ${commit} is not one of ours: ${path} ${reason}`);
    }
    return files;
  }
}

/** A decision on an edit at a site; `observed` names the commit that holds the edit. */
export interface Decided {
  observed: string;
  decision: 'adopted' | 'rejected';
  fingerprint: string;
}

/**
 * Message of a desired commit, with the trailers by which plain git finds where it came from.
 * @param of.decided decisions that the site is told with it
 * @param of.apply why the site is to apply it whatever it applied before
 */
export function desiredMessage(of: {
  revision: string;
  site: string;
  generation: number;
  decided?: readonly Decided[];
  apply?: string;
}): string {
  const { revision, site, generation, decided = [], apply } = of;
  const decisions = decided.map(
    ({ observed, decision, fingerprint }) => `Decided: ${observed} ${decision} ${fingerprint}\n`,
  );
  return (
    `Render ${site} at ${revision.slice(0, 10)}\n\n` +
    `Plan-Revision: ${revision}\nSite: ${site}\nGeneration: ${generation}\n` +
    decisions.join('') +
    (apply === undefined ? '' : `Apply: ${apply.replaceAll(/\s+/g, ' ').trim()}\n`)
  );
}

async function* checked(
  commits: Iterable<SiteCommit> | AsyncIterable<SiteCommit>,
): AsyncGenerator<TreeCommit> {
  for await (const commit of commits) {
    assertSite(commit.site);
    yield commit;
  }
}

function refName(site: string, ref: SiteRef): string {
  assertSite(site);
  return `${PREFIX}${site}/${ref}`;
}

function assertSite(site: string): void {
  if (!isName(site)) throw new TypeError(`${JSON.stringify(site)} is no name of a site`);
}
