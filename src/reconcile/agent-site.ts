import { type Decided, desiredMessage, type SiteStore } from '../git/site-store.ts';
import type { Handled } from '../loop/keyed-loop.ts';
import { withGeneration } from '../render/manifest.ts';
import type { AgentDecisionRow, AgentRow } from '../store/agent-rows.ts';
import type { SiteRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { decidedCommit } from './agent-decisions.ts';
import { projectSite } from './agent-projection.ts';

/** Come back when another revision of the plan may have come into force (ms). */
const SOON = 500;
const TRUEUP = { name: 'trueup', email: 'trueup@localhost' };
/** How a hold begins that goes when plan and site go together again, or the agent says so. */
const CONFLICT = 'the plan and the site changed the same lines of';
const AT_SITE = 'the agent holds:';

export interface AgentSiteOptions {
  store: Store;
  trees: SiteStore;
  /** Signs what is desired. */
  sign: ((payload: Buffer) => string) | undefined;
  /** What issues desired trees does so one after the other: each follows the one before. */
  issue: <T>(work: () => Promise<T>) => Promise<T>;
  log: Logger;
  now: () => number;
  /** What is desired at the site is this commit: its agent may want to know. */
  onDesired: (site: string, commit: string) => void;
  /** The site's row says what stands there: time to judge whether it was edited. */
  onSettled: (site: string) => void;
  /** What is desired at the site is applied there. */
  onApplied: (site: string) => void;
}

/**
 * The site loop of sites that an agent delivers to: nothing is written or run here. Decisions on their edits are put
 * on their way, and what came back is seen as it will stand beside the newest plan.
 */
export class AgentSite {
  readonly #options: AgentSiteOptions;

  constructor(options: AgentSiteOptions) {
    this.#options = options;
  }

  async handle(site: string): Promise<Handled> {
    const { store, issue, onDesired, onSettled, onApplied } = this.#options;
    const agent = await store.agents.get(site);
    const issued = await issue(async () => {
      const row = await store.sites.get(site);
      return row?.desiredCommit && row.removedAt === null ? this.#reissue(row, agent) : null;
    });
    if (issued === null) return undefined;
    if (!issued) return { again: SOON };
    const seen = agent?.observed ? await this.#project(issued, agent) : issued;
    if (!seen) return { again: 0 };
    await this.#tell(seen, agent);
    onDesired(site, seen.desiredCommit!);
    onSettled(site);
    if (seen.appliedCommit === seen.desiredCommit) onApplied(site);
    return undefined;
  }

  /**
   * Issues the desired tree once more where its agent has to be told something that is no part of the tree: decisions
   * on its edits, that somebody wants it applied again, or who signs it.
   * @returns the row as it is then; undefined while another revision of the plan comes into force
   */
  async #reissue(row: SiteRow, agent: AgentRow | undefined): Promise<SiteRow | undefined> {
    const { store, trees, sign, log, now } = this.#options;
    const site = row.name;
    // Before anything came back there is nothing that could have been decided.
    const decided = agent?.observed ? await store.agents.undelivered(site) : [];
    const unsigned = sign !== undefined && !(await trees.lineage.isSigned(row.desiredCommit!));
    if (decided.length === 0 && !row.applyForced && !unsigned) return row;

    const generation = row.generation + 1;
    const fresh: Omit<AgentDecisionRow, 'confirmedAt'>[] = [];
    for (const drift of decided) {
      fresh.push({
        driftId: drift.id,
        site,
        observed: await decidedCommit({ trees, drift, agent: agent! }),
        decision: drift.status === 'adopted' ? 'adopted' : 'rejected',
        fingerprint: drift.fingerprint,
        generation,
      });
    }
    const carried: Decided[] = [...(await store.agents.unconfirmed(site)), ...fresh];
    const shipped: string[] = [];
    for (const { observed } of fresh) {
      // What the site does not have comes with the commit that names it.
      if (!agent?.observed || !(await trees.lineage.isAncestor(observed, agent.observed)))
        shipped.push(observed);
    }
    const tree = await trees.readTree(row.desiredCommit!);
    const [commit] = await trees.writeCommits([
      {
        site,
        files: withGeneration(tree, generation),
        parents: [row.desiredCommit!, ...new Set(shipped)],
        message: desiredMessage({
          revision: row.desiredRevision ?? '',
          site,
          generation,
          decided: carried,
          ...(row.applyForced && { apply: row.applyReason }),
        }),
        author: TRUEUP,
        time: now(),
        sign,
      },
    ]);
    const after = await store.transaction(async (tx) => {
      const { evaluatingRevision } = await tx.plan.get();
      const stands = await tx.sites.get(site);
      // The plan loop issues trees as well; whichever comes second starts from what the first one issued.
      if (evaluatingRevision !== null || stands?.desiredCommit !== row.desiredCommit)
        return undefined;
      await tx.sites.setDesired([
        {
          name: site,
          generation,
          desiredCommit: commit!,
          desiredDigest: row.desiredDigest!,
          desiredRevision: row.desiredRevision!,
        },
      ]);
      await tx.agents.carry(fresh);
      return tx.sites.update(site, {
        ...(stands.applyReason === row.applyReason && { applyForced: false, applyReason: '' }),
      });
    });
    if (!after) return undefined;
    trees.followRefs([{ site, ref: 'desired', to: commit! }]);
    log.info(
      { site, generation, decisions: carried.length },
      'issued what is desired once more, for its agent to be told',
    );
    return after;
  }

  /** Brings the site's row in line with what came back. Undefined where it moved on meanwhile. */
  async #project(row: SiteRow, agent: AgentRow): Promise<SiteRow | undefined> {
    const { store, trees, log } = this.#options;
    const site = row.name;
    const decisions = await store.agents.unconfirmed(site);
    const { commit, digest, conflicts } = await projectSite({ trees, row, agent, decisions });
    const hold = holdOf(row, agent, conflicts);
    const same =
      row.observedCommit === commit &&
      row.baseCommit === row.desiredCommit &&
      row.hold === hold &&
      agent.conflicts.join('\0') === conflicts.join('\0');
    if (same) return row;
    if (conflicts.length > 0) log.warn({ site, conflicts }, 'plan and site disagree');
    const after = await store.transaction(async (tx) => {
      const stands = await tx.sites.get(site);
      const agentNow = await tx.agents.get(site);
      if (stands?.desiredCommit !== row.desiredCommit || agentNow?.observed !== agent.observed)
        return undefined;
      await tx.agents.put(site, { conflicts });
      return tx.sites.update(site, {
        observedCommit: commit,
        observedDigest: digest,
        baseCommit: row.desiredCommit,
        writingFrom: null,
        hold,
      });
    });
    if (after) trees.followRefs([{ site, ref: 'observed', to: commit }]);
    return after;
  }

  /** Says in a sentence what happens next. */
  async #tell(row: SiteRow, agent: AgentRow | undefined): Promise<void> {
    const message = messageOf(row, agent);
    if (message !== row.message) await this.#options.store.sites.update(row.name, { message });
  }
}

