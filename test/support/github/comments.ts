import { Hono } from 'hono';

import { invalid, notFound, page, refusal } from './answers.ts';
import { addLabels, findPull, removeLabel } from './pulls.ts';
import { commentShape, issueShape, labelEventShape, labelShape } from './shapes.ts';
import { now, type Comment, type GitHubState, type Issue } from './state.ts';

const FIRST_ISSUE = 100_001;

/** Everything below `/repos/{owner}/{repo}/issues`: a pull request's comments and labels, and who closed it. */
export function issueRoutes(state: GitHubState): Hono {
  return new Hono()
    .get('/', (c) => {
      const { labels = '', state: wanted = 'open' } = c.req.query();
      const issues = state.issues.filter(
        (issue) =>
          (wanted === 'all' || issue.state === wanted) &&
          labels
            .split(',')
            .filter(Boolean)
            .every((label) => issue.labels.includes(label)),
      );
      return page(
        c.req.url,
        issues.map((issue) => issueShape(state, issue)),
      );
    })
    .post('/', async (c) => {
      const draft: { title: string; body?: string; labels?: string[] } = await c.req.json();
      const time = now();
      const issue: Issue = {
        number: FIRST_ISSUE + state.issues.length,
        title: draft.title,
        body: draft.body ?? null,
        labels: draft.labels ?? [],
        state: 'open',
        user: state.account,
        merge: null,
        closedBy: null,
        closedAt: null,
        createdAt: time,
        updatedAt: time,
      };
      state.issues.push(issue);
      return Response.json(issueShape(state, issue), { status: 201 });
    })
    .patch('/:number', async (c) => {
      const issue = state.issues.find(({ number }) => number === Number(c.req.param('number')));
      if (!issue) return notFound();
      const change: Partial<Issue> = await c.req.json();
      Object.assign(issue, change, { updatedAt: now() });
      return Response.json(issueShape(state, issue));
    })
    .get('/:number', (c) => {
      const pull = findPull(state, c.req.param('number'));
      return pull ? Response.json(issueShape(state, pull)) : notFound();
    })
    .post('/:number/labels', async (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const { labels }: { labels: string[] } = await c.req.json();
      addLabels(pull, labels, state.account);
      return Response.json(pull.labels.map((label) => labelShape(state, label)));
    })
    .delete('/:number/labels/:name', (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const taken = removeLabel(pull, c.req.param('name'), state.account);
      if (taken === undefined) return refusal(404, 'Label does not exist');
      return Response.json(pull.labels.map((label) => labelShape(state, label)));
    })
    .get('/:number/events', (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      return page(
        c.req.url,
        pull.labelling.map((_, at) => labelEventShape(state, pull, at)),
      );
    })
    .get('/:number/comments', (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const comments = state.comments.filter((comment) => comment.pull === pull.number);
      return page(
        c.req.url,
        comments.map((comment) => commentShape(state, comment)),
      );
    })
    .post('/:number/comments', async (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const { body }: { body: string } = await c.req.json();
      if (body.length > 65_536) return tooLong();
      const comment = addComment(state, pull.number, state.account, body);
      return Response.json(commentShape(state, comment), { status: 201 });
    })
    .patch('/comments/:id', async (c) => {
      const comment = findComment(state, c.req.param('id'));
      if (!comment) return notFound();
      const { body }: { body: string } = await c.req.json();
      if (body.length > 65_536) return tooLong();
      comment.body = body;
      comment.updatedAt = now();
      return Response.json(commentShape(state, comment));
    })
    .delete('/comments/:id', (c) => {
      const comment = findComment(state, c.req.param('id'));
      if (!comment) return notFound();
      state.comments.splice(state.comments.indexOf(comment), 1);
      return new Response(null, { status: 204 });
    });
}

export function addComment(state: GitHubState, pull: number, user: string, body: string): Comment {
  state.lastId += 1;
  const time = now();
  const comment = { id: state.lastId, pull, user, body, createdAt: time, updatedAt: time };
  state.comments.push(comment);
  return comment;
}

function findComment(state: GitHubState, id: string): Comment | undefined {
  return state.comments.find((comment) => comment.id === Number(id));
}

function tooLong(): Response {
  return invalid({
    resource: 'IssueComment',
    field: 'data',
    code: 'unprocessable',
    message: 'Body is too long (maximum is 65536 characters)',
  });
}
