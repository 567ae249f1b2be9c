import { createReadStream } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { loadConfig } from '../../../src/config/load.ts';
import { Agents } from '../../../src/controller/agents/agents.ts';
import { openBundleTools } from '../../../src/controller/agents/bundle-tools.ts';
import { recover } from '../../../src/controller/recover.ts';
import { DriftLoop } from '../../../src/drift/drift-loop.ts';
import { SiteStore } from '../../../src/git/site-store.ts';
import type { ReturnAnswer } from '../../../src/model/agent-wire.ts';
import { sha256 } from '../../../src/model/tree.ts';
import type { Plan } from '../../../src/plan/plan.ts';
import { AgentSite } from '../../../src/reconcile/agent-site.ts';
import { DesiredTrees } from '../../../src/reconcile/desired-trees.ts';
import type { DriftRow } from '../../../src/store/rows.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import type { Logger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import { FakeDriver } from '../service.ts';
import type { Fuse } from './fuse.ts';
import { planOf, type PlanValues, type SiteName, SITES } from './plan.ts';

/** Rounds in which the loops come to rest, unless they never do. */
const ROUNDS = 30;
const metrics = createMetrics();
const { agents: config } = await loadConfig({
  env: {},
  overrides: { plan: { url: '/nowhere' } },
});

/** An edit as somebody decided it. */
export interface Decision {
  site: SiteName;
  driftId: string;
  merged: boolean;
}

/** The centre without a forge: what an open drift is proposed as is somebody else's story. */
export class Centre {
  readonly store: Store;
  readonly trees: SiteStore;
  agents!: Agents;
  readonly #fuse: Fuse;
  readonly #log: Logger;
  readonly #due = new Set<string>();
  readonly #unjudged = new Set<string>();
  #plan!: Plan;
  #agentSite!: AgentSite;
  #drift!: DriftLoop;
  #desired!: DesiredTrees;

  private constructor(store: Store, trees: SiteStore, fuse: Fuse, log: Logger) {
    this.store = fuse.through(store);
    this.trees = fuse.through(trees);
    this.#fuse = fuse;
    this.#log = log;
  }

  static async open(directory: string, fuse: Fuse, log: Logger): Promise<Centre> {
    await mkdir(directory, { recursive: true });
    const store = await openStore({ file: join(directory, 'trueup.sqlite') });
    const trees = await SiteStore.open({ directory: join(directory, 'sites.git') });
    const centre = new Centre(store, trees, fuse, log);
    await centre.#wire(directory);
    return centre;
  }

  async #wire(directory: string): Promise<void> {
    const { store, trees } = this;
    const log = this.#log;
    const now = Date.now;
    const tools = await openBundleTools(directory, { bytes: 2 ** 26 });
    const { sign } = tools;
    await recover({ store, trees, driver: new FakeDriver(), log, now });
    this.agents = await Agents.open({
      directory,
      config,
      store,
      trees,
      tools,
      log,
      metrics,
      now,
      plan: () => this.#plan,
      onSite: (site) => void this.#due.add(site),
    });
    this.#desired = new DesiredTrees({ store, trees, log, metrics, now, sign });
    this.#agentSite = new AgentSite({
      store,
      trees,
      sign,
      issue: (work) => work(),
      log,
      now,
      onDesired: (site, commit) => this.agents.desired(site, commit),
      onSettled: (site) => void this.#unjudged.add(site),
      onApplied: () => undefined,
    });
    this.#drift = new DriftLoop({
      store,
      trees,
      plan: () => ({ revision: this.#revision, plan: this.#plan }),
      log,
      metrics,
      now,
      onProposal: () => undefined,
      onGroup: () => undefined,
      onRevert: (site) => void this.#due.add(site),
    });
  }

  #revision = '';

  /** The plan that is in force from now on. */
  async revise(values: PlanValues): Promise<void> {
    this.#plan = planOf(values);
    this.#revision = sha256(JSON.stringify(values)).slice(0, 40);
    await this.#desired.render(this.#plan, this.#revision, SITES);
    for (const site of SITES) this.#due.add(site);
  }

  /** Lets the loops work until there is nothing left to be done. */
  async settle(): Promise<void> {
    for (let round = 0; this.#due.size + this.#unjudged.size > 0; round += 1) {
      if (round > ROUNDS) throw new Error('the loops of the centre do not come to rest');
      for (const site of this.#due.values().toArray()) {
        this.#due.delete(site);
        if ((await this.#agentSite.handle(site))?.again !== undefined) this.#due.add(site);
      }
      for (const site of this.#unjudged.values().toArray()) {
        this.#unjudged.delete(site);
        if ((await this.#drift.handle(site))?.again !== undefined) this.#unjudged.add(site);
      }
    }
  }

  openDrifts(site: SiteName): Promise<DriftRow[]> {
    return this.store.drifts.open(site);
  }

  /** What the end of a proposal writes; of a merge, when its revision is in force. False: nobody waits for it. */
  async decide({ site, driftId, merged }: Decision): Promise<boolean> {
    const { store } = this;
    const done = await store.transaction(async (tx) => {
      const decision = merged ? 'adopted' : 'rejected';
      const first = await tx.drifts.decide(driftId, decision, 'olga', Date.now());
      if (first && !merged)
        await tx.sites.update(site, { applyForced: true, applyReason: 'back to the plan' });
      return first;
    });
    this.#due.add(site);
    return done;
  }

  /** Writes the bundle for a site to a file. False: it has it all. */
  async bundle(site: SiteName, have: readonly string[], to: string): Promise<boolean> {
    const bundle = await this.agents.bundle(site, have);
    if (bundle) await copyFile(bundle.path, to);
    return bundle !== undefined;
  }

  async receive(site: SiteName, file: string): Promise<ReturnAnswer> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const body = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
    return this.agents.receive(site, body, 'test');
  }

  /** Ends it, in good order unless it was killed. */
  async close(): Promise<void> {
    if (!this.#fuse.blown) await this.agents.stop();
    await this.trees.close();
    await this.store.close();
  }
}
