import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import type { ConfigInput } from '../../src/config/schema.ts';
import { CentreState, EnrollAnswer, ReturnAnswer } from '../../src/model/agent-wire.ts';
import type { AgentLimits } from '../../src/server/options.ts';
import { TestService } from './service.ts';
import { plainBundles, SiteSide } from './site-bundles.ts';
import { pairPlan } from './world-plan.ts';
import { World } from './world.ts';

/** A controller with the sites lisbon and porto, which agents deliver to. */
export interface AgentSitesWorld {
  world: World;
  service: TestService;
  bundles: ReturnType<typeof plainBundles>;
  /** Stops the controller and starts it anew on the same data. */
  restart: () => Promise<TestService>;
  /** Enrols the agent of a site, with a key of its own. */
  enrol: (site: string) => Promise<TestAgent>;
}

/** Starts it all; it is gone when the test is over. */
export async function startAgentSites(
  options: { agentLimits?: Partial<AgentLimits>; ui?: string; config?: ConfigInput } = {},
): Promise<AgentSitesWorld> {
  const world = await World.create((hosts) => {
    const files = pairPlan(hosts);
    for (const path of ['sites/lisbon.yaml', 'sites/porto.yaml'])
      files[path] = files[path]!.replace('stacks:', 'delivery: agent\nstacks:');
    return files;
  });
  onTestFinished(() => world.remove());
  const bundles = plainBundles();
  const start = async (): Promise<TestService> => {
    const service = await TestService.start(world, { bundles, ...options });
    onTestFinished(() => service.stop());
    return service;
  };
  const all: AgentSitesWorld = {
    world,
    bundles,
    service: await start(),
    async restart() {
      await all.service.stop();
      all.service = await start();
      return all.service;
    },
    async enrol(site) {
      const { body } = await all.service.api('POST', `/sites/${site}/enrollment`, {});
      const side = await SiteSide.create(site, join(world.root, 'at', randomUUID(), site));
      const response = await fetch(`${all.service.url}/api/v1/enroll`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ code: body.code, publicKey: side.publicKey }),
      });
      const { token } = EnrollAnswer.parse(await response.json());
      return new TestAgent(() => all.service.url, side, token);
    },
  };
  await all.service.until(
    'both sites have something desired',
    async () =>
      (await all.service.store.sites.list({ limit: 10 })).every((row) => row.desiredCommit) &&
      (await all.service.store.sites.names()).length === 2,
  );
  return all;
}

/** An agent as far as the centre sees one. */
export class TestAgent {
  readonly side: SiteSide;
  token: string;
  readonly #url: () => string;

  constructor(url: () => string, side: SiteSide, token: string) {
    this.#url = url;
    this.side = side;
    this.token = token;
  }

  get site(): string {
    return this.side.site;
  }

  ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${this.token}`);
    return fetch(`${this.#url()}/api/v1${path}`, { ...init, headers });
  }

  async nudge(query = ''): Promise<CentreState> {
    const response = await this.ask(`/sites/${this.site}/nudge${query}`);
    return CentreState.parse(await response.json());
  }

  fetchBundle(have: readonly string[] = [], init: RequestInit = {}): Promise<Response> {
    const query = have.length > 0 ? `?have=${have.join(',')}` : '';
    return this.ask(`/sites/${this.site}/bundle${query}`, init);
  }

  /** Fetches what is desired, and takes it in. Returns the desired commit. */
  async pull(): Promise<string> {
    const have = await this.side.ref('desired');
    const response = await this.fetchBundle(have ? [have] : []);
    if (response.status === 204) return have!;
    return this.side.take(new Uint8Array(await response.arrayBuffer()));
  }

  send(bundle: Uint8Array<ArrayBuffer> | string): Promise<Response> {
    return this.ask(`/sites/${this.site}/bundle`, { method: 'POST', body: bundle });
  }

  /** Makes a bundle and sends it. */
  async push(options: Parameters<SiteSide['bundle']>[0] = {}): Promise<ReturnAnswer> {
    const response = await this.send(new Uint8Array(await this.side.bundle(options)));
    if (response.status !== 200) throw new Error(await response.text());
    return ReturnAnswer.parse(await response.json());
  }
}
