import type * as gitea from 'gitea-js';
import { Hono } from 'hono';

import { notFound, page, refusal } from './answers.ts';
import { findPull } from './pulls.ts';
import { commentShape, labelShape, statusShape, userShape } from './shapes.ts';
import { type Comment, type GiteaState, type Issue, now } from './state.ts';

const FIRST_ISSUE = 100_001;

function issueShape(state: GiteaState, { number, title, body, state: at, user }: Issue): object {
  return { id: number, number, title, body, state: at, user: userShape(state, user) };
}

/** Everything below `/repos/{owner}/{repo}/issues`: a pull request's comments, labels and history. */
export function issueRoutes(state: GiteaState): Hono {
  return new Hono()
    .get('/', (c) => {
      const { created_by: by, state: wanted = 'open' } = c.req.query();
      const issues = state.issues.filter(
        (issue) =>
          (wanted === 'all' || issue.state === wanted) && (by === undefined || by === issue.user),
      );
      return page(
        c.req.url,
        issues.map((issue) => issueShape(state, issue)),
      );
    })
    .post('/', async (c) => {
      const { title, body = '' }: gitea.CreateIssueOption = await c.req.json();
      const number = FIRST_ISSUE + state.issues.length;
      const issue: Issue = { number, title, body, state: 'open', user: state.account };
      state.issues.push(issue);
      return Response.json(issueShape(state, issue), { status: 201 });
    })
    .patch('/:number', async (c) => {
      const issue = state.issues.find(({ number }) => number === Number(c.req.param('number')));
      if (!issue) return notFound();
      const { body, state: wanted }: gitea.EditIssueOption = await c.req.json();
      issue.body = body ?? issue.body;
      if (wanted === 'open' || wanted === 'closed') issue.state = wanted;
      return Response.json(issueShape(state, issue), { status: 201 });
    })
    .get('/:number/comments', (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const comments = state.comments.filter((comment) => comment.pull === pull.number);
      return Response.json(comments.map((comment) => commentShape(state, comment)));
    })
    .post('/:number/comments', async (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const { body }: gitea.CreateIssueCommentOption = await c.req.json();
      const comment = addComment(state, pull.number, state.account, body);
      return Response.json(commentShape(state, comment), { status: 201 });
    })
    .patch('/comments/:id', async (c) => {
      const comment = findComment(state, c.req.param('id'));
      if (!comment) return notFound();
      const { body }: gitea.EditIssueCommentOption = await c.req.json();
      comment.body = body;
      return Response.json(commentShape(state, comment));
    })
    .delete('/comments/:id', (c) => {
      const comment = findComment(state, c.req.param('id'));
      if (!comment) return notFound();
      state.comments.splice(state.comments.indexOf(comment), 1);
      return new Response(null, { status: 204 });
    })
    .post('/:number/labels', async (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const { labels }: { labels: number[] } = await c.req.json();
      // Ids that are none are ignored.
      const known = labels.filter((id) => state.labels.some((label) => label.id === id));
      for (const label of known)
        pull.events.push({ type: 'label', user: state.account, label, body: '1' });
      pull.labels = [...new Set([...pull.labels, ...known])];
      return Response.json(pull.labels.map((id) => labelShape(state, id)));
    })
    .delete('/:number/labels/:id', (c) => {
      const pull = findPull(state, c.req.param('number'));
      const id = Number(c.req.param('id'));
      if (!pull || !state.labels.some((label) => label.id === id)) return notFound();
      pull.labels = pull.labels.filter((label) => label !== id);
      pull.events.push({ type: 'label', user: state.account, label: id });
      return new Response(null, { status: 204 });
    })
    .get('/:number/timeline', (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const events: gitea.TimelineComment[] = pull.events.map(
        ({ type, user, label, body = '' }, i) => ({
          id: i + 1,
          type,
          user: userShape(state, user),
          body,
          ...(label === undefined ? {} : { label: labelShape(state, label) }),
          created_at: pull.createdAt,
        }),
      );
      return page(c.req.url, events);
    });
}

/** The repository's labels, commit statuses, comparisons, and what accounts may do. */
export function repositoryRoutes(state: GiteaState): Hono {
  return new Hono()
    .get('/labels', (c) =>
      page(
        c.req.url,
        state.labels.map(({ id }) => labelShape(state, id)),
      ),
    )
    .post('/labels', async (c) => {
      const { name, color }: gitea.CreateLabelOption = await c.req.json();
      if (!/^#?[0-9a-f]{6}$/i.test(color)) return refusal(422, 'invalid color');
      state.lastId += 1;
      state.labels.push({ id: state.lastId, name, color: color.replace('#', '') });
      return Response.json(labelShape(state, state.lastId), { status: 201 });
    })
    .get('/compare/:ends{.+}', (c) => {
      const [base = '', head = ''] = c.req.param('ends').split('...');
      const { repository } = state;
      const ends = [base, head].map((end) => repository.branchCommit(end) ?? commitOf(state, end));
      if (ends.includes(undefined)) return notFound();
      const count = repository.git('rev-list', '--count', `${ends[0]}..${ends[1]}`);
      return Response.json({ total_commits: Number(count), commits: [] });
    })
    .get('/commits/:sha/statuses', (c) => {
      const commit = commitOf(state, c.req.param('sha'));
      if (commit === undefined) return notFound();
      const statuses = state.statuses.filter((status) => status.commit === commit);
      if (c.req.query('sort') === 'highestindex') statuses.reverse();
      return page(
        c.req.url,
        statuses.map((status) => statusShape(state, status)),
      );
    })
    .post('/statuses/:sha', async (c) => {
      const commit = commitOf(state, c.req.param('sha'));
      if (commit === undefined) return notFound();
      const body: gitea.CreateStatusOption = await c.req.json();
      state.lastId += 1;
      const status = {
        id: state.lastId,
        commit,
        status: body.state ?? 'pending',
        context: body.context ?? 'default',
        description: body.description ?? '',
        targetUrl: body.target_url ?? '',
      };
      state.statuses.push(status);
      return Response.json(statusShape(state, status), { status: 201 });
    })
    .get('/assignees', () => {
      const writers = [...state.permissions].filter(([, permission]) => permission !== 'read');
      return Response.json(writers.map(([name]) => userShape(state, name)));
    })
    .get('/collaborators/:name/permission', (c) => {
      const name = c.req.param('name');
      if (state.permissions.get(state.account) !== 'admin') {
        return refusal(403, 'Only admins can query all permissions');
      }
      const permission = state.permissions.get(name);
      if (permission === undefined) return notFound();
      const user = userShape(state, name);
      return Response.json({ permission, role_name: permission, user });
    });
}

export function addComment(state: GiteaState, pull: number, user: string, body: string): Comment {
  state.lastId += 1;
  const comment = { id: state.lastId, pull, user, body, createdAt: now() };
  state.comments.push(comment);
  return comment;
}

function findComment(state: GiteaState, id: string): Comment | undefined {
  return state.comments.find((comment) => comment.id === Number(id));
}

function commitOf(state: GiteaState, text: string): string | undefined {
  return /^[0-9a-f]{40}$/.test(text) ? state.repository.commitOf(text) : undefined;
}
