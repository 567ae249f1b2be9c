/** Seconds: from a hit in a cache to a minute. */
const QUICK = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds: runs of a configuration tool on real hosts. */
const RUN = [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600];
/** Seconds: what people or a whole fleet take part in. */
const LEAD = [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 1800, 3600, 14400, 86400];

interface Definition {
  name: string;
  help: string;
  labels: readonly string[];
}

/** Buckets are upper bounds in seconds. */
export type MetricDefinition =
  | (Definition & { type: 'counter' | 'gauge' })
  | (Definition & { type: 'histogram'; buckets: readonly number[] });

/**
 * Every metric of ours, by the property that it has in the code. Names and labels are an interface: dashboards and
 * alert rules rest on them, and docs/metrics.md lists them.
 */
export const METRICS = {
  buildInfo: {
    type: 'gauge',
    name: 'trueup_build_info',
    help: 'Always 1; the labels say which build is running.',
    labels: ['version', 'revision'],
  },
  leader: {
    type: 'gauge',
    name: 'trueup_leader',
    help: '1 while this process is the controller that acts, 0 while it stands by.',
    labels: [],
  },
  sites: {
    type: 'gauge',
    name: 'trueup_sites',
    help: 'Sites by the one state that each is in.',
    labels: ['state'],
  },
  siteInfo: {
    type: 'gauge',
    name: 'trueup_site_info',
    help: "Always 1; the labels say a site's state and the plan revision applied there. Per site.",
    labels: ['site', 'state', 'revision'],
  },
  siteLastApplied: {
    type: 'gauge',
    name: 'trueup_site_last_applied_timestamp_seconds',
    help: 'When a site was last applied successfully. Per site.',
    labels: ['site'],
  },
  staleImports: {
    type: 'gauge',
    name: 'trueup_stale_imports',
    help: 'Sites with imports older than they should be, by why: failed, unreachable or held exporter, or a value.',
    labels: ['reason'],
  },
  planRevisionInfo: {
    type: 'gauge',
    name: 'trueup_plan_revision_info',
    help: 'Always 1; the label is the newest valid revision of the plan.',
    labels: ['revision'],
  },
  planLastFetch: {
    type: 'gauge',
    name: 'trueup_plan_last_fetch_timestamp_seconds',
    help: 'When the plan was last fetched successfully.',
    labels: [],
  },
  planInvalid: {
    type: 'gauge',
    name: 'trueup_plan_invalid',
    help: '1 while the newest revision of the plan has faults, so that an older one is in force; else 0.',
    labels: [],
  },
  reconciles: {
    type: 'counter',
    name: 'trueup_reconcile_total',
    help: 'Keys handled by a loop, by how it ended: success, error, requeue or stalled.',
    labels: ['loop', 'result'],
  },
  reconcileDuration: {
    type: 'histogram',
    name: 'trueup_reconcile_duration_seconds',
    help: 'How long a loop took to handle a key.',
    labels: ['loop'],
    buckets: QUICK,
  },
  queueDepth: {
    type: 'gauge',
    name: 'trueup_queue_depth',
    help: 'Keys that are due and wait for their turn.',
    labels: ['queue'],
  },
  queueAdds: {
    type: 'counter',
    name: 'trueup_queue_adds_total',
    help: 'Keys put into a queue.',
    labels: ['queue'],
  },
  queueRetries: {
    type: 'counter',
    name: 'trueup_queue_retries_total',
    help: 'Keys put off after a failure, to be tried again.',
    labels: ['queue'],
  },
  queueWait: {
    type: 'histogram',
    name: 'trueup_queue_wait_seconds',
    help: 'How long a key that was due waited for its turn.',
    labels: ['queue'],
    buckets: QUICK,
  },
  renderDuration: {
    type: 'histogram',
    name: 'trueup_render_duration_seconds',
    help: 'How long it took to render what a revision changes.',
    labels: [],
    buckets: QUICK,
  },
  renderedSites: {
    type: 'counter',
    name: 'trueup_rendered_sites_total',
    help: 'Sites rendered, by result.',
    labels: ['result'],
  },
  runs: {
    type: 'counter',
    name: 'trueup_runs_total',
    help: 'Applies and checks that ended.',
    labels: ['kind', 'driver', 'result'],
  },
  runDuration: {
    type: 'histogram',
    name: 'trueup_run_duration_seconds',
    help: 'How long applies and checks took.',
    labels: ['kind', 'driver'],
    buckets: RUN,
  },
  ansibleTasks: {
    type: 'counter',
    name: 'trueup_ansible_tasks_total',
    help: 'Tasks of Ansible runs, counted once a host.',
    labels: ['status'],
  },
  driftDetected: {
    type: 'counter',
    name: 'trueup_drift_detected_total',
    help: 'Drifts found, by kind: tree or host.',
    labels: ['kind'],
  },
  driftOpen: {
    type: 'gauge',
    name: 'trueup_drift_open',
    help: 'Drifts that wait for a decision.',
    labels: ['kind'],
  },
  driftOldest: {
    type: 'gauge',
    name: 'trueup_drift_oldest_timestamp_seconds',
    help: 'When the oldest drift that waits for a decision was found; 0 if there is none.',
    labels: [],
  },
  backports: {
    type: 'counter',
    name: 'trueup_backport_total',
    help: 'Attempts to work out the plan edit that explains a drift, by result.',
    labels: ['result'],
  },
  backportDuration: {
    type: 'histogram',
    name: 'trueup_backport_duration_seconds',
    help: 'How long it took to work out and verify a plan edit.',
    labels: [],
    buckets: QUICK,
  },
  proposals: {
    type: 'gauge',
    name: 'trueup_proposals',
    help: 'Proposals by state.',
    labels: ['state'],
  },
  proposalsWaiting: {
    type: 'gauge',
    name: 'trueup_proposals_waiting',
    help: 'Edits that wait for their proposal, the same edit at several sites counted once.',
    labels: [],
  },
  proposalLeadTime: {
    type: 'histogram',
    name: 'trueup_proposal_lead_time_seconds',
    help: 'From the edit at a site to its pull request.',
    labels: [],
    buckets: LEAD,
  },
  revisionLeadTime: {
    type: 'histogram',
    name: 'trueup_revision_lead_time_seconds',
    help: 'From the merge of a revision to its being applied at every site that it changes.',
    labels: [],
    buckets: LEAD,
  },
  previews: {
    type: 'counter',
    name: 'trueup_previews_total',
    help: 'Pull requests previewed, by whether all of it renders: success or failure.',
    labels: ['result'],
  },
  previewDuration: {
    type: 'histogram',
    name: 'trueup_preview_duration_seconds',
    help: 'How long it took to render a pull request beside the plan in force.',
    labels: [],
    buckets: QUICK,
  },
  reviewedSites: {
    type: 'counter',
    name: 'trueup_reviewed_sites_total',
    help: 'Sites of merged pull requests, by whether what came into force is what was shown: same or different.',
    labels: ['result'],
  },
  forgeRequests: {
    type: 'counter',
    name: 'trueup_forge_requests_total',
    help: 'Requests to the forge, by operation and HTTP status.',
    labels: ['operation', 'code'],
  },
  forgeRateLimitRemaining: {
    type: 'gauge',
    name: 'trueup_forge_rate_limit_remaining',
    help: 'Requests that the forge still allows in the current period.',
    labels: [],
  },
  webhooks: {
    type: 'counter',
    name: 'trueup_webhooks_total',
    help: 'Webhooks that came in, by forge, event and what became of them.',
    labels: ['forge', 'event', 'result'],
  },
  agentLastContact: {
    type: 'gauge',
    name: 'trueup_agent_last_contact_timestamp_seconds',
    help: 'When the agent at a site was last heard of, where series per site are on.',
    labels: ['site'],
  },
  agentLag: {
    type: 'gauge',
    name: 'trueup_agent_lag_generations',
    help: 'Desired trees that a site with an agent does not have yet, where series per site are on.',
    labels: ['site'],
  },
  agentOwed: {
    type: 'gauge',
    name: 'trueup_agent_owed',
    help: 'Commits and reports that an agent still has for us, by its own word, where series per site are on.',
    labels: ['site'],
  },
  agentSites: {
    type: 'gauge',
    name: 'trueup_agent_sites',
    help: 'Sites with an agent, by when it was heard of: connected, late or never.',
    labels: ['state'],
  },
  agentLaggingSites: {
    type: 'gauge',
    name: 'trueup_agent_lagging_sites',
    help: 'Sites with an agent that do not have the newest desired tree.',
    labels: [],
  },
  agentConflictSites: {
    type: 'gauge',
    name: 'trueup_agent_conflict_sites',
    help: 'Sites with an agent where plan and site changed the same lines.',
    labels: [],
  },
  agentWaiting: {
    type: 'gauge',
    name: 'trueup_agent_waiting',
    help: 'Agents that are connected and wait for news.',
    labels: [],
  },
  agentBundles: {
    type: 'counter',
    name: 'trueup_agent_bundles_total',
    help: 'Bundles asked for by agents: made, cached, or none, since the site has all.',
    labels: ['result'],
  },
  agentReturns: {
    type: 'counter',
    name: 'trueup_agent_returns_total',
    help: 'Bundles that came back from sites: accepted, older or refused.',
    labels: ['result'],
  },
  gitOperations: {
    type: 'counter',
    name: 'trueup_git_operations_total',
    help: 'Calls of git, by operation and result.',
    labels: ['operation', 'result'],
  },
  gitOperationDuration: {
    type: 'histogram',
    name: 'trueup_git_operation_duration_seconds',
    help: 'How long calls of git took.',
    labels: ['operation'],
    buckets: QUICK,
  },
} as const satisfies Record<string, MetricDefinition>;
