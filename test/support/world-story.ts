import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { Client } from '../../src/cli/client.ts';
import { pageOf, Proposal, Site, Status } from '../../src/server/wire.ts';
import { TOKEN } from './service-process.ts';
import { eventually } from './wait.ts';
import type { World } from './world.ts';

export const STAGES = ['start', 'commit', 'edit', 'merge', 'second edit', 'close', 'end'] as const;
export type Stage = (typeof STAGES)[number];

/** Bound of one wait (ms); kills may come while it lasts, and machines may be busy. */
const PATIENCE = 90_000;

/**
 * The story of `pairPlan`: all is applied, a commit is made, an edit at one site is merged, one at the other closed.
 * It is played by looking, again and again, at what there is, and doing what comes next; so it goes on whatever
 * happens to the controller meanwhile.
 */
export class Story {
  stage: Stage = 'start';
  readonly #world: World;
  readonly #twoFiles: boolean;
  #address = '';

  /** @param options.twoFiles the second edit is one of two files, so that its way back is one as well */
  constructor(world: World, options: { twoFiles?: boolean } = {}) {
    this.#world = world;
    this.#twoFiles = options.twoFiles ?? false;
  }

  /** Where the controller of the moment listens. */
  set address(url: string) {
    this.#address = url;
  }

  async play(): Promise<void> {
    const world = this.#world;
    await this.#until('everything is applied', () => this.#synced());
    this.stage = 'commit';
    await world.commit('Set the clock', {
      'layers/common.yaml': (
        await readFile(join(world.clone, 'layers/common.yaml'), 'utf8')
      ).replace('192.0.2.1', '192.0.2.2'),
    });
    await this.#until('the commit is applied', () => this.#synced());
    this.stage = 'edit';
    await world.edit('lisbon', 'group_vars/all.yml', 'motd: Welcome', 'motd: Back at noon');
    await this.#until('it is proposed', () => this.#decidable('lisbon'));
    this.stage = 'merge';
    await this.#until('it is merged', () => this.#decided('lisbon', 'merge', 'merged'));
    await this.#until('the merge is applied', () => this.#synced());
    this.stage = 'second edit';
    await world.editAtOnce('porto', [
      ['base/files/ntp.conf', '192.0.2.2', '192.0.2.9'],
      ...(this.#twoFiles ? [['README', 'Edits', 'Changes'] as const] : []),
    ]);
    await this.#until('it is proposed', () => this.#decidable('porto'));
    this.stage = 'close';
    await this.#until('it is closed', () => this.#decided('porto', 'close', 'closed'));
    // Whoever looked between the two files found two edits, one after the other.
    await this.#until(
      'everything is in sync',
      async () => (await this.#decided('porto', 'close', 'closed')) && this.#synced(),
    );
    this.stage = 'end';
  }

  /** Waits for what it comes to in the end. */
  async end(): Promise<void> {
    await this.#until('everything is in sync', () => this.#synced());
  }

  async #synced(): Promise<boolean> {
    const { plan, sites } = await this.#client.get('/status', Status);
    if (sites.total !== 2 || sites.byState.synced !== 2) return false;
    return plan.goodRevision === (await this.#world.bare('origin', 'rev-parse', 'main'));
  }

  async #decidable(site: string): Promise<boolean> {
    return (await this.#proposals(site)).some(({ state }) => state === 'open');
  }

  async #decided(site: string, decision: 'merge' | 'close', end: string): Promise<boolean> {
    const proposals = await this.#proposals(site);
    const open = proposals.filter(({ state }) => state === 'open');
    for (const { id } of open) await this.#client.post(`/proposals/${id}/${decision}`, z.unknown());
    return open.length === 0 && proposals.some(({ state }) => state === end);
  }

  async #proposals(site: string): Promise<Proposal[]> {
    const page = await this.#client.get(`/proposals?site=${site}`, pageOf('Page', Proposal));
    return page.items;
  }

  get #client(): Client {
    return new Client(this.#address, TOKEN);
  }

  #until(what: string, look: () => Promise<boolean>): Promise<boolean> {
    return eventually(what, look, {
      patience: PATIENCE,
      tell: async () => [
        await this.#client.get('/sites', pageOf('SitePage', Site)).catch(String),
        await this.#client.get('/proposals', pageOf('Page', Proposal)).catch(String),
      ],
    });
  }
}
