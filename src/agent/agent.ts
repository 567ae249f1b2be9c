import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { parseAllowedKeys } from '../bundle/bundle.ts';
import { SiteStore } from '../git/site-store.ts';
import { KeyedLoop, type KeyedLoopOptions } from '../loop/keyed-loop.ts';
import type { AgentStatus } from '../model/agent-wire.ts';
import type { Driver } from '../model/driver.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { RunReport } from '../model/run.ts';
import { changedPaths, pathFault } from '../model/tree.ts';
import { Runner } from '../runner/runner.ts';
import { createUserNames } from '../runner/working-copy/user-names.ts';
import { WorkingCopyWatcher } from '../runner/working-copy/watch.ts';
import {
  type EditWords,
  type FileEdit,
  WorkingCopies,
} from '../runner/working-copy/working-copies.ts';
import { openStore, type Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { CentreClient } from './centre-client.ts';
import { CentreLoops } from './centre-loops.ts';
import {
  type AgentDirectory,
  agentDirectory,
  assertOwnDirectory,
  CARRIED,
  type Identity,
  readIdentity,
  takeAgentDirectory,
  writePrivate,
} from './data-directory.ts';
import { Exchange } from './exchange.ts';
import { recall } from './memory.ts';
import { recoverAgent } from './recover.ts';
import type { AgentSettings } from './settings.ts';
import { SiteWork } from './site-work.ts';
import type { StandBy } from './stand-by.ts';
import { agentStatus } from './status.ts';
import { trustedSigners } from './trust.ts';

/** Maintenance of the repository (ms). */
const MAINTENANCE_INTERVAL = 60 * 60_000;
/** A centre that cannot be reached is asked more and more seldom; so many intervals apart at the most. */
const PATIENCE = 5;
/** What happens close together is told in one bundle (ms). */
const GATHER = 300;

export interface AgentOptions {
  data: string;
  settings: AgentSettings;
  version: string;
  driver: Driver;
  standBy: StandBy;
  log: Logger;
  now?: () => number;
  /** How long to wait for a guard that is at work on the directory (ms). */
  patience?: number;
  /** What its database and git are reached through; for tests, which end it between any two steps. */
  through?: <T extends object>(part: T) => T;
}

/** What an agent tells people of itself. */
export interface AgentView {
  site: string;
  /** Folder with the site's tree, for edits. */
  tree: string;
  server: string | null;
  status: AgentStatus | null;
  contact: { at: number; error: string | null } | null;
  /** Paths at which the site is not as the plan has it that was last brought in. */
  edited: string[];
  /** What could not be done when it was last tried, since this process started. */
  troubles: string[];
  owed: number;
}

/**
 * A runner that lives at its site: has the site's history, brings what is desired in, applies it, records what people
 * edit, and tells the centre when it can. Without a centre it does all of that as well; bundles then come by hand.
 */
export class Agent {
  readonly site: string;
  readonly store: Store;
  readonly copies: WorkingCopies;
  readonly exchange: Exchange;
  readonly work: SiteWork;
  readonly #options: AgentOptions;
  readonly #identity: Identity;
  readonly #directory: AgentDirectory;
  readonly #trees: SiteStore;
  readonly #runner: Runner;
  /** By loop: why it did not get on when it was last tried. */
  readonly #troubles = new Map<string, string>();
  readonly #loops: { site: KeyedLoop; observe: KeyedLoop; maintenance: KeyedLoop } & Partial<
    Record<'pull' | 'push', KeyedLoop>
  >;
  readonly #watcher: WorkingCopyWatcher;
  readonly #release: () => void;
  #started = false;

  private constructor(
    options: AgentOptions,
    parts: {
      identity: Identity;
      directory: AgentDirectory;
      store: Store;
      trees: SiteStore;
      release: () => void;
    },
  ) {
    const { settings, log, version, now = Date.now } = options;
    const { identity, directory, store, trees } = parts;
    const { site } = identity;
    this.site = site;
    this.store = store;
    this.#options = options;
    this.#identity = identity;
    this.#directory = directory;
    this.#trees = trees;
    this.#release = parts.release;
    const allowedSigners = () => readFile(directory.allowedSigners, 'utf8');
    const userName = createUserNames();
    this.copies = new WorkingCopies({
      directory: directory.copies,
      store,
      trees,
      log,
      now,
      userName,
    });
    this.#runner = new Runner({ driver: options.driver, concurrency: 1 });
    this.exchange = new Exchange({
      site,
      directory,
      store,
      trees,
      allowedSigners,
      version,
      log,
      now,
    });
    this.work = new SiteWork({
      store,
      trees,
      copies: this.copies,
      runner: this.#runner,
      settings: settings.apply,
      log,
      now,
      standBy: options.standBy,
      onChange: () => this.#loops.push?.nudge(site, GATHER),
    });
    const loop = (
      name: string,
      handle: (signal: AbortSignal) => ReturnType<SiteWork['handle']>,
      backoff?: KeyedLoopOptions['backoff'],
    ): KeyedLoop =>
      new KeyedLoop({
        name,
        concurrency: 1,
        handle: async (_key, signal) => {
          try {
            const handled = await handle(signal);
            this.#troubles.delete(name);
            return handled;
          } catch (error) {
            this.#troubles.set(name, messageOf(error));
            throw error;
          }
        },
        log,
        ...(backoff && { backoff }),
      });
    this.#loops = {
      site: loop('site', (signal) => this.work.handle(site, signal)),
      observe: loop('observe', () => this.#observe()),
      maintenance: loop('maintenance', async () => {
        await trees.maintain();
        return { again: MAINTENANCE_INTERVAL };
      }),
    };
    if (identity.server !== undefined) {
      const centre = new CentreLoops({
        site,
        client: new CentreClient({ ...identity, server: identity.server }),
        exchange: this.exchange,
        store,
        settings: settings.sync,
        allowedSigners,
        trustSigners: async (text, signatures) => {
          const trusted = parseAllowedKeys(await allowedSigners());
          await writePrivate(
            directory.allowedSigners,
            trustedSigners(trusted, text, signatures, now()),
          );
          log.warn('the keys of the centre were changed, signed by one that was trusted');
        },
        log,
        now,
        random: Math.random,
        onDesired: () => this.#loops.site.nudge(site),
        onOwed: () => this.#loops.push?.nudge(site, GATHER),
      });
      const { interval } = settings.sync;
      const backoff = { min: Math.min(1000, interval), max: PATIENCE * interval };
      this.#loops.pull = loop('pull', (signal) => centre.pull(signal), backoff);
      this.#loops.push = loop('push', (signal) => centre.push(signal), backoff);
    }
    this.#watcher = new WorkingCopyWatcher({
      directory: directory.copies,
      settle: settings.edits.settle,
      compareInterval: settings.edits.compareInterval,
      maxWatched: 1,
      sites: () => [site],
      look: () => this.#loops.observe.nudge(site),
      onError: (error) =>
        log.warn({ error }, 'watching files failed: the timed compare still finds every edit'),
    });
  }

  /**
   * Opens an agent on its data directory and brings what an earlier process left half done to a known state.
   * @throws UserError if the directory is nobody's yet, another user's, or in use
   */
  static async open(options: AgentOptions): Promise<Agent> {
    const { data, log, now = Date.now, driver, patience = 0, through = same } = options;
    const directory = agentDirectory(data);
    await assertOwnDirectory(directory);
    const identity = await readIdentity(directory);
    if (!identity) {
      throw new UserError(
        `${directory.root} is no agent's yet: \`trueup agent enroll\` (with a centre) or \`trueup agent init\` (without) makes it one`,
      );
    }
    const release = await takeAgentDirectory(directory, patience);
    try {
      for (const folder of [directory.transfer, directory.runs, directory.copies])
        await mkdir(folder, { recursive: true, mode: 0o700 });
      const trees = through(
        await SiteStore.open({
          directory: directory.siteStore,
          onRefError: (error) => log.error({ error }, 'refs could not follow'),
        }),
      );
      const store = through(await openDatabase(directory.database, now));
      await recoverAgent({ store, trees, driver, site: identity.site, log, now });
      return new Agent(options, { identity, directory, store, trees, release });
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Begins to work by itself. */
  async start(): Promise<void> {
    const { transfer } = this.#directory;
    // Of commands that were ended in the middle.
    for (const name of await readdir(transfer))
      if (name.startsWith(CARRIED)) await rm(join(transfer, name), { force: true });
    await this.#watcher.start();
    for (const loop of Object.values(this.#loops)) {
      loop.start();
      loop.nudge(this.site);
    }
    this.#started = true;
  }

  /** Ends what is under way, and gives the directory free. */
  async stop(): Promise<void> {
    await this.#watcher.stop();
    // The question that is put to the centre stays open for long.
    await Promise.all(
      Object.entries(this.#loops).map(([name, loop]) =>
        loop.stop(this.#started && name !== 'pull' ? 2000 : 0),
      ),
    );
    await this.work.stop();
    await this.#runner.stop();
    await this.#trees.close();
    await this.store.close();
    this.#release();
  }

  /** Takes in what is desired from a file. False: it was known. Throws InvalidBundle where it is refused. */
  async import(file: string): Promise<boolean> {
    const received = await this.exchange.take(file);
    this.#loops.site.nudge(this.site);
    return received !== undefined;
  }

  /** Writes all that the centre does not have yet into a file, of very much into several; undefined: it has everything. */
  async export(
    file: string,
    full = false,
  ): Promise<{ bytes: number; sequence: number; files: string[] } | undefined> {
    await this.copies.observe(this.site);
    return this.exchange.giveAll(file, { full });
  }

  /** Makes and records an edit, in somebody's words. Throws UserError where the files are not as they were found. */
  async edit(edits: readonly FileEdit[], said: EditWords): Promise<void> {
    await this.copies.edit(this.site, edits, said);
    this.#loops.site.nudge(this.site);
    this.#loops.push?.nudge(this.site, GATHER);
  }

  /** Applies what stands at the site now, whatever the policy says. */
  async apply(): Promise<void> {
    await this.work.handle(this.site, undefined, true);
  }

  /** What an apply would change at the hosts, with these files in the place of those that stand there. */
  async check(edits: readonly Pick<FileEdit, 'path' | 'after'>[] = []): Promise<RunReport> {
    const fault = edits.map(({ path }) => pathFault(path)).find((one) => one !== undefined);
    if (fault !== undefined) throw new UserError(`a file of the edit cannot be: its name ${fault}`);
    await this.copies.observe(this.site);
    return this.work.check(this.site, edits);
  }

  /** Solves a conflict: `plan` takes the plan's file, `site` keeps the site's lines. Returns what is not solved yet. */
  async resolve(path: string, choice: 'plan' | 'site'): Promise<string[]> {
    const left = await this.copies.resolve(this.site, path, choice);
    this.#loops.site.nudge(this.site);
    return left;
  }

  async view(): Promise<AgentView> {
    const { store, site } = this;
    const { version, now = Date.now } = this.#options;
    return {
      site,
      tree: this.copies.directoryOf(site),
      server: this.#identity.server ?? null,
      status: (await agentStatus({ store, site, version, now: now() })) ?? null,
      contact: (await recall(store, 'contact')) ?? null,
      edited: await this.#edited(),
      troubles: [...new Set(this.#troubles.values())],
      owed: await this.exchange.owed(),
    };
  }

  async #edited(): Promise<string[]> {
    const row = await this.store.sites.get(this.site);
    if (!row?.baseCommit || !row.observedCommit || row.baseCommit === row.observedCommit) return [];
    const [base, observed] = await this.#trees.readTrees([row.baseCommit, row.observedCommit]);
    return changedPaths(base!, observed!);
  }

  /** Where commands of people reach it. */
  get socket(): string {
    return this.#directory.socket;
  }

  async #observe(): Promise<void> {
    if (!(await this.copies.observe(this.site))) return;
    this.#loops.site.nudge(this.site);
    this.#loops.push?.nudge(this.site, GATHER);
  }
}

/** What an agent cannot do without its database, somebody at the site is to know who has nobody to ask. */
async function openDatabase(file: string, now: () => number): Promise<Store> {
  try {
    return await openStore({ file, now });
  } catch (error) {
    if (!messageOf(error).startsWith('cannot open')) throw error;
    throw new UserError(
      `${messageOf(error)}. If the file is damaged, move it away with those beside it (${file}*) and start again: ` +
        `the site's files and their history are kept elsewhere, and stay`,
      { cause: error },
    );
  }
}

function same<T>(part: T): T {
  return part;
}
