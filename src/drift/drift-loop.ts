import { randomUUID } from 'node:crypto';

import { changedParams } from '../backport/changed-params.ts';
import { fleetKey } from '../backport/fleet.ts';
import type { SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { driftFingerprint } from '../model/proposal.ts';
import { changedPaths, type SiteTree, withPaths } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { renderSite } from '../render/render.ts';
import type { DriftRow, DriftStatus, NewDrift, SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { editKey } from './edit-key.ts';
import { sortByPolicy } from './policy.ts';

/** Come back when the plan loop may have finished with the site (ms). */
const SOON = 250;

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

/** The drift loop: judges what was edited at one site, and finds out at which others the same was edited. */
export class DriftLoop {
  readonly #options: DriftLoopOptions;

  constructor(options: DriftLoopOptions) {
    this.#options = options;
  }

  async handle(site: string): Promise<Handled> {
    const { store, trees, plan, onGroup, onRevert } = this.#options;
    const row = await store.sites.get(site);
    const current = plan();
    // An edit is judged against the tree that the working copy was brought to, not one still on its way.
    if (!row?.observedCommit || !row.desiredCommit || row.baseCommit !== row.desiredCommit)
      return undefined;
    if (row.removedAt !== null || !current?.plan.sites.has(site)) return undefined;
    const open = (await store.drifts.open(site)).find((drift) => drift.kind === 'tree');
    if (row.observedDigest === row.desiredDigest) return this.#settle(open);

    if (await isDecided(store, site, row.observedCommit)) {
      onRevert(site);
      return undefined;
    }
    const rendered = renderSite(current.plan, site);
    if (rendered.digest !== row.desiredDigest) return { again: SOON };

    const desired = await trees.readTree(row.desiredCommit);
    const observed = await trees.readTree(row.observedCommit);
    const sorted = sortByPolicy(current.plan, site, changedPaths(desired, observed), (path) =>
      changedParams(path, desired.get(path), observed.get(path)),
    );
    if (sorted.revert.length > 0)
      return this.#revertByPolicy(row, desired, observed, sorted.revert);
    if (sorted.propose.length === 0)
      return open ? this.#drop(open, 'ignored', 'policy') : undefined;

    const contentKey = editKey(desired, observed, sorted.propose);
    if (open?.contentKey === contentKey) {
      onGroup(open.groupKey);
      return undefined;
    }
    const edited = withPaths(desired, observed, sorted.propose);
    const groupKey = fleetKey(current.plan, site, desired, edited);
    const drift = await this.#open(row, sorted.propose, { contentKey, groupKey });
    if (!drift) return { again: 0 };
    onGroup(drift.groupKey);
    return undefined;
  }

  /** What stands at the site is what the plan asks for: an open drift has come to its end. */
  async #settle(open: DriftRow | undefined): Promise<Handled> {
    if (!open) return undefined;
    const proposal = open.proposalId
      ? await this.#options.store.proposals.get(open.proposalId)
      : undefined;
    if (proposal && proposal.state !== 'pending') {
      // Only its pull request knows whether the plan learnt it or the site undid it.
      this.#options.onProposal(proposal.id);
      return undefined;
    }
    return this.#drop(open, 'reverted', 'the site');
  }

  /** Ends a drift that nobody needs to decide any more; its proposal loop closes what is open. */
  async #drop(drift: DriftRow, status: 'reverted' | 'ignored', by: string): Promise<Handled> {
    const { store, now } = this.#options;
    await store.drifts.decide(drift.id, status, by, now());
    await this.#countOpen();
    this.#dropped(drift, status);
    return undefined;
  }

  #dropped(drift: DriftRow, status: DriftStatus): void {
    const { onProposal, log } = this.#options;
    log.info(
      { site: drift.site, drift: drift.fingerprint, status },
      'a drift needs no decision any more',
    );
    if (drift.proposalId) onProposal(drift.proposalId);
  }

  async #revertByPolicy(
    row: SiteRow,
    desired: SiteTree,
    observed: SiteTree,
    paths: string[],
  ): Promise<Handled> {
    const { store, now, onRevert, log } = this.#options;
    const contentKey = editKey(desired, observed, paths);
    const times = await store.drifts.countDecided(row.name, contentKey);
    const drift = newDrift(
      row,
      paths,
      contentKey,
      driftFingerprint(row.name, [contentKey, String(times)]),
      now(),
    );
    await store.transaction(async (tx) => {
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
    onRevert(row.name);
    return undefined;
  }

  /**
   * Opens the drift, or finds it, in the place of an older one. Undefined where the site moved on while its trees
   * were read.
   */
  async #open(
    row: SiteRow,
    paths: string[],
    { contentKey, groupKey }: Pick<DriftRow, 'contentKey' | 'groupKey'>,
  ): Promise<DriftRow | undefined> {
    const { store, trees, metrics, log, now } = this.#options;
    const site = row.name;
    const edit = await trees.describe(row.observedCommit!);
    const opened = await store.transaction(async (tx) => {
      const stands = await tx.sites.get(site);
      if (stands?.observedCommit !== row.observedCommit || stands?.baseCommit !== row.baseCommit)
        return undefined;
      const times = await tx.drifts.countDecided(site, contentKey);
      const fingerprint = driftFingerprint(site, [contentKey, String(times)]);
      const older = (await tx.drifts.open(site)).find(
        (drift) => drift.kind === 'tree' && drift.fingerprint !== fingerprint,
      );
      if (older) await tx.drifts.decide(older.id, 'superseded', 'a newer edit', now());
      const drift = newDrift(row, paths, contentKey, fingerprint, edit.time);
      return {
        older,
        ...(await tx.drifts.insertIfAbsent({ ...drift, groupKey, author: edit.author })),
      };
    });
    if (!opened) return undefined;
    const { older, drift, inserted } = opened;
    if (older) this.#dropped(older, 'superseded');
    if (inserted) {
      metrics.driftDetected.inc({ kind: 'tree' });
      log.info({ site, paths, drift: drift.fingerprint }, 'the site was edited');
    }
    await this.#countOpen();
    return drift;
  }

  async #countOpen(): Promise<void> {
    const { store, metrics } = this.#options;
    const { count, oldest } = await store.drifts.countOpen('tree');
    metrics.driftOpen.set({ kind: 'tree' }, count);
    metrics.driftOldest.set(oldest === null ? 0 : oldest / 1000);
  }
}

/** Whether a decision says that what was found as this commit makes way for the plan. */
async function isDecided(store: Store, site: string, observedCommit: string): Promise<boolean> {
  const drift = await store.drifts.byObservedCommit(site, observedCommit);
  return drift?.status === 'rejected' || drift?.status === 'adopted';
}

function newDrift(
  row: SiteRow,
  paths: string[],
  contentKey: string,
  fingerprint: string,
  detectedAt: number,
): NewDrift {
  return {
    id: randomUUID(),
    site: row.name,
    kind: 'tree',
    fingerprint,
    contentKey,
    baseCommit: row.desiredCommit!,
    observedCommit: row.observedCommit!,
    paths,
    author: 'unknown',
    message: '',
    detectedAt,
  };
}
