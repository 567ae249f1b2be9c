import { z } from 'zod';

import { UserError } from '../../model/errors.ts';
import {
  PlanStatus,
  Proposal,
  ProposalDetail,
  pageOf,
  type Review,
  Run,
  Site,
  SiteDetail,
  Status,
  WaitingEdits,
} from '../../server/wire.ts';
import type { Client } from '../client.ts';
import { count, EXIT, type Output, styled, styledDiff, table } from '../output.ts';
import { agentLines, agentWords } from './agent-line.ts';

type Style = Parameters<typeof styled>[0];

const RunPage = pageOf('RunPage', Run);

const STATE_STYLE: Record<string, Style> = {
  synced: 'green',
  pending: 'cyan',
  applying: 'cyan',
  drifted: 'yellow',
  failed: 'red',
  held: 'red',
};

/** `trueup status`: the fleet in a few lines, or one site in full. */
export async function status(
  site: string | undefined,
  client: Client,
  output: Output,
): Promise<number> {
  return site === undefined ? fleet(client, output) : oneSite(site, client, output);
}

async function fleet(client: Client, output: Output): Promise<number> {
  const now = await client.get('/status', Status);
  output.document(now);
  const { plan, review, sites, proposals } = now;
  output.line(`plan       ${plan.goodRevision?.slice(0, 10) ?? 'none yet'}`);
  if (plan.invalidRevision) {
    output.line(
      styled(
        'red',
        `           ${plan.invalidRevision.slice(0, 10)} is not valid: ${count(plan.problems.length, 'error')}`,
      ),
    );
    for (const { message, position } of plan.problems.slice(0, 10)) {
      output.line(
        `           ${position ? `${position.file}:${position.line}:${position.column}: ` : ''}${message}`,
      );
    }
  }
  if (plan.heldRevision) {
    const short = plan.heldRevision.slice(0, 12);
    output.line(styled('yellow', `           ${short} is held: it ${plan.heldReason ?? ''}`));
    output.line(`           \`trueup confirm ${short}\` lets it come into force`);
  }
  if (review) output.line(`reviewed   ${reviewText(review)}`);
  const states = Object.entries(sites.byState).filter(([, number]) => number > 0);
  output.line(
    `sites      ${sites.total}: ${states.map(([state, number]) => styled(STATE_STYLE[state] ?? 'white', `${number} ${state}`)).join(', ')}`,
  );
  output.line(`proposals  ${proposals.open} open`);
  if (output.json) return EXIT.ok;
  for await (const row of client.pages('/sites', Site)) {
    if (row.state !== 'synced')
      output.line(
        `  ${stateText(row.state)}  ${row.name}: ${row.message}${row.agent ? ` (${agentWords(row.agent)})` : ''}`,
      );
  }
  for await (const row of client.pages('/proposals?state=open', Proposal))
    output.line(`  ${proposalLine(row)}`);
  return EXIT.ok;
}

function reviewText({ pulls, same, different, examples }: Review): string {
  const shown = pulls.map((number) => `#${number}`).join(', ');
  if (different === 0) return `${count(same, 'site')} as ${shown} showed`;
  const names = examples.slice(0, 5).join(', ');
  const all = same + different;
  return styled(
    'red',
    `${different} of ${count(all, 'site')} differ from what ${shown} showed: ${names}`,
  );
}

/** `trueup confirm REV` */
export async function confirm(revision: string, client: Client, output: Output): Promise<number> {
  const plan = await client.post(`/revisions/${encodeURIComponent(revision)}/confirm`, PlanStatus);
  output.document(plan);
  output.line(`${revision} is confirmed: it comes into force now`);
  return EXIT.ok;
}

async function oneSite(name: string, client: Client, output: Output): Promise<number> {
  const path = `/sites/${encodeURIComponent(name)}`;
  const site = await client.get(path, SiteDetail);
  const runs = await client.get(`${path}/runs?limit=5`, RunPage);
  output.document({ ...site, runs: runs.items });
  output.line(`${styled('bold', site.name)}  ${stateText(site.state)}  ${site.message}`);
  output.line(
    table([
      [
        'labels',
        Object.entries(site.labels)
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
      ],
      ['stacks', site.stacks.join(' ')],
      ['desired', `${site.desired.revision?.slice(0, 10) ?? '-'} (generation ${site.generation})`],
      ['applied', `${site.applied.revision?.slice(0, 10) ?? '-'} ${site.applied.at ?? ''}`],
    ]),
  );
  if (site.agent) for (const line of agentLines(site.agent)) output.line(line);
  for (const { stack, from, values, stale } of site.imports) {
    const names = values.map(({ name, revision }) => (revision ? name : `${name} (not gathered)`));
    output.line(`imports  ${from}/${stack}${names.length > 0 ? `: ${names.join(', ')}` : ''}`);
    if (stale) output.line(`         ${styled('yellow', 'stale')}: ${stale}`);
  }
  for (const drift of site.openDrifts)
    output.line(
      `${styled('yellow', 'edited')}  ${drift.paths.join(', ')} by ${drift.author} at ${drift.detectedAt}`,
    );
  for (const run of runs.items)
    output.line(
      `run  ${run.startedAt}  ${run.kind}  ${run.result ?? 'under way'}  ${run.cause}${run.reason ? `: ${run.reason}` : ''}`,
    );
  return EXIT.ok;
}

