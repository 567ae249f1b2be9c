import { inWindows, readWindows } from '../model/windows.ts';
import type { Store } from '../store/store.ts';
import { calm, type CalmLimits, type Waiting, waitingText } from './calm.ts';

const HOUR = 3_600_000;

/** A group of drifts that has no proposal yet. */
export interface WaitingGroup {
  groupKey: string;
  sites: number;
  /** When its oldest edit was found (ms since 1970). */
  since: number;
  /** What it waits for, in words; undefined: its proposal is on its way. */
  why: string | undefined;
}

/** Says which edits wait for their proposal, and why. */
export class Waiters {
  readonly #store: Store;
  readonly #limits: CalmLimits;
  readonly #windows: ReturnType<typeof readWindows>;
  readonly #timeZone: string;
  readonly #now: () => number;

  /**
   * @param options.windows times of the week at which proposals are made (see `readWindows`)
   * @throws UserError if they cannot be read
   */
  constructor(options: {
    store: Store;
    limits: CalmLimits;
    windows: string;
    timeZone: string;
    now: () => number;
  }) {
    this.#store = options.store;
    this.#limits = options.limits;
    this.#windows = readWindows(options.windows);
    this.#timeZone = options.timeZone;
    this.#now = options.now;
  }

  /** Why a group gets no proposal yet; undefined if it may have one. */
  async why(groupKey: string): Promise<Waiting | undefined> {
    const groups = await this.#store.drifts.waitingGroups();
    const at = groups.findIndex((group) => group.groupKey === groupKey);
    return (await this.#judge())(Math.max(0, at));
  }

  /** Every group that waits, the one that waits longest first. */
  async list(): Promise<WaitingGroup[]> {
    const judge = await this.#judge();
    const groups = await this.#store.drifts.waitingGroups();
    return groups.map((group, ahead) => {
      const why = judge(ahead);
      return { ...group, why: why && waitingText(why, this.#limits) };
    });
  }

  async #judge(): Promise<(ahead: number) => Waiting | undefined> {
    const now = this.#now();
    const { pending, open } = await this.#store.proposals.countByState();
    const facts = {
      limits: this.#limits,
      open: pending + open,
      made: await this.#store.proposals.createdSince(now - HOUR),
      inWindow: inWindows(this.#windows, now, this.#timeZone),
      now,
    };
    return (ahead) => calm({ ...facts, ahead });
  }
}
