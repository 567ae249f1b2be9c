import { z } from 'zod';

import { SITE_STATES } from '../model/site.ts';
import { isName } from '../model/tree.ts';
import { SiteAgent } from './wire-site-agent.ts';

/**
 * What goes over the wire. Every request and response is held to these schemas, the OpenAPI document is made of
 * them, and the command line and the browser take their types from here. Times are RFC 3339 text in UTC.
 */

const time = z.iso.datetime();
const commit = z.string();
const digest = z.string();
const count = z.int().min(0);

/** One page of a list: `next` is what to send as `after` for the following one, null on the last. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

/** A page's schema. */
export function pageOf<T extends z.ZodType>(id: string, item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() }).meta({ id });
}

/** Names of sites in addresses. */
export const SiteName = z
  .string()
  .max(64)
  .refine(isName, 'is not the name of a site')
  .meta({ examples: ['lisbon-07'] });
/** Keys of runs, proposals and drifts in addresses. */
export const Key = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'is not a key of ours');
/** A commit in an address. */
export const Revision40 = z.string().regex(/^[0-9a-f]{40,64}$/, 'is not a full commit id');

/** What a failed request gets: RFC 9457, with a list of the fields that were wrong. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    requestId: z.string().meta({ description: 'Stands in the log of the server as well.' }),
    errors: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Which parts of the request were wrong: query.limit, body.commit …' }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'Why a bundle was refused, in a word that does not change.' }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof Problem>;

export const Check = z.object({ ok: z.boolean(), message: z.string() }).meta({ id: 'Check' });
export type Check = z.output<typeof Check>;

export const Health = Check.meta({ id: 'Health' });
export type Health = z.output<typeof Health>;

export const Readiness = z
  .object({ ready: z.boolean(), checks: z.record(z.string(), Check) })
  .meta({ id: 'Readiness' });
export type Readiness = z.output<typeof Readiness>;

export const PlanFault = z
  .object({
    message: z.string(),
    position: z.object({ file: z.string(), line: z.int(), column: z.int() }).optional(),
    hint: z.string().optional(),
  })
  .meta({ id: 'PlanFault' });

export const PlanStatus = z
  .object({
    headRevision: commit.nullable().meta({ description: 'Newest commit of the tracked branch.' }),
    goodRevision: commit.nullable().meta({ description: 'Newest valid one: the one in force.' }),
    invalidRevision: commit.nullable(),
    problems: z.array(PlanFault).meta({ description: 'Faults of the invalid revision.' }),
    heldRevision: commit
      .nullable()
      .meta({ description: 'A revision that waits for somebody to confirm what it removes.' }),
    heldReason: z.string().nullable(),
    fetchedAt: time.nullable(),
    evaluatedAt: time.nullable(),
  })
  .meta({ id: 'PlanStatus' });
export type PlanStatus = z.output<typeof PlanStatus>;

export const SiteState = z.enum(SITE_STATES).meta({ id: 'SiteState' });
export const ProposalState = z
  .enum(['pending', 'open', 'merged', 'closed', 'obsolete'])
  .meta({ id: 'ProposalState' });

export const Review = z
  .object({
    pulls: z.array(z.int()).meta({ description: 'The pull requests that it merged.' }),
    same: count.meta({ description: 'Sites whose tree is the one that was shown.' }),
    different: count.meta({ description: 'Sites whose tree is another, or was not shown.' }),
    examples: z.array(z.string()).meta({ description: 'The first of these.' }),
  })
  .meta({ id: 'Review' });
export type Review = z.output<typeof Review>;

export const Status = z
  .object({
    version: z.string(),
    plan: PlanStatus,
    review: Review.nullable().meta({
      description: 'Whether the revision in force is what was previewed.',
    }),
    sites: z.object({ total: count, byState: z.record(SiteState, count) }),
    proposals: z.object({ open: count, byState: z.record(ProposalState, count) }),
  })
  .meta({ id: 'Status' });
export type Status = z.output<typeof Status>;

export const Site = z
  .object({
    name: z.string(),
    state: SiteState,
    message: z.string().meta({ description: 'What happens next, in a sentence.' }),
    labels: z.record(z.string(), z.string()),
    stacks: z.array(z.string()),
    delivery: z.enum(['push', 'agent']),
    agent: SiteAgent.nullable().meta({ description: 'Null where no agent delivers.' }),
    generation: count,
    desired: z.object({
      commit: commit.nullable(),
      digest: digest.nullable(),
      revision: commit.nullable(),
    }),
    observed: z.object({ commit: commit.nullable(), digest: digest.nullable() }),
    applied: z.object({
      commit: commit.nullable(),
      digest: digest.nullable(),
      revision: commit.nullable(),
      at: time.nullable(),
    }),
    hold: z.string().nullable().meta({ description: 'Why nothing is applied here.' }),
    waitsFor: z.string().nullable().meta({
      description: 'What other sites have to gather, or to be brought to, before this one goes on.',
    }),
    applyReason: z.string().nullable().meta({
      description: 'Why an apply is owed although the digests agree.',
    }),
    lastRunId: z.string().nullable(),
    updatedAt: time,
    removedAt: time.nullable(),
  })
  .meta({ id: 'Site' });
export type Site = z.output<typeof Site>;

export const Drift = z
  .object({
    id: z.string(),
    site: z.string(),
    kind: z.enum(['tree', 'host']),
    status: z.enum(['open', 'adopted', 'rejected', 'reverted', 'ignored', 'superseded']),
    paths: z.array(z.string()),
    author: z.string(),
    message: z.string(),
    baseCommit: commit,
    observedCommit: commit,
    detectedAt: time,
    decidedAt: time.nullable(),
    decidedBy: z.string().nullable(),
    proposalId: z.string().nullable(),
  })
  .meta({ id: 'Drift' });
export type Drift = z.output<typeof Drift>;

/** Without the values: they are in the site's tree, for those who may read it. */
export const SiteImport = z
  .object({
    stack: z.string(),
    from: z.string().meta({ description: 'The site that exports it.' }),
    values: z.array(
      z.object({
        name: z.string(),
        revision: commit.nullable().meta({ description: 'Null: not gathered yet.' }),
        gatheredAt: time.nullable(),
      }),
    ),
    stale: z.string().nullable().meta({ description: 'Why it is older than it should be.' }),
  })
  .meta({ id: 'SiteImport' });