/** `trueup sites`: every site, a line each. */
export async function sites(
  filter: { state?: string; search?: string },
  client: Client,
  output: Output,
): Promise<number> {
  const query = new URLSearchParams(filter).toString();
  const rows = await Array.fromAsync(client.pages(`/sites${query ? `?${query}` : ''}`, Site));
  output.document(rows);
  if (rows.length > 0)
    output.line(
      table(
        rows.map((row) => [
          stateText(row.state),
          row.name,
          row.message,
          ...(row.agent ? [agentWords(row.agent)] : []),
        ]),
      ),
    );
  return EXIT.ok;
}

/** `trueup proposals`: what waits for a decision, or with a state all that ended so. */
export async function proposals(
  filter: { state: string },
  client: Client,
  output: Output,
): Promise<number> {
  const rows = await Array.fromAsync(
    client.pages(`/proposals?state=${encodeURIComponent(filter.state)}`, Proposal),
  );
  output.document(rows);
  for (const row of rows) output.line(proposalLine(row));
  if (rows.length === 0) output.line(`no proposal is ${filter.state}`);
  if (!output.json && filter.state === 'open') await tellWaiting(client, output);
  return EXIT.ok;
}

/** `trueup proposals waiting`: edits that have no proposal so far, and why. */
export async function waiting(client: Client, output: Output): Promise<number> {
  const told = await client.get('/waiting', WaitingEdits);
  output.document(told.items);
  if (!output.json && told.items.length === 0) output.line('no edit waits for its proposal');
  if (!output.json) await tellWaiting(client, output);
  return EXIT.ok;
}

async function tellWaiting(client: Client, output: Output): Promise<void> {
  const { items } = await client.get('/waiting', WaitingEdits);
  for (const { sites, count: number, paths, since, why } of items) {
    const where = number === 1 ? sites[0]! : `${number} sites (${sites.slice(0, 3).join(', ')} …)`;
    output.line(
      `${styled('yellow', 'waits')}  ${paths.join(', ')} at ${where} since ${since}: ${why ?? 'its proposal is on its way'}`,
    );
  }
}

/** `trueup proposals show ID` */
export async function showProposal(id: string, client: Client, output: Output): Promise<number> {
  const proposal = await client.get(`/proposals/${encodeURIComponent(id)}`, ProposalDetail);
  output.document(proposal);
  output.line(proposalLine(proposal));
  output.line(styledDiff(proposal.body));
  return EXIT.ok;
}

/** `trueup proposals choose ID N` */
export async function choose(
  id: string,
  option: string,
  client: Client,
  output: Output,
): Promise<number> {
  const number = Number(option);
  if (!Number.isInteger(number) || number < 1)
    throw new UserError(`"${option}" is no option: give its number, as the proposal counts them`);
  const path = `/proposals/${encodeURIComponent(id)}/choose`;
  const proposal = await client.post(path, ProposalDetail, { option: number });
  output.document(proposal);
  const title = proposal.options[number - 1]?.title ?? '';
  output.line(`chosen: ${title}; its branch and pull request follow`);
  return EXIT.ok;
}

/** `trueup proposals merge|close ID` */
export async function decide(
  id: string,
  decision: 'merge' | 'close',
  client: Client,
  output: Output,
): Promise<number> {
  const proposal = await client.post(`/proposals/${encodeURIComponent(id)}/${decision}`, Proposal);
  output.document(proposal);
  const next =
    decision === 'merge'
      ? 'the plan learns it'
      : proposal.sites.length > 1
        ? `${proposal.sites.length} sites go back to the plan`
        : `${proposal.site} goes back to the plan`;
  output.line(`${decision === 'merge' ? 'merged' : 'closed'}: ${next}`);
  return EXIT.ok;
}

/** `trueup retry SITE` */
export async function retry(site: string, client: Client, output: Output): Promise<number> {
  const answer = await client.post(`/sites/${encodeURIComponent(site)}/retry`, z.unknown());
  output.document(answer);
  output.line(`${site} is applied again`);
  return EXIT.ok;
}

function stateText(state: string): string {
  return styled(STATE_STYLE[state] ?? 'white', state.padEnd(8));
}

function proposalLine({ id, number, state, title, url }: Proposal): string {
  return `${styled('bold', number === null ? id : `#${number}`)}  ${state}  ${title}${url ? `  ${styled('dim', url)}` : ''}`;
}
