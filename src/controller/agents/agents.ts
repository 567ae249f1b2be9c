import { join } from 'node:path';

import type { Config } from '../../config/config.ts';
import type { SiteStore } from '../../git/site-store.ts';
import type {
  CentreState,
  EnrollAnswer,
  EnrollRequest,
  ReturnAnswer,
  SignersAnswer,
} from '../../model/agent-wire.ts';
import { sha256 } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import type { AgentDesk, AgentSites, BundleFile } from '../../server/agent-options.ts';
import type { SiteAgent } from '../../server/wire-site-agent.ts';
import type { SiteRow } from '../../store/rows.ts';
import type { Store } from '../../store/store.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { BundleCache } from './bundle-cache.ts';
import type { BundleTools } from './bundle-tools.ts';
import { Contacts } from './contacts.ts';
import { Enrolment } from './enrolment.ts';
import { AgentReturns } from './returns.ts';
import { agentView, conflictsOf, contactOf, lagOf } from './views.ts';
import { DesiredWaiters } from './waiters.ts';

const DAY = 24 * 60 * 60_000;
/** Bundles kept at once, however small. */
const MAX_FILES = 10_000;
const MIB = 2 ** 20;

export interface AgentsOptions {
  /** The data directory. */
  directory: string;
  config: Config['agents'];
  store: Store;
  trees: SiteStore;
  tools: BundleTools;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** The plan in force. */
  plan: () => Plan | undefined;
  /** Something of this site came back, or its agent may do other things than before. */
  onSite: (site: string) => void;
}

/** The centre's side of the agents at sites: what they ask for, and what people do about them. */
export class Agents implements AgentSites, AgentDesk {
  readonly #options: AgentsOptions;
  readonly #cache: BundleCache;
  readonly #contacts: Contacts;
  readonly #waiters = new DesiredWaiters();
  readonly #enrolment: Enrolment;
  readonly #returns: AgentReturns;

