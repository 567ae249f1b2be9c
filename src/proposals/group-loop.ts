import { randomUUID } from 'node:crypto';

import type { SiteEdit } from '../backport/fleet.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { InvalidInput } from '../model/errors.ts';
import { unlinked } from '../model/markdown.ts';
import { driftFingerprint, groupBranch, proposalBranch } from '../model/proposal.ts';
import { sha256, withPaths } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { renderSite } from '../render/render.ts';
import type { DriftRow, ProposalRow, SiteRow, StoredBackport } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { sitesOf } from './branch.ts';
import { type CalmLimits, waitingText, type Waiting } from './calm.ts';
import { adopted, choiceOf } from './choice.ts';
import { type Solution, solve } from './solve.ts';

/** Come back when the sites may all stand on the plan in force (ms). */
const SOON = 250;
/** Come back when one of the open proposals may have been decided (ms). */
const LATER = 60_000;
/** A site that has stood still for so long on its way to the plan in force is not waited for (ms). */
const STUCK = 10_000;
/** While other sites are still looked at, an edit that is no older than this waits for them (ms). */
const GATHER = 10_000;
/** Characters of a reason that are kept. */
const MAX_REASON = 2_000;
/** A proposal that is open is brought up to date no more often (ms), nor for more than a part of the time. */
const UPDATES = 5_000;
const PART = 4;

export interface GroupLoopOptions {
  store: Store;
  trees: SiteStore;
  repository: PlanRepository;
  /** Folder of the repository that the plan is in; empty: its top. */
  path: string;
  plan: () => { revision: string; plan: Plan } | undefined;
  limits: CalmLimits;
  /** Why this group gets no proposal yet. */
  waiting: (groupKey: string) => Promise<Waiting | undefined>;
  /** Whether edits that were found are still waiting to be looked at. */
  busy: () => boolean;
  pause: () => Promise<void>;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  onProposal: (id: string) => void;
  onGroup: (groupKey: string) => void;
}

interface Member {
  drift: DriftRow;
  row: SiteRow;
}

/**
 * The group loop: works out the plan edit that explains one edit at all the sites that have it, and keeps it true
 * while sites come and go and the plan moves on. One group has one undecided proposal at most (law 7).
 */
export class GroupLoop {
  readonly #options: GroupLoopOptions;
  /** Until when a group that was worked out is left as it is. */
  readonly #restUntil = new Map<string, number>();
  /** What no plan edit explained: to be tried again only with something else. */
  readonly #inVain = new Map<string, string>();

  constructor(options: GroupLoopOptions) {
    this.#options = options;
  }

  async handle(groupKey: string): Promise<Handled> {
    const { store, plan, onProposal } = this.#options;
    const current = plan();
    const drifts = await store.drifts.openInGroup(groupKey);
    const known = await store.proposals.undecidedOf(groupKey);
    if (drifts.length === 0) {
      this.#restUntil.delete(groupKey);
      this.#inVain.delete(groupKey);
      if (known) onProposal(known.id);
      return undefined;
    }
    const state = await store.plan.get();
    if (!current || state.goodRevision !== current.revision || state.evaluatingRevision !== null)
      return { again: SOON };
    const { members, late } = await this.#members(drifts, current.plan);
    if (late) return { again: SOON };
    // Sites that are held do not stand on this plan: theirs is looked at when they do.
    if (members.length === 0) return undefined;
    const basis = basisOf(current.revision, known?.choice ?? null, members);
    if (known && known.basis === basis) {
      onProposal(known.id);
      return undefined;
    }
    if (!known && this.#inVain.get(groupKey) === basis) return undefined;
    if (known?.held) return { again: LATER };
    const wait = this.#untilDue(groupKey, known, members);
    if (wait > 0) return { again: wait };
    const why = known ? undefined : await this.#options.waiting(groupKey);
    if (why) return this.#wait(members, why);
    return this.#work(groupKey, members, { ...current, basis, known });
  }

  /** The drifts whose sites stand on the plan in force; `late`: others are still on their way to it. */
  async #members(
    drifts: readonly DriftRow[],
    plan: Plan,
  ): Promise<{ members: Member[]; late: boolean }> {
    const { store, pause, now } = this.#options;
    const rows = await store.sites.getMany(drifts.map(({ site }) => site));
    const members: Member[] = [];
    let late = false;
    for (const drift of drifts) {
      const row = rows.get(drift.site);
      if (!row || row.removedAt !== null || !plan.sites.has(drift.site)) continue;
      // Undone, or adopted: that is for its proposal to find out.
      if (drift.gone !== null || row.observedDigest === row.desiredDigest) continue;
      const settled =
        row.baseCommit === row.desiredCommit &&
        row.observedCommit === drift.foundIn &&
        drift.baseCommit === row.desiredCommit;
      if (settled && isDesired(plan, row)) members.push({ drift, row });
      else if (row.hold === null && row.updatedAt > now() - STUCK) late = true;
      await pause();
    }
    return { members, late };
  }