function messageOf(row: SiteRow, agent: AgentRow | undefined): string {
  const revision = row.desiredRevision?.slice(0, 10);
  if (row.hold !== null) return `held: ${row.hold}`;
  if (!agent || (agent.publicKey === null && agent.nextPublicKey === null)) {
    return `waits for its agent: \`trueup site enroll ${row.name}\` makes a code for it`;
  }
  if (row.lastApplyFailed) return `the apply at the site failed; its agent tries again`;
  if (row.appliedCommit === row.desiredCommit) return `in sync at revision ${revision}`;
  const lag = row.generation - (agent.baseGeneration ?? 0);
  return lag > 0
    ? `revision ${revision} waits for its agent to fetch it`
    : `revision ${revision} is at the site, and waits for its agent to apply it`;
}

/** Why nothing is applied there; what others hold it for stays. */
function holdOf(row: SiteRow, agent: AgentRow, conflicts: readonly string[]): string | null {
  const others =
    row.hold !== null && !row.hold.startsWith(CONFLICT) && !row.hold.startsWith(AT_SITE);
  if (others) return row.hold;
  if (conflicts.length > 0) {
    return `${CONFLICT} ${conflicts.join(', ')}: decide the open proposal, or undo the edit at the site`;
  }
  const held = agent.status?.hold;
  // What it held for has been decided since, if it was a conflict.
  if (!held || (agent.status?.conflicts.length ?? 0) > 0) return null;
  return `${AT_SITE} ${held}`;
}
