import { createHash } from 'node:crypto';

import type { Handled } from '../loop/keyed-loop.ts';
import type { CentreState } from '../model/agent-wire.ts';
import { messageOf } from '../model/errors.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { CentreClient } from './centre-client.ts';
import type { Exchange } from './exchange.ts';
import { recall, remember } from './memory.ts';
import type { AgentSettings } from './settings.ts';

export interface CentreLoopsOptions {
  site: string;
  client: CentreClient;
  exchange: Exchange;
  store: Store;
  settings: AgentSettings['sync'];
  /** Takes keys in that the centre signs with from now on, if one that is trusted says so. */
  trustSigners: (text: string, signatures: readonly string[]) => Promise<void>;
  allowedSigners: () => Promise<string>;
  log: Logger;
  now: () => number;
  random: () => number;
  onDesired: () => void;
  /** The centre may lack something that is here. */
  onOwed: () => void;
}

/** What an agent does with its centre: asks for what is desired, and brings back what the centre does not have. */
export class CentreLoops {
  readonly #options: CentreLoopsOptions;

  constructor(options: CentreLoopsOptions) {
    this.#options = options;
  }

  /** Asks for what is desired; the question stays open until there is something new. */
  async pull(signal: AbortSignal): Promise<Handled> {
    return unlessStopped(signal, () => this.#pull(signal));
  }

  /** Brings back what the centre does not have. */
  async push(signal: AbortSignal): Promise<Handled> {
    return unlessStopped(signal, () => this.#push(signal));
  }

  async #pull(signal: AbortSignal): Promise<Handled> {
    const { site, client, exchange, store, settings, now, random } = this.#options;
    const before = await store.sites.get(site);
    const owed = await exchange.owed();
    const state = await this.#contact(signal, () =>
      client.nudge(site, {
        desired: before?.desiredCommit ?? null,
        wait: settings.wait,
        now: now(),
        owed,
        signal,
      }),
    );
    await this.#know(state);
    await this.#learnSigners(state);
    const row = await store.sites.get(site);
    if (state.desired !== null && state.desired !== row?.desiredCommit) {
      const file = exchange.fileFor('in');
      const have = [row?.desiredCommit, row?.observedCommit].filter((id) => typeof id === 'string');
      if (await client.fetchBundle(site, have, file, signal)) {
        try {
          if (await exchange.take(file)) this.#options.onDesired();
        } finally {
          await exchange.discard(file);
        }
      }
    }
    // The question was kept open: it can be put again soon. Otherwise, not all agents at once.
    const pause = settings.wait > 0 ? Math.min(1000, settings.interval) : settings.interval;
    return { again: pause * (0.75 + random() / 2) };
  }

  async #push(signal: AbortSignal): Promise<Handled> {
    const { site, client, exchange, store, log } = this.#options;
    await exchange.report();
    if (!(await this.#lacks())) return undefined;
    const file = exchange.fileFor('out');
    try {
      const made = await exchange.give(file);
      if (!made) return undefined;
      const answer = await this.#contact(signal, () => client.sendBundle(site, file, signal));
      await this.#know(answer);
      if (!answer.accepted) {
        // This is an older copy of a site that went on: its next bundle counts on from there.
        await remember(store, 'sequence', Math.max(answer.sequence, made.sequence));
        return { again: 0 };
      }
      log.info({ bytes: made.bytes, sequence: made.sequence }, 'told the centre');
    } finally {
      await exchange.discard(file);
    }
    return (await this.#lacks()) ? { again: 0 } : undefined;
  }

  async #lacks(): Promise<boolean> {
    const { site, store } = this.#options;
    const row = await store.sites.get(site);
    const centre = await recall(store, 'centre');
    const results = (await recall(store, 'results')) ?? null;
    if (!row || !centre) return row !== undefined;
    return row.observedCommit !== centre.observed || results !== centre.results;
  }

  /** Notes how the talk with the centre went. */
  async #contact<T>(signal: AbortSignal, talk: () => Promise<T>): Promise<T> {
    const { store, now, log } = this.#options;
    const before = await recall(store, 'contact');
    try {
      const answer = await talk();
      await remember(store, 'contact', { at: now(), error: null });
      return answer;
    } catch (error) {
      if (signal.aborted) throw error;
      const at = before?.at ?? 0;
      if (before?.error !== messageOf(error)) log.warn({ error: messageOf(error) }, 'no contact');
      await remember(store, 'contact', { at, error: messageOf(error) });
      throw error;
    }
  }

  async #know(state: CentreState): Promise<void> {
    const { store, onOwed } = this.#options;
    const { site, desired, generation, observed, applied, results, sequence, now, signers } = state;
    await remember(store, 'centre', {
      site,
      desired,
      generation,
      observed,
      applied,
      results,
      sequence,
      now,
      signers,
    });
    if (await this.#lacks()) onOwed();
  }

  async #learnSigners({ site, signers }: CentreState): Promise<void> {
    const { client, allowedSigners, trustSigners } = this.#options;
    const known = createHash('sha256')
      .update(await allowedSigners())
      .digest('hex');
    if (signers === '' || signers === known) return;
    const answer = await client.signers(site);
    await trustSigners(answer.allowedSigners, answer.signatures);
  }
}

/** That the agent ends in the middle of a talk is no fault of anybody's. */
async function unlessStopped(signal: AbortSignal, work: () => Promise<Handled>): Promise<Handled> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}