export type SiteImport = z.output<typeof SiteImport>;

export const SiteDetail = Site.extend({
  openDrifts: z.array(Drift),
  imports: z.array(SiteImport),
}).meta({ id: 'SiteDetail' });
export type SiteDetail = z.output<typeof SiteDetail>;

export const Run = z
  .object({
    id: z.string(),
    site: z.string(),
    kind: z.enum(['apply', 'check']),
    driver: z.string(),
    cause: z.string(),
    commit,
    digest,
    revision: commit,
    startedAt: time,
    endedAt: time.nullable(),
    result: z
      .enum(['success', 'failed', 'unreachable', 'timeout', 'cancelled', 'error'])
      .nullable()
      .meta({ description: 'Null while the run is under way.' }),
    reason: z.string(),
  })
  .meta({ id: 'Run' });
export type Run = z.output<typeof Run>;

export const HostCounts = z
  .object({ ok: count, changed: count, failed: count, unreachable: count, skipped: count })
  .meta({ id: 'HostCounts' });

export const Task = z
  .object({
    host: z.string(),
    playbook: z.string(),
    name: z.string(),
    path: z.string(),
    action: z.string(),
    status: z.enum(['ok', 'changed', 'failed', 'unreachable', 'skipped', 'unverifiable']),
    duration: z.number().meta({ description: 'Seconds.' }),
    message: z.string().optional(),
    diff: z.string().optional(),
    truncated: z.boolean().optional(),
    handler: z.boolean().optional(),
  })
  .meta({ id: 'Task' });
