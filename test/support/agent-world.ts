import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { Agent } from '../../src/agent/agent.ts';
import { enrolAgent } from '../../src/agent/enrol.ts';
import { type AgentSettings, loadAgentSettings } from '../../src/agent/settings.ts';
import type { Driver } from '../../src/model/driver.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { FakeDriver, TestService } from './service.ts';
import { eventually } from './wait.ts';
import { pairPlan } from './world-plan.ts';
import { type Files, World } from './world.ts';

export const NTP = 'base/files/ntp.conf';

/** The definition of a site, as one that an agent delivers to. */
export function byAgent(definition: string): string {
  return definition.replace('stacks:', 'delivery: agent\nstacks:');
}

/** A controller, and a site (`lisbon`) with an agent of its own; real git and HTTP, and no Ansible. */
export class AgentWorld {
  readonly site: string;
  readonly world: World;
  service: TestService;
  agent: Agent | undefined;
  readonly driver: FakeDriver;
  readonly lines: string[] = [];
  /** The agent's clock is ahead of ours by so much (ms). */
  ahead = 0;
  readonly data: string;

  private constructor(site: string, world: World, service: TestService, driver: FakeDriver) {
    this.site = site;
    this.world = world;
    this.service = service;
    this.driver = driver;
    this.data = join(world.root, `agent-${site}`);
  }

  /** Starts the controller; the site has no agent yet. */
  static async start(
    change: (files: Record<string, string>) => Files = (files) => files,
    options: { site?: string; driver?: FakeDriver } = {},
  ) {
    const { site = 'lisbon', driver = new FakeDriver() } = options;
    const world = await World.create((hosts) => {
      const files = pairPlan(hosts);
      files['sites/lisbon.yaml'] = byAgent(files['sites/lisbon.yaml']!);
      return change(files);
    });
    onTestFinished(() => world.remove());
    const all = new AgentWorld(site, world, await TestService.start(world), driver);
    onTestFinished(async () => {
      await all.agent?.stop();
      await all.service.stop();
    });
    await all.service.until(
      `something is desired at ${site}`,
      async () => (await all.service.site(site)).desiredCommit ?? false,
    );
    return all;
  }

  /** Another site of the same controller, which has no agent yet either. */
  beside(site: string): AgentWorld {
    const other = new AgentWorld(site, this.world, this.service, new FakeDriver());
    onTestFinished(() => other.close());
    return other;
  }

  /** Enrols an agent with a fresh code; it reaches the centre by its address, or by a link that can be cut. */
  async enrol(server: string = this.service.url): Promise<void> {
    const { body } = await this.service.api('POST', `/sites/${this.site}/enrollment`, {});
    await enrolAgent({
      data: this.data,
      server,
      code: body.code,
      version: '1.2.3',
    });
  }

  /** Opens the agent; `start` lets it work by itself. */
  async open(
    options: {
      apply?: Partial<AgentSettings['apply']>;
      start?: boolean;
      driver?: Driver;
      patience?: number;
    } = {},
  ): Promise<Agent> {
    const { driver = this.driver, patience = 0 } = options;
    const settings = await loadAgentSettings();
    settings.sync = { interval: 100, wait: 5000 };
    settings.edits = { settle: 20, compareInterval: 1000 };
    Object.assign(settings.apply, options.apply);
    this.agent = await Agent.open({
      data: this.data,
      settings,
      version: '1.2.3',
      driver,
      patience,
      standBy: { begin: async () => undefined, end: async () => undefined },
      log: createLogger({
        level: 'trace',
        format: 'json',
        write: (line) => void this.lines.push(line),
      }),
      now: () => Date.now() + this.ahead,
    });
    if (options.start !== false) await this.agent.start();
    return this.agent;
  }

  /** Ends the agent, in good order. */
  async close(): Promise<void> {
    await this.agent?.stop();
    this.agent = undefined;
  }

  /** Changes the clock that the plan has for the site, and waits until that is desired there. */
  async planClock(clock: string): Promise<void> {
    await this.world.pull();
    const file = 'layers/common.yaml';
    const text = await this.world.planFile(file);
    const commit = await this.world.commit(`The clock is ${clock}`, {
      [file]: `${text.replace(/^clock: .*$/m, `clock: ${clock}`)}\n`,
    });
    this.service.look();
    await this.until('the new clock is desired', async () => {
      const row = await this.service.store.sites.get(this.site);
      return row?.desiredRevision === commit;
    });
  }

  get tree(): string {
    return join(this.data, 'copy', this.site, 'tree');
  }

  async read(path: string): Promise<string> {
    return readFile(join(this.tree, path), 'utf8');
  }

  /** Replaces a text in a file of the site's tree, as an editor does. */
  async edit(path: string, what: string | RegExp, by: string): Promise<void> {
    await writeFile(join(this.tree, path), await this.#replaced(path, what, by));
  }

  /** The same through the agent, with a word why. */
  async say(
    path: string,
    what: string | RegExp,
    by: string,
    said: { words: string; author?: string },
  ): Promise<void> {
    const before = { mode: '100644' as const, content: Buffer.from(await this.read(path)) };
    const after = { ...before, content: Buffer.from(await this.#replaced(path, what, by)) };
    await this.agent!.edit([{ path, before, after }], said);
  }

  async #replaced(path: string, what: string | RegExp, by: string): Promise<string> {
    const before = await this.read(path);
    const after = before.replace(what, by);
    if (after === before) throw new Error(`${path} holds nothing like ${what}`);
    return after;
  }

  until<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
  ): Promise<T> {
    return eventually(what, look, {
      tell: async () => ({
        site: await this.service.store.sites.get(this.site),
        agent: await this.agent?.view(),
        drifts: await this.service.store.drifts.open(this.site),
        lines: this.lines.slice(-12),
        centre: this.service.lines.filter((line) => !line.includes('"request"')).slice(-8),
      }),
    });
  }

  /** Waits until the centre and the agent both say that what is desired now is applied. */
  synced(): Promise<true> {
    return this.until(`${this.site} is in sync at both ends`, async () => {
      const row = await this.service.store.sites.get(this.site);
      const here = await this.agent?.view();
      return (
        row?.desiredCommit !== null &&
        row?.appliedCommit === row?.desiredCommit &&
        here?.status?.desired === row?.desiredCommit &&
        here?.status?.applied?.commit === row?.desiredCommit &&
        row?.observedDigest === row?.desiredDigest &&
        here?.owed === 0
      );
    });
  }
}
