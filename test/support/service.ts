import { loadConfig } from '../../src/config/load.ts';
import type { ConfigInput } from '../../src/config/schema.ts';
import type { BundleTools } from '../../src/controller/agents/bundle-tools.ts';
import { type Service, startService } from '../../src/controller/service.ts';
import type { Driver, RunRequest } from '../../src/model/driver.ts';
import type { RunReport, RunResult } from '../../src/model/run.ts';
import { treeDigest } from '../../src/model/tree.ts';
import type { AgentLimits } from '../../src/server/options.ts';
import type { ProposalRow, SiteRow } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { eventually } from './wait.ts';
import type { World } from './world.ts';

/** In place of Ansible: remembers what it was asked, and succeeds at once unless it is told otherwise. */
export class FakeDriver implements Driver {
  readonly name = 'fake';
  readonly requests: RunRequest[] = [];
  /** Sites at which runs end otherwise, or with a promise: when it resolves. */
  readonly ends = new Map<string, RunResult | Promise<RunResult>>();

  async run(request: RunRequest): Promise<RunReport> {
    this.requests.push(request);
    const startedAt = Date.now();
    const result = (await this.ends.get(request.site)) ?? 'success';
    return {
      kind: request.kind,
      driver: this.name,
      site: request.site,
      digest: treeDigest(request.tree),
      startedAt,
      endedAt: Date.now(),
      result,
      reason: result === 'success' ? '' : 'as the test wants it',
      hosts: { [request.site]: { ok: 1, changed: 1, failed: 0, unreachable: 0, skipped: 0 } },
      tasks: [],
    };
  }

  async version(): Promise<string> {
    return '1';
  }

  async cleanUp(): Promise<void> {}

  /** What the newest run at a site was to bring to its hosts: the text of a file of its tree. */
  applied(site: string, path: string): string | undefined {
    const run = this.requests.findLast((request) => request.site === site);
    return run?.tree.get(path)?.content.toString();
  }
}

/** A controller with its server, in the test's own process. */
export class TestService {
  readonly driver: FakeDriver;
  /** Every line of the log so far. */
  readonly lines: string[];
  readonly service: Service;
  #stopping: Promise<void> | undefined;

  private constructor(service: Service, driver: FakeDriver, lines: string[]) {
    this.service = service;
    this.driver = driver;
    this.lines = lines;
  }

  /** Starts one on the world's plan and data, with short intervals and no Ansible. */
  static async start(
    world: World,
    options: {
      config?: ConfigInput;
      driver?: FakeDriver;
      lines?: string[];
      ui?: string;
      bundles?: BundleTools;
      agentLimits?: Partial<AgentLimits>;
    } = {},
  ): Promise<TestService> {
    const { config: { plan, drift, ...rest } = {}, lines = [] } = options;
    const driver = options.driver ?? new FakeDriver();
    const config = await loadConfig({
      env: {},
      overrides: {
        dataDir: world.data,
        plan: { url: world.origin, pollInterval: '1s', ...plan },
        server: { port: 0 },
        drift: { settle: '20ms', compareInterval: '1s', ...drift },
        ...rest,
      },
    });
    const log = createLogger({
      level: 'trace',
      format: 'json',
      write: (line) => void lines.push(line),
    });
    const service = await startService({
      config,
      version: '1.2.3',
      log,
      driver,
      ...(options.ui !== undefined && { ui: options.ui }),
      ...(options.bundles && { bundles: options.bundles }),
      ...(options.agentLimits && { agentLimits: options.agentLimits }),
    });
    return new TestService(service, driver, lines);
  }

  get url(): string {
    return this.service.url;
  }

  get store(): Store {
    return this.service.controller.store;
  }

  /** Ends it; once more does nothing. */
  stop(): Promise<void> {
    this.#stopping ??= this.service.stop(1000);
    return this.#stopping;
  }

  /** Says that there may be a new revision, as a webhook would. */
  look(): void {
    this.service.controller.nudge({ plan: true });
  }

  /** Sends a request to the API with the operator's token; gives the status and the parsed answer. */
  async api(
    method: 'GET' | 'POST',
    path: string,
    sent?: unknown,
  ): Promise<{ status: number; body: any }> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.service.token.reveal()}`,
        ...(sent === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    });
    return { status: response.status, body: await response.json() };
  }

  async site(name: string): Promise<SiteRow> {
    const row = await this.store.sites.get(name);
    if (!row) throw new Error(`there is no site ${name}`);
    return row;
  }

  /** Waits; where it is in vain, the error tells how the sites and proposals stand and what the log said last. */
  until<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
  ): Promise<T> {
    return eventually(what, look, { tell: () => this.#standing() });
  }

  /** Waits until a revision is in force and applied at every site. */
  async synced(revision?: string): Promise<SiteRow[]> {
    this.look();
    return this.until(`all is applied${revision ? ` at ${revision}` : ''}`, async () => {
      const { goodRevision } = await this.store.plan.get();
      if (!goodRevision || (revision && goodRevision !== revision)) return false;
      const rows = await this.store.sites.list({ limit: 500 });
      return rows.length > 0 && rows.every(({ state }) => state === 'synced') && rows;
    });
  }

  /** Waits until a proposal for a site is open on the forge, other than the ones that are known. */
  proposal(site: string, known: readonly string[] = []): Promise<ProposalRow> {
    return this.until(`a proposal for ${site} is open`, async () => {
      const open = await this.store.proposals.list({ state: 'open', site, limit: 10 });
      return open.find(({ id }) => !known.includes(id));
    });
  }

  /** Waits until a proposal has ended in a state. */
  ended(id: string, state: ProposalRow['state']): Promise<ProposalRow> {
    return this.until(`the proposal is ${state}`, async () => {
      const row = await this.store.proposals.get(id);
      return row?.state === state && row;
    });
  }

  async #standing(): Promise<unknown> {
    const { store } = this;
    const sites = await store.sites.list({ limit: 20 });
    return {
      plan: await store.plan.get(),
      sites: sites.map(({ name, state, message }) => ({ name, state, message })),
      proposals: (await store.proposals.list({ limit: 20 })).map(({ site, state, number }) => ({
        site,
        state,
        number,
      })),
      log: this.lines.filter((line) => !line.includes('"request"')).slice(-12),
    };
  }
}
