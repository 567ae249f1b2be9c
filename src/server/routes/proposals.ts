import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';

import { adopted, options } from '../../proposals/choice.ts';
import type { WaitingGroup } from '../../proposals/waiters.ts';
import type { ProposalRow } from '../../store/rows.ts';
import { decide } from '../decide.ts';
import type { ServerOptions } from '../options.ts';
import { checkAfter, PageQuery, readPage } from '../paging.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import {
  ChooseRequest,
  Key,
  MergeRequest,
  pageOf,
  Proposal,
  ProposalDetail,
  ProposalState,
  SiteName,
  type WaitingEdit,
  WaitingEdits,
} from '../wire.ts';

const ProposalPage = pageOf('ProposalPage', Proposal);
const params = z.object({
  id: Key.meta({ description: 'The key of the proposal, or the number of its pull request.' }),
});

const listProposals = createRoute({
  method: 'get',
  path: '/proposals',
  tags: ['proposals'],
  summary: 'Proposals, newest first',
  request: {
    query: PageQuery.extend({ state: ProposalState.optional(), site: SiteName.optional() }),
  },
  responses: answers(ProposalPage, 'A page of proposals.'),
});

const getProposal = createRoute({
  method: 'get',
  path: '/proposals/{id}',
  tags: ['proposals'],
  summary: 'A proposal with its plan edits and their proof',
  request: { params },
  responses: answers(ProposalDetail, 'The proposal.'),
});

const mergeProposal = createRoute({
  method: 'post',
  path: '/proposals/{id}/merge',
  tags: ['proposals'],
  summary: 'Adopt the edit: merge its pull request',
  security: [{ bearer: [] }],
  request: {
    params,
    body: { required: false, content: { 'application/json': { schema: MergeRequest } } },
  },
  responses: answers(ProposalDetail, 'The proposal, merged.'),
});

const closeProposal = createRoute({
  method: 'post',
  path: '/proposals/{id}/close',
  tags: ['proposals'],
  summary: 'Reject the edit: close its pull request, and bring the site back to the plan',
  security: [{ bearer: [] }],
  request: { params },
  responses: answers(ProposalDetail, 'The proposal, closed.'),
});

const chooseOption = createRoute({
  method: 'post',
  path: '/proposals/{id}/choose',
  tags: ['proposals'],
  summary: 'Take another of its options: its branch and pull request follow',
  security: [{ bearer: [] }],
  request: {
    params,
    body: { required: true, content: { 'application/json': { schema: ChooseRequest } } },
  },
  responses: answers(ProposalDetail, 'The proposal, to be worked out as it was chosen.'),
});

const listWaiting = createRoute({
  method: 'get',
  path: '/waiting',
  tags: ['proposals'],
  summary: 'Edits that wait for their proposal, the one that waits longest first',
  responses: answers(WaitingEdits, 'The first hundred of them.'),
});

/** Waiting edits, and sites of one, that are told. */
const MAX_WAITING = 100;

export function proposalRoutes({ store, decisions, waiting }: ServerOptions) {
  const find = async (id: string): Promise<ProposalRow> => {
    // Keys are UUIDs: none of them is a number.
    const number = /^\d{1,15}$/.test(id) ? Number(id) : undefined;
    const row = await (number === undefined
      ? store.proposals.get(id)
      : store.proposals.byNumber(number));
    if (row === undefined) throw new HttpProblem(404, { detail: `there is no proposal "${id}"` });
    return row;
  };

  const toWaiting = async (group: WaitingGroup): Promise<WaitingEdit> => {
    const drifts = await store.drifts.openInGroup(group.groupKey);
    return {
      key: group.groupKey,
      sites: drifts.slice(0, MAX_WAITING).map(({ site }) => site),
      count: group.sites,
      paths: drifts[0]?.paths ?? [],
      since: toTime(group.since),
      why: group.why ?? null,
    };
  };

  return routes()
    .openapi(listWaiting, async (c) => {
      const groups = (await waiting()).slice(0, MAX_WAITING);
      return c.json(
        checked(WaitingEdits, { items: await Promise.all(groups.map(toWaiting)) }),
        200,
      );
    })
    .openapi(listProposals, async (c) => {
      const { after, limit, state, site } = c.req.valid('query');
      await checkAfter(after, (id) => store.proposals.get(id));
      const page = await readPage({
        limit,
        read: (count) =>
          store.proposals.list({
            limit: count,
            ...(after !== undefined && { after }),
            ...(state !== undefined && { state }),
            ...(site !== undefined && { site }),
          }),
        key: (row) => row.id,
        item: toProposal,
      });
      return c.json(checked(ProposalPage, page), 200);
    })
    .openapi(getProposal, async (c) => {
      const row = await find(c.req.valid('param').id);
      return c.json(checked(ProposalDetail, toDetail(row)), 200);
    })
    .openapi(mergeProposal, async (c) => {
      const { id, commit } = await find(c.req.valid('param').id);
      const { commit: reviewed } = c.req.valid('json');
      if (reviewed !== undefined && reviewed !== commit) {
        throw new HttpProblem(409, {
          detail: `the proposal is at ${commit ?? 'no commit'} now: look at it again`,
          errors: [{ field: 'body.commit', message: 'is not what the proposal is at' }],
        });
      }
      const row = await decide(c, (by) => decisions.merge(id, by));
      return c.json(checked(ProposalDetail, toDetail(row)), 200);
    })
    .openapi(closeProposal, async (c) => {
      const { id } = await find(c.req.valid('param').id);
      const row = await decide(c, (by) => decisions.close(id, by));
      return c.json(checked(ProposalDetail, toDetail(row)), 200);
    })
    .openapi(chooseOption, async (c) => {
      const { id } = await find(c.req.valid('param').id);
      const { option } = c.req.valid('json');
      const row = await decide(c, (by) => decisions.choose(id, option, by));
      return c.json(checked(ProposalDetail, toDetail(row)), 200);
    });
}

function toProposal(row: ProposalRow): Proposal {
  return {
    id: row.id,
    driftId: row.driftId,
    site: row.site,
    sites: row.result.sites ?? [row.site],
    state: row.state,
    kind: row.kind,
    title: row.title,
    branch: row.branch,
    baseRevision: row.baseRevision,
    commit: row.commit,
    theirs: row.theirs,
    held: row.held,
    number: row.number,
    url: row.url,
    createdAt: toTime(row.createdAt),
    openedAt: toTime(row.openedAt),
    decidedAt: toTime(row.decidedAt),
    decidedBy: row.decidedBy,
    closeReason: row.closeReason,
  };
}

function toDetail(row: ProposalRow): ProposalDetail {
  const { proposals: changes, unexplained } = row.result;
  const ways = options(row.result).map(({ proposals }, index) => ({
    number: index + 1,
    title: proposals.map(({ title }) => title).join('; '),
    files: [...new Set(proposals.flatMap(({ edits }) => edits.map(({ file }) => file)))],
    sites: new Set(proposals.flatMap((one) => one.blastRadius.map(({ site }) => site))).size,
  }));
  return {
    ...toProposal(row),
    body: row.body,
    options: ways,
    changes,
    adopted: adopted(row.result).length,
    unexplained,
  };
}
