import type * as gitea from 'gitea-js';
import { Hono } from 'hono';

import { notFound, page, refusal } from './answers.ts';
import { pullShape } from './shapes.ts';
import { type GiteaState, now, type Pull, rulesAreMet } from './state.ts';

/** Everything below `/repos/{owner}/{repo}/pulls`. */
export function pullRoutes(state: GiteaState): Hono {
  return (
    new Hono()
      .get('/', (c) => {
        const wanted = c.req.query('state') ?? 'open';
        const pulls = state.pulls
          .map((pull) => look(state, pull))
          .filter((pull) => wanted === 'all' || pull.state === wanted)
          .toReversed();
        return page(
          c.req.url,
          pulls.map((pull) => pullShape(state, pull, isMergeable(state, pull))),
        );
      })
      .post('/', async (c) => openPull(state, await c.req.json()))
      .get('/:number{[0-9]+}', (c) => {
        const pull = findPull(state, c.req.param('number'));
        return pull ? Response.json(pullShape(state, pull, isMergeable(state, pull))) : notFound();
      })
      .get('/:number{[0-9]+}/files', (c) => {
        const pull = findPull(state, c.req.param('number'));
        if (!pull) return notFound();
        const files = state.repository.changedFiles(pull.baseCommit, pull.head);
        return page(
          c.req.url,
          files.map(({ path, before }): gitea.ChangedFile => ({
            filename: path,
            ...(before === undefined ? {} : { previous_filename: before }),
            status: before === undefined ? 'changed' : 'renamed',
            additions: 1,
            deletions: 1,
            changes: 2,
          })),
        );
      })
      // As the service does, any of those that there are: here the oldest.
      .get('/:base/:head{.+}', (c) => {
        const { base, head } = c.req.param();
        const pull = state.pulls.find((one) => one.base === base && one.branch === head);
        if (!pull) return notFound();
        const looked = look(state, pull);
        return Response.json(pullShape(state, looked, isMergeable(state, looked)));
      })
      .patch('/:number{[0-9]+}', async (c) => {
        const pull = findPull(state, c.req.param('number'));
        if (!pull) return notFound();
        const change: gitea.EditPullRequestOption = await c.req.json();
        // An empty text changes nothing.
        pull.title = change.title || pull.title;
        pull.body = change.body ?? pull.body;
        if (change.state !== undefined && change.state !== pull.state) {
          if (pull.merge !== null) {
            return refusal(412, 'cannot change state of this pull request, it was already merged');
          }
          if (change.state === 'closed') closePull(pull, state.account);
          else pull.state = 'open';
        }
        const shape = pullShape(state, look(state, pull), isMergeable(state, pull));
        return Response.json(shape, { status: 201 });
      })
      .post('/:number{[0-9]+}/merge', async (c) => {
        const pull = findPull(state, c.req.param('number'));
        return pull ? mergeAnswer(state, pull, await c.req.json()) : notFound();
      })
      .delete('/:number{[0-9]+}/merge', (c) => {
        const pull = findPull(state, c.req.param('number'));
        if (!pull?.scheduled) return notFound();
        pull.scheduled = null;
        return new Response(null, { status: 204 });
      })
  );
}

/** A pull request as it is now, or undefined. */
export function findPull(state: GiteaState, number: number | string): Pull | undefined {
  const pull = state.pulls.find((one) => one.number === Number(number));
  return pull && look(state, pull);
}

export function closePull(pull: Pull, by: string): void {
  if (pull.state === 'closed') return;
  pull.state = 'closed';
  pull.scheduled = null;
  pull.events.push({ type: 'close', user: by });
}

/** Merges an open pull request with a merge commit, or returns undefined where it conflicts. */
export function mergePull(
  state: GiteaState,
  pull: Pull,
  by: string,
  message = `Merge pull request '${pull.title}' (#${pull.number})`,
): string | undefined {
  const { head, base } = pull;
  const merged = state.repository.merge({ head, base, message, author: by });
  if ('conflicts' in merged) return undefined;
  pull.merge = { commit: merged.commit, by };
  closePull(pull, by);
  return merged.commit;
}