export type Task = z.output<typeof Task>;

export const RunDetail = Run.extend({
  hosts: z.record(z.string(), HostCounts).nullable(),
  tasks: z.array(Task).nullable(),
  outputs: z
    .array(z.string())
    .meta({ description: 'Names of the values that it gathered for other sites.' }),
  outputFaults: z
    .array(z.object({ name: z.string(), reason: z.string() }))
    .meta({ description: 'Values that do not count; those before them stay.' }),
}).meta({ id: 'RunDetail' });
export type RunDetail = z.output<typeof RunDetail>;

export const FileDifference = z
  .object({
    path: z.string(),
    before: z.string().nullable(),
    after: z.string().nullable(),
    patch: z.string().meta({ description: 'Hunks of a unified diff, without secrets.' }),
    added: count,
    removed: count,
    cut: z.boolean(),
    binary: z.boolean(),
    secret: z.boolean().meta({ description: 'A secret is among what changes.' }),
    params: z.array(z.string()),
  })
  .meta({ id: 'FileDifference' });

export const PreviewCheck = z
  .object({
    head: commit,
    askedBy: z.string(),
    state: z.enum(['running', 'done', 'refused']),
    reason: z.string(),
    sites: z.array(
      z.object({
        site: z.string(),
        result: z.string(),
        changed: count,
        failed: count,
        reason: z.string(),
      }),
    ),
    left: count,
  })
  .meta({ id: 'PreviewCheck' });

