import { desiredMessage, type SiteCommit, type SiteStore } from '../git/site-store.ts';
import { turns } from '../loop/turns.ts';
import { InvalidInput } from '../model/errors.ts';
import { formatProblem } from '../model/problem.ts';
import { missingText, NotGathered } from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import { type RenderedSite, renderSite, withManifest } from '../render/render.ts';
import { runPlan } from '../render/run-plan.ts';
import type { SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { carriedNeeds, notGathered } from './exporters.ts';

/** Sites rendered and written together. */
const BATCH = 500;
const TRUEUP = { name: 'trueup', email: 'trueup@localhost' };
/** How a hold begins that the plan itself caused; it goes when the plan renders there again. */
const UNRENDERABLE = 'the plan does not render here';

export interface DesiredTreesOptions {
  trees: SiteStore;
  store: Store;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** Signs what is desired at sites with an agent. */
  sign?: ((payload: Buffer) => string) | undefined;
  /** What issues desired trees does so one after the other: each follows the one before. */
  issue?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A ref that is to follow what the database says is desired. */
interface DesiredMove {
  site: string;
  ref: 'desired';
  to: string;
}

/** What became of the sites of one batch. */
interface Outcome {
  rendered: { site: string; digest: string }[];
  /** Of those, the ones whose tree is another than before, in the order of their commits. */
  differ: { site: string; digest: string }[];
  failed: { name: string; problem: string }[];
  waiting: { name: string; waitsFor: string }[];
}

/** Renders sites and makes what differs from before their desired tree. */
export class DesiredTrees {
  readonly #options: DesiredTreesOptions;

  constructor(options: DesiredTreesOptions) {
    this.#options = options;
  }

  /**
   * Renders the named sites of the plan as it is at a revision. Sites that do not render are held, those that wait
   * for others stay as they are.
   * @returns the sites whose tree is another one now
   */
  async render(plan: Plan, revision: string, names: readonly string[]): Promise<string[]> {
    const { trees, issue = (work) => work() } = this.#options;
    const moves: DesiredMove[] = [];
    try {
      for (let at = 0; at < names.length; at += BATCH) {
        const batch = names.slice(at, at + BATCH);
        moves.push(...(await issue(() => this.#renderBatch(plan, revision, batch))));
      }
    } finally {
      // All of them together: what is in the database is to be in the refs, however far we came.
      trees.followRefs(moves);
    }
    return moves.map(({ site }) => site);
  }

  async #renderBatch(
    plan: Plan,
    revision: string,
    names: readonly string[],
  ): Promise<DesiredMove[]> {
    const { store, trees, metrics } = this.#options;
    const rows = await store.sites.getMany(names);
    const outcome: Outcome = { rendered: [], differ: [], failed: [], waiting: [] };
    const commits = await trees.writeCommits(
      this.#commits({ plan, revision, names, rows, outcome }),
    );
    const { rendered, differ, failed, waiting } = outcome;
    metrics.renderedSites.inc({ result: 'success' }, rendered.length);
    metrics.renderedSites.inc({ result: 'error' }, failed.length);
    await this.#holdUnrenderable(plan, revision, failed);
    await this.#letWait(plan, waiting, rows);
    const commitOf = new Map(differ.map(({ site }, index) => [site, commits[index]!]));
    await this.#record({ plan, revision, rows, outcome, commitOf });
    return differ.map(({ site }) => ({ site, ref: 'desired', to: commitOf.get(site)! }));
  }

  /**
   * The commits of what differs. A tree is rendered when it is about to be written, and forgotten then: trees that
   * are kept for a while are what the garbage collector would be busy with.
   */
  async *#commits(of: {
    plan: Plan;
    revision: string;
    names: readonly string[];
    rows: ReadonlyMap<string, SiteRow>;
    outcome: Outcome;
  }): AsyncGenerator<SiteCommit> {
    const { plan, revision, names, rows, outcome } = of;
    const { store, sign, now } = this.#options;
    const hasAgent = (site: string) => plan.sites.get(site)?.delivery === 'agent';
    const decided = await store.agents.unconfirmedMany(names.filter(hasAgent));
    const time = now();
    const pause = turns();
    for (const site of names) {
      await pause();
      const one = rendered(plan, site, outcome);
      const row = rows.get(site);
      if (!one || row?.desiredDigest === one.digest) continue;
      outcome.differ.push({ site, digest: one.digest });
      const generation = (row?.generation ?? 0) + 1;
      const run = runPlan(plan, site);
      yield {
        site,
        files: withManifest(one, { plan: plan.name, revision, generation, run }),
        parents: row?.desiredCommit ? [row.desiredCommit] : [],
        message: desiredMessage({ revision, site, generation, decided: decided.get(site) ?? [] }),
        author: TRUEUP,
        time,
        sign: hasAgent(site) ? sign : undefined,
      };
    }
  }

  /** One site's fault is that site's alone: it stays as it is, held, and says why (law 10). */
  async #holdUnrenderable(
    plan: Plan,
    revision: string,
    failed: readonly { name: string; problem: string }[],
  ): Promise<void> {
    const { store, log } = this.#options;
    await store.sites.upsertMany(
      failed.map(({ name, problem }) => ({
        ...siteColumns(plan, name),
        hold: `${UNRENDERABLE}: ${problem}`,
        message: `held: the plan at ${revision.slice(0, 10)} does not render here: ${problem}`,
        removedAt: null,
      })),
    );
    for (const { name, problem } of failed)
      log.error({ site: name, revision, problem }, UNRENDERABLE);
  }

  /** Sites that others have to gather something for stay as they are until it is there: nothing is wrong with them. */
  async #letWait(
    plan: Plan,
    waiting: readonly { name: string; waitsFor: string }[],
    rows: ReadonlyMap<string, SiteRow>,
  ): Promise<void> {
    const { store, log } = this.#options;
    await store.sites.upsertMany(
      waiting.map(({ name, waitsFor }) => ({
        ...siteColumns(plan, name),
        ...(rows.get(name)?.hold?.startsWith(UNRENDERABLE) ? { hold: null } : {}),
        waitsFor,
        message: `waits for ${waitsFor}`,
        removedAt: null,
      })),
    );
    for (const { name, waitsFor } of waiting) log.info({ site: name, waitsFor }, 'a site waits');
  }

  /** Writes down what is desired now at the sites that rendered. */
  async #record(of: {
    plan: Plan;
    revision: string;
    rows: ReadonlyMap<string, SiteRow>;
    outcome: Outcome;
    commitOf: ReadonlyMap<string, string>;
  }): Promise<void> {
    const { plan, revision, rows, outcome, commitOf } = of;
    const { store } = this.#options;
    const before = outcome.differ.flatMap(({ site }) => rows.get(site) ?? []);
    const needs = await carriedNeeds(store, plan, before);
    await store.sites.upsertMany(
      outcome.rendered.map(({ site, digest }) => {
        const row = rows.get(site);
        const commit = commitOf.get(site);
        return {
          ...siteColumns(plan, site),
          removedAt: null,
          ...(row?.hold?.startsWith(UNRENDERABLE) ? { hold: null } : {}),
          waitsFor: notGathered(plan, site),
          ...(row?.waitsFor && row.appliedCommit === row.desiredCommit
            ? { message: `in sync at revision ${row.desiredRevision?.slice(0, 10)}` }
            : {}),
          ...(commit
            ? {
                generation: (row?.generation ?? 0) + 1,
                desiredCommit: commit,
                desiredDigest: digest,
                desiredRevision: revision,
                needs: needs.get(site) ?? [],
                message: `waits to be applied at revision ${revision.slice(0, 10)}`,
              }
            : {}),
        };
      }),
    );
  }
}

/** A site as the plan renders it; undefined, with the reason in the outcome, where it does not. */
function rendered(plan: Plan, site: string, outcome: Outcome): RenderedSite | undefined {
  try {
    const one = renderSite(plan, site);
    outcome.rendered.push({ site, digest: one.digest });
    return one;
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    if (error instanceof NotGathered)
      outcome.waiting.push({ name: site, waitsFor: missingText(error.missing) });
    else outcome.failed.push({ name: site, problem: formatProblem(error.problems[0]!) });
    return undefined;
  }
}

function siteColumns(
  plan: Plan,
  name: string,
): Pick<SiteRow, 'name' | 'labels' | 'stacks' | 'delivery'> {
  const { labels, stacks, delivery } = plan.sites.get(name)!;
  return { name, labels, stacks, delivery };
}
