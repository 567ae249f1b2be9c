import type { PlanRepository } from '../git/plan-repository.ts';
import type { SiteStore } from '../git/site-store.ts';
import { UserError } from '../model/errors.ts';
import { code, codes, count } from '../model/markdown.ts';
import { formatProblem } from '../model/problem.ts';
import { sha256, type SiteTree } from '../model/tree.ts';
import { gatheredDigest } from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import { contentHash } from '../render/digest.ts';
import { renderSite } from '../render/render.ts';
import type { SiteOutcome, UntrustedRenderer } from '../render/worker/untrusted-renderer.ts';
import type { DriftRow } from '../store/rows.ts';

/** Verdicts that are kept; each is a sentence or two. */
const MAX_KEPT = 200;
/** The trial merge is a commit that nobody sees, so that its time may be any. */
const WORDS = {
  message: 'Try\n',
  author: { name: 'trueup', email: 'trueup@localhost' },
  time: 0,
};

export interface VerdictsOptions {
  repository: PlanRepository;
  trees: SiteStore;
  renderer: Pick<UntrustedRenderer, 'run'>;
  /** Folder of the repository that the plan is in; empty: its top. */
  path: string;
  /** How long rendering may take (ms). */
  timeout: number;
  /** The plan in force. */
  plan: () => { revision: string; plan: Plan } | undefined;
}

/**
 * Says what commits of other people would make of edited sites. Nobody has reviewed them, so that they are rendered in
 * a thread of their own, within its limits.
 */
export class Verdicts {
  readonly #options: VerdictsOptions;
  /** What was said, by all that it follows from: a proposal is looked at again and again. */
  readonly #known = new Map<string, string>();

  constructor(options: VerdictsOptions) {
    this.#options = options;
  }

  /**
   * How the sites of drifts would render once a commit was merged into the plan in force, or why that cannot be said;
   * in sentences, as Markdown.
   * @param commit what somebody wants merged; of the plan's repository
   * @returns undefined where it was aborted
   */
  async of(
    commit: string,
    drifts: readonly DriftRow[],
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    const current = this.#options.plan();
    if (!current) return 'No plan is in force, so that nothing can be said of it.';
    const edits = drifts.map(({ site, editCommit, paths }) => [site, editCommit, paths]);
    const gathered = gatheredDigest(current.plan.gathered);
    const key = sha256(JSON.stringify([commit, current.revision, gathered, edits]));
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const said = await this.#find(commit, drifts, current, signal);
    if (said === undefined) return undefined;
    if (this.#known.size >= MAX_KEPT) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, said);
    return said;
  }

  async #find(
    commit: string,
    drifts: readonly DriftRow[],
    { revision, plan }: { revision: string; plan: Plan },
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const { repository, trees, renderer, path, timeout } = this.#options;
    const merged = await repository.mergeCommit({ base: revision, head: commit, ...WORDS });
    if ('conflicts' in merged)
      return `It conflicts with the plan in ${codes(merged.conflicts, 5)}.`;
    const previous = { commit: revision, files: plan.files };
    let read: Awaited<ReturnType<PlanRepository['readFiles']>>;
    try {
      read = await repository.readFiles(merged.commit, { path, previous });
    } catch (error) {
      // Too many files, or too large ones: as the plan loop would say once it is merged.
      if (error instanceof UserError) return `Merged, it cannot be read: ${code(error.message)}.`;
      throw error;
    }
    const { ended, problems, sites } = await renderer.run({
      plan: read,
      base: { files: plan.files },
      gathered: plan.gathered,
      sites: [...new Set(drifts.map(({ site }) => site))],
      timeout,
      ...(signal ? { signal } : {}),
    });
    if (ended === 'aborted') return undefined;
    if (problems.length > 0) {
      const problem = code(formatProblem(problems[0]!));
      return ended === 'done'
        ? `Merged, the plan would not be valid: ${problem}.`
        : `Merged, the plan cannot be rendered, so that nothing can be said of it: ${problem}.`;
    }
    const outcomes = new Map(sites.map((outcome) => [outcome.site, outcome]));
    const not: string[] = [];
    for (const { site, editCommit, paths } of drifts) {
      const observed = await trees.readTree(editCommit);
      if (!isAsFound(outcomes.get(site), plan, observed, paths)) not.push(site);
    }
    return not.length === 0
      ? `Rendered again as it is now: ${count(drifts.length, 'site')} as found, byte for byte.`
      : `Rendered again as it is now: **${count(not.length, 'site')} would not be as found there** (${codes(not, 5)}); what differs stays an open edit of theirs.`;
  }
}

/** Whether a site rendered, at all of these paths, what was found there (law 3). */
function isAsFound(
  outcome: SiteOutcome | undefined,
  plan: Plan,
  observed: SiteTree,
  paths: readonly string[],
): boolean {
  if (!outcome || outcome.digest === null) return false;
  const { site, baseDigest, changes } = outcome;
  const before: SiteTree = baseDigest === null ? new Map() : renderSite(plan, site).tree;
  const changed = new Map(changes.map((change) => [change.path, change.after]));
  return paths.every((path) => {
    const old = before.get(path);
    const rendered = changed.has(path)
      ? changed.get(path)
      : old && { mode: old.mode, sha256: contentHash(old) };
    const found = observed.get(path);
    if (!rendered || !found) return !rendered && !found;
    return rendered.mode === found.mode && rendered.sha256 === contentHash(found);
  });
}