export const Preview = z
  .object({
    number: z.int(),
    title: z.string(),
    author: z.string(),
    url: z.string(),
    fork: z.boolean(),
    state: z.enum(['open', 'merged']),
    head: commit,
    baseCommit: commit.meta({ description: 'The commit that it was merged into to be shown.' }),
    revision: commit.meta({ description: 'The revision that it was compared with.' }),
    check: PreviewCheck.nullable(),
    mergedAs: commit.nullable(),
    inForceAs: commit.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Preview' });
export type Preview = z.output<typeof Preview>;

export const PreviewReport = z
  .object({
    problems: z.array(PlanFault),
    total: count,
    changed: count,
    added: z.array(z.string()),
    removed: z.array(z.string()),
    failing: z.array(z.object({ problems: z.array(PlanFault), sites: z.array(z.string()) })),
    groups: z
      .array(z.object({ sites: z.array(z.string()), files: z.array(FileDifference) }))
      .meta({ description: 'Sites at which the very same changes, the largest group first.' }),
    removals: z.array(z.object({ what: z.string(), removed: count, of: count })),
    cut: z.boolean().meta({ description: 'Not everything is told.' }),
  })
  .meta({ id: 'PreviewReport' });

export const PreviewDetail = Preview.extend({ report: PreviewReport }).meta({
  id: 'PreviewDetail',
});
export type PreviewDetail = z.output<typeof PreviewDetail>;

export const Revision = z
  .object({
    revision: commit,
    subject: z.string(),
    author: z.string(),
    committedAt: time,
    seenAt: time,
    result: z.enum(['pending', 'applied', 'invalid', 'held', 'superseded', 'failed']),
    changedSites: count,
    completedAt: time.nullable(),
    review: Review.nullable().meta({
      description: 'Whether it is what was previewed; null where nothing was.',
    }),
  })
  .meta({ id: 'Revision' });
export type Revision = z.output<typeof Revision>;

export const Proposal = z
  .object({
    id: z.string(),
    driftId: z.string(),
    site: z.string(),
    sites: z
      .array(z.string())
      .meta({ description: 'Every site whose edit it explains; `site` is the first of them.' }),
    state: ProposalState,
    kind: z.enum(['param', 'template', 'overlay']),
    title: z.string(),
    branch: z.string(),
    baseRevision: commit,
    commit: commit.nullable(),
    theirs: commit.nullable().meta({
      description: 'What somebody else put on its branch, which trueup then leaves alone.',
    }),
    held: z.boolean().meta({ description: 'Its label asks trueup to leave it alone.' }),
    number: z.int().nullable(),
    url: z.string().nullable(),
    createdAt: time,
    openedAt: time.nullable(),
    decidedAt: time.nullable(),
    decidedBy: z.string().nullable(),
    closeReason: z.string().nullable(),
  })
  .meta({ id: 'Proposal' });
export type Proposal = z.output<typeof Proposal>;

export const PlanChange = z
  .object({
    kind: z.enum(['param', 'template', 'overlay']),
    placement: z.enum(['origin', 'site']),
    title: z.string(),
    edits: z.array(z.object({ file: z.string(), mode: z.string(), patch: z.string() })),
    explains: z.array(z.string()),
    blastRadius: z.array(z.object({ site: z.string(), files: z.array(z.string()) })),
    verified: z.boolean(),
    notes: z.array(z.string()),
  })
  .meta({ id: 'PlanChange' });
export type PlanChange = z.output<typeof PlanChange>;

export const ProposalOption = z
  .object({
    number: z.int().min(1).meta({ description: 'What to choose it by.' }),
    title: z.string(),
    files: z.array(z.string()).meta({ description: 'Plan files that it changes.' }),
    sites: count.meta({ description: 'Sites whose rendering it changes.' }),
  })
  .meta({ id: 'ProposalOption' });
export type ProposalOption = z.output<typeof ProposalOption>;

export const ProposalDetail = Proposal.extend({
  body: z.string(),
  options: z
    .array(ProposalOption)
    .meta({ description: 'Ways to change the plan; the first is the one that merging takes.' }),
  changes: z.array(PlanChange).meta({
    description:
      'What merging does first, then others; none: what was proposed is proved no longer.',
  }),
  adopted: count.meta({ description: 'How many of the changes, the first ones, merging makes.' }),
  unexplained: z.array(z.object({ path: z.string(), reason: z.string() })),
}).meta({ id: 'ProposalDetail' });
export type ProposalDetail = z.output<typeof ProposalDetail>;

export const MergeRequest = z
  .strictObject({
    commit: Revision40.optional().meta({
      description: 'The commit that was reviewed: the merge is refused if the proposal has moved.',
    }),
  })
  .meta({ id: 'MergeRequest' });
export type MergeRequest = z.output<typeof MergeRequest>;

export const CheckRequest = z
  .strictObject({
    commit: z
      .string()
      .regex(/^[0-9a-f]{7,64}$/, 'is no commit id')
      .optional()
      .meta({
        description: 'The commit that was read; has to be given, in full, for one from a fork.',
      }),
  })
  .meta({ id: 'CheckRequest' });
export type CheckRequest = z.output<typeof CheckRequest>;

export const ChooseRequest = z
  .strictObject({
    option: z.int().min(1).max(1_000).meta({ description: 'Number of the option to take.' }),
  })
  .meta({ id: 'ChooseRequest' });
export type ChooseRequest = z.output<typeof ChooseRequest>;

/** The same edit at one or more sites, without a proposal so far. */
export const WaitingEdit = z
  .object({
    key: z.string(),
    sites: z.array(z.string()).meta({ description: 'The first hundred of them.' }),
    count: count.meta({ description: 'How many sites there are.' }),
    paths: z.array(z.string()),
    since: time,
    why: z
      .string()
      .nullable()
      .meta({ description: 'What it waits for; null: its proposal is on its way.' }),
  })
  .meta({ id: 'WaitingEdit' });
export type WaitingEdit = z.output<typeof WaitingEdit>;

export const WaitingEdits = z.object({ items: z.array(WaitingEdit) }).meta({ id: 'WaitingEdits' });

export const Event = z
  .object({
    id: z.int(),
    at: time,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });
export type Event = z.output<typeof Event>;
