import { v7 as uuidv7 } from 'uuid';

import { fleetKey } from '../backport/fleet.ts';
import type { SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { driftFingerprint } from '../model/proposal.ts';
import { Redactor } from '../model/redact.ts';
import { changedPaths, type SiteTree } from '../model/tree.ts';
import { missingImports } from '../plan/exports.ts';
import type { Plan } from '../plan/plan.ts';
import { secretValuesIn } from '../plan/secrets.ts';
import { renderSite } from '../render/render.ts';
import { editMessage } from '../runner/working-copy/edit-words.ts';
import { editsAt } from '../runner/working-copy/edits-at.ts';
import { mergeTrees } from '../runner/working-copy/merge.ts';
import type { DriftRow, FoundDrift, NewDrift, SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { endOf, recordEndings } from './endings.ts';
import { type Judged, judgeEdits, type Judgement } from './judge.ts';

/** Come back when the plan loop may have finished with the site (ms). */
const SOON = 250;
/** Characters of an operator's words that are kept. */
const MAX_WORDS = 2_000;
/** Authors of one edit that are named. */
const MAX_AUTHORS = 3;
const NOTHING: Judgement = { propose: [], revert: [], ignored: [] };

export interface DriftLoopOptions {
  store: Store;
  trees: SiteStore;
  plan: () => { revision: string; plan: Plan } | undefined;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  onProposal: (id: string) => void;
  /** Drifts of this group want a proposal, or one of them has moved on. */
  onGroup: (groupKey: string) => void;
  /** The site goes back to the plan. */
  onRevert: (site: string) => void;
}

/** An edit as it is to be found among the site's drifts. */
interface Found extends Judged, FoundDrift {
  groupKey: string;
}

/** The drift loop: judges each edit that stands at one site, and finds out at which others the same was made. */
export class DriftLoop {
  readonly #options: DriftLoopOptions;

  constructor(options: DriftLoopOptions) {
    this.#options = options;
  }

  async handle(site: string): Promise<Handled> {
    const { store, trees, plan, onRevert } = this.#options;
    const row = await store.sites.get(site);
    const current = plan();
    // An edit is judged against the tree that the working copy was brought to, not one still on its way.
    if (!row?.observedCommit || !row.desiredCommit || row.baseCommit !== row.desiredCommit)
      return undefined;
    if (row.removedAt !== null || !current?.plan.sites.has(site)) return undefined;
    const open = (await store.drifts.open(site)).filter(({ kind }) => kind === 'tree');
    const isDesired = row.observedDigest === row.desiredDigest;
    const owed = isDesired && row.delivery === 'push' ? [] : await store.drifts.owed(site);
    if (isDesired && open.length + owed.length === 0) return undefined;
    const desired = await trees.readTree(row.desiredCommit);
    if (isDesired) return this.#record(row, desired, NOTHING, []);

    // A working copy of ours does at once what was decided; of an agent's we hear when it has.
    if (row.delivery === 'push' && owed.length > 0) {
      onRevert(site);
      return undefined;
    }
    // While it waits for others to gather something, what is desired is of an earlier revision.
    if (missingImports(current.plan, site).some(({ from }) => from !== site)) return undefined;
    const rendered = renderSite(current.plan, site);
    if (rendered.digest !== row.desiredDigest) return { again: SOON };

    const standing = { base: row.desiredCommit, observed: row.observedCommit };
    const edits = await editsAt(trees, standing);
    const judgement = judgeEdits(current.plan, site, desired, edits);
    if (judgement.revert.length > 0) return this.#revertByPolicy(row, judgement.revert);
    const found: Found[] = [];
    for (const judged of judgement.propose) {
      const known = open.find((drift) => stands(drift, judged, row));
      const facts = known ?? (await this.#write(row, current.plan, judged));
      const groupKey = known?.groupKey ?? fleetKey(current.plan, site, desired, judged.tree);
      found.push({ ...judged, ...factsOf(facts), groupKey });
    }
    return this.#record(row, desired, judgement, found);
  }

  /**
   * Writes the edit's own tree as a commit: from then on it is read and compared like any other, whatever else becomes
   * of the site. The same edit always gives the same commit.
   */
  async #write(
    row: SiteRow,
    plan: Plan | undefined,
    { edit, tree, paths }: Judged,
  ): Promise<FoundDrift> {
    const { name: site, desiredCommit, observedCommit } = row;
    const words = new Redactor(secretValuesIn(plan, site, tree)).redact(edit.message);
    const author = edit.authors.slice(0, MAX_AUTHORS).join(', ') || 'unknown';
    const [editCommit] = await this.#options.trees.writeCommits([
      {
        site,
        files: tree,
        parents: [desiredCommit!],
        message: editMessage(site, paths, words),
        author: { name: author, email: `${edit.authors[0] ?? 'unknown'}@${site}` },
        time: edit.time,
      },
    ]);
    return {
      baseCommit: desiredCommit!,
      observedCommit: edit.commits.at(-1) ?? observedCommit!,
      editCommit: editCommit!,
      foundIn: observedCommit!,
      author,
      message: words.slice(0, MAX_WORDS),
    };
  }

  async #revertByPolicy(row: SiteRow, parts: readonly Judged[]): Promise<Handled> {
    const { store, plan, now, onRevert, log } = this.#options;
    for (const judged of parts) {
      const { paths, contentKey } = judged;
      const facts = await this.#write(row, plan()?.plan, judged);
      await store.transaction(async (tx) => {
        const times = await tx.drifts.countDecided(row.name, contentKey);
        const drift = newDrift(row, { ...judged, ...facts }, times, now());
        const { drift: inserted } = await tx.drifts.insertIfAbsent(drift);
        await tx.drifts.decide(inserted.id, 'rejected', 'policy', now());
        await tx.sites.update(row.name, {
          applyForced: true,
          applyReason: `back to the plan by its drift policy (${drift.fingerprint})`,
        });
        await tx.audit.append({
          at: now(),
          actor: 'policy',
          action: 'drift.reverted',
          subject: row.name,
          detail: { paths },
        });
      });
      log.info(
        { site: row.name, paths },
        'the edit goes back by the drift policy; it is kept in the history',
      );
    }
    onRevert(row.name);
    return undefined;
  }

  /**
   * Brings the site's open drifts in line with the edits that were found: keeps those that stand, opens those that are
   * new, and ends those that are gone.
   */
  async #record(
    row: SiteRow,
    desired: SiteTree,
    judgement: Judgement,
    found: readonly Found[],
  ): Promise<Handled> {
    const { store, metrics, log, onGroup, onProposal, onRevert } = this.#options;
    const site = row.name;
    const overtaken = await this.#overtaken(row, desired, found);
    const recorded = await store.transaction(async (tx) => {
      const now = await tx.sites.get(site);
      if (now?.observedCommit !== row.observedCommit || now?.baseCommit !== row.baseCommit)
        return undefined;
      // A decision that came meanwhile is about one of these very edits.
      const owed = await tx.drifts.owed(site);
      if (row.delivery === 'push' && owed.length > 0) return { decided: true } as const;
      const open = (await tx.drifts.open(site)).filter(({ kind }) => kind === 'tree');
      const decided = new Set(owed.map(({ contentKey }) => contentKey));
      const keys = new Set(found.map(({ contentKey }) => contentKey));
      await tx.drifts.setCarriedOut(
        owed.filter(({ contentKey }) => !keys.has(contentKey)).map(({ id }) => id),
      );
      const gone = open.filter(({ contentKey }) => !keys.has(contentKey));
      const endings = gone.map((drift) => endOf(drift, { found, judgement, overtaken }));
      const ended = await recordEndings(tx, endings, this.#options.now());
      const opened: DriftRow[] = [];
      const kept: DriftRow[] = [];
      const standing = open.filter(({ contentKey }) => keys.has(contentKey));
      const groups = new Set(standing.map(({ groupKey }) => groupKey));
      for (const one of found) {
        if (decided.has(one.contentKey)) continue;
        const same = standing.find(({ contentKey }) => contentKey === one.contentKey);
        if (same) {
          if (!isUpToDate(same, one)) await tx.drifts.follow(same.id, factsOf(one));
          kept.push(same);
          continue;
        }
        const times = await tx.drifts.countDecided(site, one.contentKey);
        const drift = newDrift(row, one, times, this.#options.now());
        // A group has each site once.
        const groupKey = groups.has(one.groupKey)
          ? `${one.groupKey}/${drift.fingerprint}`
          : one.groupKey;
        groups.add(groupKey);
        const { drift: made, inserted } = await tx.drifts.insertIfAbsent({ ...drift, groupKey });
        (inserted ? opened : kept).push(made);
      }
      return { decided: false, ended, opened, kept } as const;
    });
    if (!recorded) return { again: 0 };
    if (recorded.decided) {
      onRevert(site);
      return undefined;
    }
    const { ended, opened, kept } = recorded;
    for (const { drift, status } of ended) {
      log.info({ site, drift: drift.fingerprint, status }, 'a drift needs no decision any more');
      if (drift.proposalId) onProposal(drift.proposalId);
      else onGroup(drift.groupKey);
    }
    for (const { paths, fingerprint } of opened) {
      metrics.driftDetected.inc({ kind: 'tree' });
      log.info({ site, paths, drift: fingerprint }, 'the site was edited');
    }
    if (ended.length + opened.length > 0) await this.#countOpen();
    for (const { groupKey } of [...opened, ...kept]) onGroup(groupKey);
    return undefined;
  }

  /** The open drifts that are gone because the plan says the same by itself now. */
  async #overtaken(
    row: SiteRow,
    desired: SiteTree,
    found: readonly Found[],
  ): Promise<ReadonlySet<string>> {
    const { store, trees } = this.#options;
    const overtaken = new Set<string>();
    for (const drift of await store.drifts.open(row.name)) {
      if (drift.kind !== 'tree' || drift.baseCommit === row.desiredCommit) continue;
      if (found.some(({ contentKey }) => contentKey === drift.contentKey)) continue;
      const was = await trees.readTree(drift.baseCommit);
      const edit = await trees.readTree(drift.editCommit);
      const isMoved = changedPaths(was, desired).some((path) => drift.paths.includes(path));
      // Where the plan says something else of the same lines, it did not come to the edit.
      const { tree, conflicts } = mergeTrees(was, desired, edit);
      if (isMoved && conflicts.length === 0 && changedPaths(desired, tree).length === 0)
        overtaken.add(drift.id);
    }
    return overtaken;
  }

  async #countOpen(): Promise<void> {
    const { store, metrics } = this.#options;
    const { count, oldest } = await store.drifts.countOpen('tree');
    metrics.driftOpen.set({ kind: 'tree' }, count);
    metrics.driftOldest.set(oldest === null ? 0 : oldest / 1000);
  }
}