  /** Milliseconds until it is time to work it out: others may be about to join. */
  #untilDue(groupKey: string, known: ProposalRow | undefined, members: readonly Member[]): number {
    const { busy, now } = this.#options;
    // What somebody chose is not kept waiting.
    if (known && known.choice !== null && known.choice !== choiceOf(adopted(known.result)))
      return 0;
    if (known?.state === 'open') return (this.#restUntil.get(groupKey) ?? 0) - now();
    const oldest = Math.min(...members.map(({ drift }) => drift.detectedAt));
    return busy() && now() - oldest < GATHER ? SOON : 0;
  }

  async #wait(members: readonly Member[], why: Waiting): Promise<Handled> {
    const { store, limits, log } = this.#options;
    const message = `edited; its proposal waits: ${waitingText(why, limits)}`;
    for (const { row } of members) {
      if (row.message !== message) await store.sites.update(row.name, { message });
    }
    log.warn(
      { site: members[0]!.row.name, sites: members.length, why },
      'an edit waits its turn to be proposed',
    );
    return { again: LATER };
  }

  async #work(
    groupKey: string,
    members: readonly Member[],
    at: { revision: string; plan: Plan; basis: string; known: ProposalRow | undefined },
  ): Promise<Handled> {
    const { store, metrics, pause, now, onGroup, log } = this.#options;
    const { revision, plan, known } = at;
    const began = now();
    const edits: SiteEdit[] = [];
    for (const { drift } of members) edits.push(await this.#read(plan, drift));
    const started = performance.now();
    const choice = known?.choice ?? null;
    const solution = await solve({ plan, revision, edits, choice, pause });
    metrics.backportDuration.observe((performance.now() - started) / 1000);
    this.#restUntil.set(groupKey, now() + Math.max(UPDATES, PART * (now() - began)));
    metrics.backports.inc({ result: solution.proposals[0]?.kind ?? 'unexplained' });
    const { apart, sites } = solution;
    for (const { drift } of members) {
      if (!apart.includes(drift.site)) continue;
      const alone = `${groupKey}/${drift.site}`;
      await store.drifts.regroup(drift.id, alone);
      onGroup(alone);
    }
    if (solution.proposals.length === 0) {
      const why = solution.unexplained.map(({ path, reason }) => `${path}: ${reason}`).join('; ');
      for (const { drift } of members) {
        if (!sites.includes(drift.site)) continue;
        await store.drifts.setUnexplained(drift.id, why.slice(0, MAX_REASON));
        await store.sites.update(drift.site, {
          message: `edited, and no plan edit explains it: ${why}`,
        });
      }
      this.#inVain.set(groupKey, at.basis);
      if (known) await this.#unprove(known, solution, at.basis);
      log.warn(
        { site: members[0]!.row.name, sites: members.length, unexplained: solution.unexplained },
        'no plan edit explains this edit',
      );
      return undefined;
    }
    const explained = members.filter(({ drift }) => sites.includes(drift.site));
    return this.#record(groupKey, explained, solution, at);
  }

  /** What the site would be with this edit alone, as far as it is to be proposed. */
  async #read(plan: Plan, { site, editCommit, paths }: DriftRow): Promise<SiteEdit> {
    const observed = await this.#options.trees.readTree(editCommit);
    return { site, observed: withPaths(renderSite(plan, site).tree, observed, paths) };
  }

  async #record(
    groupKey: string,
    members: readonly Member[],
    solution: Solution,
    at: { revision: string; basis: string; known: ProposalRow | undefined },
  ): Promise<Handled> {
    const { store, log, now, onProposal } = this.#options;
    const lead = members[0]!.drift;
    const { basis, known } = at;
    const result = withoutContents(solution);
    const made = adopted(result);
    // It becomes the message of a commit, and of the merge.
    const title = unlinked(made.map((one) => one.title).join('; '));
    const common = {
      kind: made[0]!.kind,
      title,
      result,
      basis,
      site: lead.site,
      driftId: lead.id,
      // An alternative that there is no more is none to wait for.
      choice: solution.chosen ? (known?.choice ?? null) : null,
    };
    // What says the same as before needs no new commit: the plan has not moved where it is edited.
    const stands = known?.commit && samePatches(adopted(known.result), made);
    const committed = stands
      ? { commit: known.commit, baseRevision: known.baseRevision }
      : { commit: await this.#commit(members, solution, title), baseRevision: at.revision };
    const times = await store.proposals.countEnded(groupKey);
    const proposal = await store.transaction(async (tx) => {
      // A decision that came meanwhile is about what stood there before.
      const state = known && (await tx.proposals.get(known.id))?.state;
      if (state !== undefined && state !== 'pending' && state !== 'open') return undefined;
      const alone = members.length === 1;
      const fingerprint = alone
        ? lead.fingerprint
        : driftFingerprint('', [groupKey, String(times)]);
      const { proposal: row } = known
        ? { proposal: await tx.proposals.update(known.id, { ...common, ...committed }) }
        : await tx.proposals.insertIfAbsent({
            ...common,
            ...committed,
            id: randomUUID(),
            groupKey,
            fingerprint,
            branch: alone ? proposalBranch(lead.site, fingerprint) : groupBranch(fingerprint),
            body: '',
            createdAt: now(),
          });
      for (const { drift } of members) {
        if (drift.proposalId === row.id && drift.unexplained === null) continue;
        await tx.drifts.setProposal(drift.id, row.id);
        await tx.sites.update(drift.site, {
          message:
            row.number === null
              ? `edited; a proposal is on its way: ${title}`
              : `edited; merge or close proposal #${row.number}: ${title}`,
        });
      }
      return row;
    });
    if (!proposal) return { again: 0 };
    log.info(
      { site: lead.site, sites: members.length, proposal: proposal.id, title },
      known ? 'worked out the plan edit anew' : 'worked out the plan edit',
    );
    onProposal(proposal.id);
    return undefined;
  }

  /** What was proposed is proved no longer: it stays open without it, for people to close or the plan to allow again. */
  async #unprove(known: ProposalRow, solution: Solution, basis: string): Promise<void> {
    const { store, onProposal } = this.#options;
    const sites = sitesOf(known);
    const where = sites.length === 1 ? sites[0]! : `${sites.length} sites`;
    await store.transaction(async (tx) => {
      const state = (await tx.proposals.get(known.id))?.state;
      if (state !== 'pending' && state !== 'open') return;
      await tx.proposals.update(known.id, {
        title: `An edit at ${where} that no plan edit explains any more`,
        result: { ...withoutContents(solution), sites },
        basis,
      });
    });
    onProposal(known.id);
  }

  /** The commit that makes the edit. The same input gives the same commit, so that a second attempt finds the first. */
  async #commit(members: readonly Member[], solution: Solution, title: string): Promise<string> {
    const { repository, path } = this.#options;
    const lead = members
      .map(({ drift }) => drift)
      .toSorted((a, b) => a.detectedAt - b.detectedAt)[0]!;
    const drifts = members.map(({ drift }) => `Site: ${drift.site}\nDrift: ${drift.fingerprint}\n`);
    return repository.commitEdits({
      parent: solution.revision,
      path,
      edits: solution.proposals.slice(0, solution.adopted).flatMap(({ edits }) => edits),
      message: `${title}\n\n${drifts.join('')}`,
      author: { name: lead.author, email: `${lead.author}@${lead.site}` },
      time: lead.detectedAt,
    });
  }
}