  private constructor(options: AgentsOptions, cache: BundleCache) {
    const { directory, store, trees, tools, log, metrics, now, onSite } = options;
    this.#options = options;
    this.#cache = cache;
    this.#contacts = new Contacts({ store, log, now });
    this.#enrolment = new Enrolment({
      store,
      codeLifetime: options.config.codeLifetime,
      allowedSigners: () => tools.allowedSigners(),
      log,
      now,
      onChanged: onSite,
    });
    this.#returns = new AgentReturns({
      directory: join(directory, 'incoming'),
      store,
      trees,
      intake: (request) => tools.intake({ ...request, trees }),
      confirm: (site) => this.#enrolment.confirm(site),
      state: (site) => this.state(site),
      plan: options.plan,
      log,
      metrics,
      now,
      onReturned: onSite,
    });
  }

  /** Opens what is kept on disk, and removes what an earlier process left half done. */
  static async open(options: AgentsOptions): Promise<Agents> {
    const { directory, config, trees, tools } = options;
    const cache = await BundleCache.open({
      directory: join(directory, 'bundles'),
      maxBytes: config.bundleCacheMib * MIB,
      maxFiles: MAX_FILES,
      make: (request) => tools.create({ ...request, trees }),
    });
    const agents = new Agents(options, cache);
    await agents.#returns.prepare();
    return agents;
  }

  async state(site: string, token?: string): Promise<CentreState | undefined> {
    const { store, tools, now } = this.#options;
    const standing = await store.agents.standing(site);
    if (!standing) return undefined;
    const { nextTokenId, sequence, ...rest } = standing;
    const confirmed =
      token !== undefined && nextTokenId === token
        ? await this.#enrolment.confirm(site)
        : undefined;
    return {
      ...rest,
      site,
      sequence: confirmed ? confirmed.lastSequence : (sequence ?? 0),
      now: now(),
      signers: sha256(tools.allowedSigners()),
    };
  }

  contact(site: string, told: { now?: number | undefined; owed?: number | undefined }): void {
    this.#contacts.note(site, told);
  }

  changed(
    site: string,
    options: { desired: string | undefined; patience: number; signal: AbortSignal },
  ): Promise<boolean> {
    return this.#waiters.wait(site, options);
  }

  async bundle(site: string, have: readonly string[]): Promise<BundleFile | undefined> {
    const { store, tools, config, now, metrics } = this.#options;
    const standing = await store.agents.standing(site);
    if (!standing?.desired) return undefined;
    // To the day: all that ask on one day get the same bytes.
    const expires = (Math.floor(now() / DAY) + config.bundleDays + 1) * DAY;
    const request = { site, commit: standing.desired, have, expires, key: tools.key };
    const { bundle, cached } = await this.#cache.get(request);
    metrics.agentBundles.inc({ result: bundle ? (cached ? 'cached' : 'made') : 'none' });
    return bundle;
  }

  receive(site: string, body: ReadableStream<Uint8Array>, by: string): Promise<ReturnAnswer> {
    return this.#returns.receive(site, body, by);
  }

  async signers(): Promise<SignersAnswer> {
    const { tools } = this.#options;
    return { allowedSigners: tools.allowedSigners(), signatures: tools.signatures() };
  }

  enroll(request: EnrollRequest): Promise<EnrollAnswer> {
    return this.#enrolment.enroll(request);
  }

  invite(
    site: string,
    options: { by: string; publicKey?: string | undefined },
  ): ReturnType<Enrolment['invite']> {
    return this.#enrolment.invite(site, options);
  }

  async revoke(site: string, by: string): Promise<void> {
    await this.#enrolment.revoke(site, by);
  }

  async views(rows: readonly SiteRow[]): Promise<Map<string, SiteAgent>> {
    const { store, config, now } = this.#options;
    const delivered = rows.filter(({ delivery }) => delivery === 'agent');
    const names = delivered.map(({ name }) => name);
    const agents = await store.agents.getMany(names);
    const carried = await store.agents.unconfirmedMany(names);
    return new Map(
      delivered.map(({ name, generation }) => {
        const agent = agents.get(name);
        const view = agentView(agent && this.#contacts.fresh(agent), {
          generation,
          carried: carried.get(name)?.length ?? 0,
          now: now(),
          lateAfter: config.lateAfter,
        });
        return [name, view];
      }),
    );
  }

  /** What is desired at a site is this commit: whoever waits for another one is told. */
  desired(site: string, commit: string): void {
    this.#waiters.wake(site, commit);
  }

  forget(site: string): void {
    this.#contacts.forget(site);
    this.#waiters.wake(site, undefined);
  }

  /** Brings the metrics of agents up to date. */
  async refreshMetrics(perSite: boolean): Promise<void> {
    const { store, metrics, config, now } = this.#options;
    const states = { connected: 0, late: 0, never: 0 };
    let lagging = 0;
    let conflicting = 0;
    for (const { site, generation, agent: row } of await store.agents.fleet()) {
      const agent = row && this.#contacts.fresh(row);
      states[contactOf(agent, { now: now(), lateAfter: config.lateAfter })] += 1;
      const lag = lagOf(agent, generation);
      if (lag > 0) lagging += 1;
      if (conflictsOf(agent).length > 0) conflicting += 1;
      const { lastContactAt = null, lastReturnAt = null, owed = null } = agent ?? {};
      const heard = Math.max(lastContactAt ?? 0, lastReturnAt ?? 0) || null;
      if (perSite) metrics.agent(site, { lastContactAt: heard, lag, owed });
    }
    for (const [state, count] of Object.entries(states)) metrics.agentSites.set({ state }, count);
    metrics.agentLaggingSites.set(lagging);
    metrics.agentConflictSites.set(conflicting);
    metrics.agentWaiting.set(this.#waiters.size);
  }

  /** Lets everybody go who waits, and writes what was noted. */
  async stop(): Promise<void> {
    this.#waiters.close();
    await this.#contacts.flush();
  }
}