function factsOf(found: FoundDrift): FoundDrift {
  const { baseCommit, observedCommit, editCommit, foundIn, author, message } = found;
  return { baseCommit, observedCommit, editCommit, foundIn, author, message };
}

/** Whether a drift was found as it is when the site was looked at before, and nothing has moved since. */
function stands(drift: DriftRow, { contentKey }: Judged, row: SiteRow): boolean {
  return (
    drift.contentKey === contentKey &&
    drift.foundIn === row.observedCommit &&
    drift.baseCommit === row.desiredCommit
  );
}

function isUpToDate(drift: DriftRow, found: FoundDrift): boolean {
  const [was, is] = [drift, found].map((facts) => JSON.stringify(factsOf(facts)));
  return drift.gone === null && was === is;
}

/** @param times how often this very edit was found at the site and ended before */
function newDrift(row: SiteRow, found: Judged & FoundDrift, times: number, now: number): NewDrift {
  const { contentKey, paths, edit } = found;
  return {
    // Ordered by time: edits of one second stay in the order they were found in.
    id: uuidv7(),
    site: row.name,
    kind: 'tree',
    fingerprint: driftFingerprint(row.name, [contentKey, String(times)]),
    contentKey,
    ...factsOf(found),
    paths,
    detectedAt: edit.time > 0 ? edit.time : now,
  };
}