/** Whether what a site's row says is desired is what the plan renders there. */
function isDesired(plan: Plan, { name, desiredDigest }: SiteRow): boolean {
  try {
    return renderSite(plan, name).digest === desiredDigest;
  } catch (error) {
    // The site is held for it, and the others of its group are not.
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

/** Names all that a plan edit is worked out from. */
function basisOf(revision: string, choice: string | null, members: readonly Member[]): string {
  const edits = members.map(({ drift }) => [drift.site, drift.id, drift.editCommit]);
  return sha256(JSON.stringify([revision, choice, edits]));
}

function samePatches(before: StoredBackport['proposals'], after: typeof before): boolean {
  const [was, is] = [before, after].map((proposals) =>
    JSON.stringify(
      proposals.flatMap(({ edits }) => edits.map(({ file, mode, patch }) => [file, mode, patch])),
    ),
  );
  // A patch that was too large to be kept, and one of binary content, tell nothing.
  return was === is && !/,""\]|Binary file/.test(was!);
}

function withoutContents(solution: Solution): StoredBackport {
  const { site, revision, proposals, unexplained, sites, adopted: count } = solution;
  return {
    site,
    revision,
    unexplained,
    sites,
    adopted: count,
    proposals: proposals.map((proposal) => ({
      ...proposal,
      edits: proposal.edits.map(({ file, mode, patch }) => ({ file, mode, patch })),
    })),
  };
}
