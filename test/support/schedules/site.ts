import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Agent } from '../../../src/agent/agent.ts';
import { CentreClient, CentreUnavailable } from '../../../src/agent/centre-client.ts';
import { CentreLoops } from '../../../src/agent/centre-loops.ts';
import { loadAgentSettings } from '../../../src/agent/settings.ts';
import { SiteStore } from '../../../src/git/site-store.ts';
import type { CentreState, ReturnAnswer, SignersAnswer } from '../../../src/model/agent-wire.ts';
import { changedPaths, type SiteTree } from '../../../src/model/tree.ts';
import { openStore } from '../../../src/store/store.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import type { FakeDriver } from '../service.ts';
import type { Centre } from './centre.ts';
import type { Fuse } from './fuse.ts';
import { fileOf, type Key, lineOf, type SiteName, valuesIn } from './plan.ts';

const settings = await loadAgentSettings();
settings.sync = { interval: 1000, wait: 0 };

/** How a talk with the centre goes. */
export type Way = 'whole' | 'lose the bundle' | 'lose the answer';

/** Speaks to the centre in this very process. */
class DirectClient extends CentreClient {
  readonly #site: SiteName;
  readonly #centre: () => Centre;
  way: Way = 'whole';

  constructor(site: SiteName, centre: () => Centre) {
    super({ server: 'http://centre.invalid' });
    this.#site = site;
    this.#centre = centre;
  }

  override async nudge(): Promise<CentreState> {
    return (await this.#centre().agents.state(this.#site))!;
  }

  override async signers(): Promise<SignersAnswer> {
    return this.#centre().agents.signers();
  }

  override async fetchBundle(_site: string, have: readonly string[], to: string): Promise<boolean> {
    if (this.way === 'lose the bundle') throw new CentreUnavailable('the line broke');
    return this.#centre().bundle(this.#site, have, to);
  }

  override async sendBundle(_site: string, file: string): Promise<ReturnAnswer> {
    if (this.way === 'lose the bundle') throw new CentreUnavailable('the line broke');
    const answer = await this.#centre().receive(this.#site, file);
    if (this.way === 'lose the answer') throw new CentreUnavailable('the line broke');
    return answer;
  }
}

export interface SiteOptions {
  name: SiteName;
  data: string;
  centre: () => Centre;
  fuse: Fuse;
  driver: FakeDriver;
  log: Logger;
  now: () => number;
}

/** A site with its agent, which does nothing by itself. */
export class Site {
  readonly name: SiteName;
  readonly agent: Agent;
  readonly trees: SiteStore;
  readonly #client: DirectClient;
  readonly #loops: CentreLoops;
  readonly #data: string;

  private constructor(
    { name, data, centre, log }: SiteOptions,
    { agent, trees }: { agent: Agent; trees: SiteStore },
  ) {
    const client = new DirectClient(name, centre);
    this.name = name;
    this.agent = agent;
    this.trees = trees;
    this.#data = data;
    this.#client = client;
    this.#loops = new CentreLoops({
      site: name,
      client,
      exchange: agent.exchange,
      store: agent.store,
      settings: settings.sync,
      trustSigners: async () => undefined,
      allowedSigners: () => readFile(join(data, 'allowed_signers'), 'utf8'),
      log,
      now: Date.now,
      random: Math.random,
      onDesired: () => undefined,
      onOwed: () => undefined,
    });
  }

  static async open(options: SiteOptions): Promise<Site> {
    const { data, fuse, driver, log, now } = options;
    let trees: SiteStore | undefined;
    const agent = await Agent.open({
      data,
      settings,
      version: '1.2.3',
      driver,
      standBy: { begin: async () => undefined, end: async () => undefined },
      log,
      now,
      through: (part) => {
        const seen = fuse.through(part);
        if (seen instanceof SiteStore) trees = seen;
        return seen;
      },
    });
    return new Site(options, { agent, trees: trees! });
  }

  /** What its own loop would do. */
  async work(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      const handled = await this.agent.work.handle(this.name);
      if (handled?.again !== 0) return;
    }
    throw new Error('the loop of the site does not come to rest');
  }

  /** A talk with the centre, both ways. */
  async talk(way: Way): Promise<void> {
    const { signal } = new AbortController();
    this.#client.way = way;
    try {
      await this.#loops.pull(signal);
      await this.work();
      for (let round = 0; round < 5; round += 1)
        if ((await this.#loops.push(signal))?.again !== 0) return;
      throw new Error('the agent never stops telling its centre');
    } catch (error) {
      if (way === 'whole' || !(error instanceof CentreUnavailable)) throw error;
    }
  }

  /** The value that stands in the working copy. */
  async value(key: Key): Promise<string> {
    const text = await readFile(this.path(fileOf(key)), 'utf8');
    return valuesIn(fileOf(key), text).get(key)!;
  }

  /** Edits it as somebody with an editor does. */
  async scribble(key: Key, value: string): Promise<void> {
    await writeFile(this.path(fileOf(key)), await this.#with(key, value));
  }

  /** Edits it through the agent. */
  async edit(key: Key, value: string, said: { words: string; author: string }): Promise<void> {
    const path = fileOf(key);
    const before = { mode: '100644' as const, content: await readFile(this.path(path)) };
    const after = { ...before, content: Buffer.from(await this.#with(key, value)) };
    await this.agent.edit([{ path, before, after }], said);
  }

  path(file: string): string {
    return join(this.#data, 'copy', this.name, 'tree', file);
  }

  async #with(key: Key, value: string): Promise<string> {
    const text = await readFile(this.path(fileOf(key)), 'utf8');
    const before = valuesIn(fileOf(key), text).get(key)!;
    return text.replace(`${lineOf(key, before)}\n`, `${lineOf(key, value)}\n`);
  }
}

/**
 * Sets a working copy back to where a process may have been in the middle of writing it: some of the files, as
 * `random` says, are as they were before.
 * @returns whether there was one in writing
 */
export async function tear(data: string, name: SiteName, random: () => number): Promise<boolean> {
  const store = await openStore({ file: join(data, 'agent.sqlite') });
  const trees = await SiteStore.open({ directory: join(data, 'sites.git') });
  try {
    const row = await store.sites.get(name);
    if (!row || row.writingFrom === null || row.writingFrom === '') return false;
    const [from, to]: SiteTree[] = await trees.readTrees([row.writingFrom, row.observedCommit!]);
    for (const path of changedPaths(from!, to!)) {
      const before = from!.get(path);
      if (before && random() < 0.5)
        await writeFile(join(data, 'copy', name, 'tree', path), before.content);
    }
    return true;
  } finally {
    await trees.close();
    await store.close();
  }
}
