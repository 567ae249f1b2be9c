import type { Dashboard, Forge } from '../forge/forge.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { UserError } from '../model/errors.ts';
import { cell, code, codes, count } from '../model/markdown.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { WaitingGroup } from './waiters.ts';

/** Rows of the table; who has more to look at goes to the API. */
const MAX_ROWS = 100;
const MAX_NAMED = 3;
const TITLE = 'What waits at trueup';

export interface DashboardLoopOptions {
  store: Store;
  forge: Forge;
  /** Groups of edits without a proposal, the one that waits longest first. */
  waiting: () => Promise<WaitingGroup[]>;
  /** How often it is brought up to date at most (ms). */
  interval: number;
  log: Logger;
}

/** Keeps an issue on the forge that says which edits wait for their proposal, and why. */
export class DashboardLoop {
  readonly #options: DashboardLoopOptions;
  #told: string | undefined;

  constructor(options: DashboardLoopOptions) {
    this.#options = options;
  }

  async handle(): Promise<Handled> {
    const { store, forge, waiting, interval, log } = this.#options;
    const groups = (await waiting()).filter(({ why }) => why !== undefined);
    const rows = await Promise.all(
      groups.slice(0, MAX_ROWS).map(async (group) => {
        const drifts = await store.drifts.openInGroup(group.groupKey);
        return { ...group, names: [...new Set(drifts.map(({ site }) => site))].toSorted() };
      }),
    );
    const dashboard = dashboardOf(rows, groups.length);
    const word = JSON.stringify(dashboard);
    if (word === this.#told) return { again: interval };
    try {
      await forge.ensureDashboard(dashboard);
    } catch (error) {
      // A repository without issues refuses it again and again; proposals do not hang on it.
      if (!(error instanceof UserError)) throw error;
      log.warn({ error: error.message }, 'could not tell on the forge what waits');
    }
    this.#told = word;
    return { again: interval };
  }
}

/**
 * What the dashboard says; nothing of it changes by itself.
 * @param total groups that wait, if not all of them are among the rows
 */
export function dashboardOf(
  rows: readonly (WaitingGroup & { names: readonly string[] })[],
  total = rows.length,
): Dashboard {
  const lines = rows.map(
    ({ names, since, why = '' }) =>
      `| ${codes([...names], MAX_NAMED)} | ${new Date(since).toISOString().slice(0, 16).replace('T', ' ')} UTC | ${cell(code(why))} |`,
  );
  const more = total - rows.length;
  const table = ['| edited | since | waits, for |', '| --- | --- | --- |', ...lines].join('\n');
  const head =
    total === 0
      ? 'Nothing waits: every edit at a site has its proposal, or needs none.'
      : `**${count(total, 'edit')} ${total === 1 ? 'waits' : 'wait'} for a proposal.** Nothing is lost by it: each is recorded, and stays as it is at its sites. Decide open proposals, and the next ones come.`;
  return {
    title: TITLE,
    body: [head, ...(total > 0 ? [table] : []), ...(more > 0 ? [`and ${more} more`] : [])].join(
      '\n\n',
    ),
    needed: total > 0,
  };
}