/** Takes up what pushes have done to an open pull request. */
function look(state: GiteaState, pull: Pull): Pull {
  if (pull.state === 'closed') return pull;
  const { repository } = state;
  const branches = repository.branches();
  const head = branches.get(pull.branch);
  pull.baseCommit = branches.get(pull.base) ?? pull.baseCommit;
  pull.head = head ?? pull.head;
  const ends = `${pull.head} ${pull.baseCommit}`;
  if (pull.ends !== ends) {
    pull.ends = ends;
    repository.git('update-ref', `refs/pull/${pull.number}/head`, pull.head);
    pull.mergeBase = repository.git('merge-base', pull.baseCommit, pull.head);
  }
  if (pull.mergeBase === pull.head && state.autodetectManualMerge) {
    pull.merge = { commit: pull.baseCommit, by: state.owner };
    closePull(pull, state.owner);
  } else if (head === undefined) {
    closePull(pull, state.owner);
  }
  if (pull.state === 'open' && pull.scheduled !== null && rulesAreMet(state, pull.head)) {
    mergePull(state, pull, pull.scheduled.by, pull.scheduled.message);
  }
  return pull;
}

/** As with the service itself, the first question only sets the work going. */
function isMergeable(state: GiteaState, pull: Pull): boolean {
  const question = `${pull.head} ${pull.baseCommit}`;
  const checked = pull.checked === question;
  pull.checked = question;
  if (!checked || pull.state === 'closed') return false;
  return 'tree' in state.repository.mergeTree(pull.baseCommit, pull.head);
}

function openPull(state: GiteaState, draft: gitea.CreatePullRequestOption): Response {
  const { head: branch = '', base = '', title = '', body = '' } = draft;
  const branches = state.repository.branches();
  const head = branches.get(branch);
  const baseCommit = branches.get(base);
  if (head === undefined || baseCommit === undefined) return notFound();
  const open = state.pulls.map((pull) => look(state, pull)).filter((one) => one.state === 'open');
  if (open.some((pull) => pull.branch === branch && pull.base === base)) {
    return refusal(409, `pull request already exists for these targets [id: 1, head: ${branch}]`);
  }
  const pull: Pull = {
    number: state.pulls.length + 1,
    title,
    body,
    branch,
    head,
    base,
    baseCommit,
    mergeBase: '',
    ends: '',
    state: 'open',
    labels: [],
    user: state.account,
    merge: null,
    scheduled: null,
    checked: '',
    events: [],
    createdAt: now(),
  };
  state.pulls.push(look(state, pull));
  return Response.json(pullShape(state, pull, isMergeable(state, pull)), { status: 201 });
}

function mergeAnswer(
  state: GiteaState,
  pull: Pull,
  request: gitea.MergePullRequestOption,
): Response {
  if (pull.merge !== null) return refusal(405, 'The PR is already merged');
  if (pull.state === 'closed') return notFound();
  if (!isMergeable(state, pull)) return refusal(405, 'Please try again later');
  if (request.Do !== 'merge') return refusal(405, 'Invalid merge style');
  const words = [request.MergeTitleField, request.MergeMessageField].filter(Boolean);
  const message = words.length === 0 ? undefined : words.join('\n\n');
  if (!rulesAreMet(state, pull.head)) {
    if (!request.merge_when_checks_succeed) {
      return refusal(405, 'Not all required status checks successful');
    }
    if (pull.scheduled) return refusal(409, 'pull request is already scheduled to auto merge');
    pull.scheduled = { message: message ?? pull.title, by: state.account };
    return new Response(null, { status: 201 });
  }
  if (request.head_commit_id !== undefined && request.head_commit_id !== pull.head) {
    return refusal(409, 'head out of date');
  }
  const commit = mergePull(state, pull, state.account, message);
  return commit === undefined ? refusal(409, 'merge conflict') : new Response(null);
}
