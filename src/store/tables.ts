import type { AgentDecisionRow, AgentRow, EnrollmentCodeRow } from './agent-rows.ts';
import { Codec, type Stored } from './codec.ts';
import type { PullRow, StatusRow } from './pulls.ts';
import type {
  AuditRow,
  DriftRow,
  ExportRow,
  PlanStateRow,
  PreviewRow,
  ProposalRow,
  RevisionRow,
  RunRow,
  SiteRow,
  TokenRow,
} from './rows.ts';

type SiteJson = 'labels' | 'stacks' | 'needs';
type SiteFlag = 'applyForced' | 'lastApplyFailed';

/** Every table as queries see it; columns are spelled in snake_case in the database itself. */
export interface Tables {
  lease: { id: string; owner: string; epoch: number; expiresAt: number };
  plan: Stored<PlanStateRow, 'problems'> & { id: string };
  revisions: Stored<RevisionRow, 'review'>;
  sites: Stored<SiteRow, SiteJson, SiteFlag>;
  exports: Stored<ExportRow, 'value', 'taken'>;
  runs: Stored<RunRow, 'report'>;
  drifts: Stored<DriftRow, 'paths', 'carriedOut'>;
  proposals: Stored<ProposalRow, 'result' | 'pushed', 'held'>;
  pulls: Stored<PullRow, 'labels'>;
  pullComments: { number: number; marker: string; body: string; position: number };
  commitStatuses: StatusRow;
  previews: Stored<PreviewRow, 'report' | 'check', 'fork'>;
  previewSites: { number: number; site: string; digest: string | null };
  audit: Stored<AuditRow, 'detail'>;
  tokens: TokenRow & { hash: string };
  agents: Stored<AgentRow, 'conflicts' | 'status'>;
  enrollmentCodes: EnrollmentCodeRow & { hash: string };
  agentDecisions: AgentDecisionRow;
  memory: { key: string; value: string };
}

export const planCodec = new Codec<PlanStateRow, 'problems'>({ json: ['problems'] });
export const revisionCodec = new Codec<RevisionRow, 'review'>({ json: ['review'] });
export const siteCodec = new Codec<SiteRow, SiteJson, SiteFlag>({
  json: ['labels', 'stacks', 'needs'],
  flags: ['applyForced', 'lastApplyFailed'],
});
export const exportCodec = new Codec<ExportRow, 'value', 'taken'>({
  json: ['value'],
  flags: ['taken'],
});
export const runCodec = new Codec<RunRow, 'report'>({ json: ['report'] });
export const driftCodec = new Codec<DriftRow, 'paths', 'carriedOut'>({
  json: ['paths'],
  flags: ['carriedOut'],
});
export const proposalCodec = new Codec<ProposalRow, 'result' | 'pushed', 'held'>({
  json: ['result', 'pushed'],
  flags: ['held'],
});
export const pullCodec = new Codec<PullRow, 'labels'>({ json: ['labels'] });
export const previewCodec = new Codec<PreviewRow, 'report' | 'check', 'fork'>({
  json: ['report', 'check'],
  flags: ['fork'],
});
export const auditCodec = new Codec<AuditRow, 'detail'>({ json: ['detail'] });
export const agentCodec = new Codec<AgentRow, 'conflicts' | 'status'>({
  json: ['conflicts', 'status'],
});
