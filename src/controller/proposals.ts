import type { Config } from '../config/config.ts';
import { DriftLoop } from '../drift/drift-loop.ts';
import type { Forge } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import type { SiteStore } from '../git/site-store.ts';
import { turns } from '../loop/turns.ts';
import { DashboardLoop } from '../proposals/dashboard.ts';
import { GroupLoop } from '../proposals/group-loop.ts';
import { ProposalLoop } from '../proposals/proposal-loop.ts';
import { Verdicts } from '../proposals/verify.ts';
import { Waiters } from '../proposals/waiters.ts';
import type { PlanLoop } from '../reconcile/plan-loop.ts';
import type { UntrustedRenderer } from '../render/worker/untrusted-renderer.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { treeDiff } from './tree-diff.ts';

export interface ProposalParts {
  config: Config;
  store: Store;
  trees: SiteStore;
  repository: PlanRepository;
  forge: Forge;
  /** Renders what nobody has reviewed. */
  renderer: UntrustedRenderer;
  plan: () => PlanLoop;
  /** Whether edits that were found are still waiting to be looked at. */
  busy: () => boolean;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** A site is to go back. */
  onRevert: (site: string) => void;
  /** A proposal was decided at a site. */
  onDecided: (site: string) => void;
  /** A group of edits is to be looked at, after a delay (ms) if one is given. */
  onGroup: (key: string, delay?: number) => void;
  onProposal: (id: string) => void;
  /** The plan's branch may have moved. */
  onMerged: () => void;
}

/** The way back from an edit at a site to its decision, a loop for each step. */
export interface Proposals {
  drift: DriftLoop;
  group: GroupLoop;
  proposal: ProposalLoop;
  dashboard: DashboardLoop;
  /** Groups of edits that wait for their proposal. */
  waiters: Waiters;
}

/** Builds what finds edits, works out the plan edits that explain them, and has people decide. */
export function createProposals({
  config,
  plan,
  busy,
  renderer,
  ...parts
}: ProposalParts): Proposals {
  const { store, trees, repository, forge, log, onGroup } = parts;
  const { branch, path, pollInterval } = config.plan;
  const { windows, timeZone, gather, maxOpenProposals, maxProposalsPerHour } = config.drift;
  const limits = { maxOpen: maxOpenProposals, maxPerHour: maxProposalsPerHour };
  const current = (): PlanLoop['current'] => plan().current;
  const waiters = new Waiters({ store, limits, windows, timeZone, now: parts.now });
  const drift = new DriftLoop({
    ...parts,
    plan: current,
    onGroup: (key) => onGroup(key, gather),
  });
  const group = new GroupLoop({
    ...parts,
    path,
    plan: current,
    limits,
    waiting: (key) => waiters.why(key),
    busy,
    pause: turns(),
  });
  const { timeout } = config.preview;
  const verdicts = new Verdicts({ repository, trees, renderer, path, timeout, plan: current });
  const proposal = new ProposalLoop({
    ...parts,
    branch,
    pollInterval,
    plan: current,
    fetched: () => plan().fetched,
    siteDiff: (row) => treeDiff(trees, current()?.plan, row.site, row.baseCommit, row.editCommit),
    verify: (...of) => verdicts.of(...of),
  });
  const dashboard = new DashboardLoop({
    store,
    forge,
    waiting: () => waiters.list(),
    interval: pollInterval,
    log,
  });
  return { drift, group, proposal, dashboard, waiters };
}
