import { Hono } from 'hono';

import { invalid, notFound, page, refusal, type FieldError } from './answers.ts';
import { fileShape, pullShape, pullSummaryShape } from './shapes.ts';
import { now, rulesAreMet, type GitHubState, type Pull } from './state.ts';

interface PullBody {
  title?: string;
  body?: string | null;
  head?: string;
  base?: string;
  state?: 'open' | 'closed';
}

interface MergeBody {
  sha?: string;
  commit_title?: string;
  commit_message?: string;
  merge_method?: 'merge' | 'squash' | 'rebase';
}

/** Everything below `/repos/{owner}/{repo}/pulls`. */
export function pullRoutes(state: GitHubState): Hono {
  return new Hono()
    .get('/', (c) => {
      const { state: wanted = 'open', head, base } = c.req.query();
      const pulls = state.pulls
        .map((pull) => look(state, pull))
        .filter((pull) => wanted === 'all' || pull.state === wanted)
        // A head without an owner is no filter at all.
        .filter((pull) => !head?.includes(':') || head === `${state.owner}:${pull.branch}`)
        .filter((pull) => base === undefined || base === pull.base)
        .toReversed();
      return page(
        c.req.url,
        pulls.map((pull) => pullSummaryShape(state, pull)),
      );
    })
    .post('/', async (c) => {
      const pull = openPull(state, await c.req.json(), state.account);
      if (pull instanceof Response) return pull;
      return Response.json(pullShape(state, pull, null), { status: 201 });
    })
    .get('/:number', (c) => {
      const pull = findPull(state, c.req.param('number'));
      return pull ? Response.json(pullShape(state, pull, mergeability(state, pull))) : notFound();
    })
    .patch('/:number', async (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const change: PullBody = await c.req.json();
      const faults = textFaults(change);
      if (faults.length > 0) return invalid(...faults);
      pull.title = change.title ?? pull.title;
      pull.body = change.body ?? pull.body;
      pull.updatedAt = now();
      if (change.state === 'closed') closePull(pull, state.account);
      if (change.state === 'open' && !reopenPull(state, pull)) {
        return customFault(
          `state cannot be changed. The ${pull.branch} branch was deleted or merged.`,
        );
      }
      return Response.json(pullShape(state, pull, mergeability(state, pull)));
    })
    .get('/:number/files', (c) => {
      const pull = findPull(state, c.req.param('number'));
      if (!pull) return notFound();
      const files = state.repository.changedFiles(pull.baseCommit, pull.head);
      return page(
        c.req.url,
        files.map((file) => fileShape(state, pull, file)),
      );
    })
    .put('/:number/merge', async (c) => {
      const pull = findPull(state, c.req.param('number'));
      return pull ? mergeAnswer(state, pull, await c.req.json()) : notFound();
    });
}

/** A pull request as it is now, or undefined. */
export function findPull(state: GitHubState, number: number | string): Pull | undefined {
  const pull = state.pulls.find((one) => one.number === Number(number));
  return pull && look(state, pull);
}

export type MergeMethod = 'merge' | 'squash' | 'rebase';

/** Merges an open pull request, with a merge commit unless told otherwise; undefined where it conflicts. */
export function mergePull(
  state: GitHubState,
  pull: Pull,
  by: string,
  message = `Merge pull request #${pull.number} from ${state.owner}/${pull.branch}\n\n${pull.title}`,
  method: MergeMethod = 'merge',
): string | undefined {
  const { head, base } = pull;
  const { repository } = state;
  const request = { head, base, message, author: by };
  const merged = method === 'merge' ? repository.merge(request) : repository[method](request);
  if ('conflicts' in merged) return undefined;
  endAsMerged(pull, merged.commit, by);
  return merged.commit;
}

/** False if it is merged, or its branch is gone. */
export function reopenPull(state: GitHubState, pull: Pull): boolean {
  if (pull.state === 'open') return true;
  const head = state.repository.branchCommit(pull.branch);
  if (pull.merge !== null || head === undefined) return false;
  pull.state = 'open';
  pull.closedBy = pull.closedAt = null;
  pull.head = head;
  pull.updatedAt = now();
  return true;
}

export function closePull(pull: Pull, by: string): void {
  if (pull.state === 'closed') return;
  pull.state = 'closed';
  pull.closedBy = by;
  pull.autoMerge = null;
  pull.closedAt = pull.updatedAt = now();
}

function endAsMerged(pull: Pull, commit: string, by: string): void {
  closePull(pull, by);
  pull.merge = { commit, by };
}

/** Takes up what pushes have done to an open pull request. */
function look(state: GitHubState, pull: Pull): Pull {
  if (pull.state === 'closed') return pull;
  const branches = state.repository.branches();
  const head = pull.fork === '' ? branches.get(pull.branch) : pull.head;
  pull.baseCommit = branches.get(pull.base) ?? pull.baseCommit;
  if (state.repository.isAncestor(head ?? pull.head, pull.baseCommit)) {
    endAsMerged(pull, pull.baseCommit, state.owner);
  } else if (head === undefined) {
    closePull(pull, state.owner);
  }
  pull.head = head ?? pull.head;
  const { autoMerge } = pull;
  if (pull.state === 'open' && autoMerge !== null && rulesAreMet(state, pull.head)) {
    mergePull(state, pull, autoMerge.by, autoMerge.message);
  }
  return pull;
}

/** As with the service itself, the first question only sets the work going. */
export function mergeability(state: GitHubState, pull: Pull): boolean | null {
  if (pull.state === 'closed') return null;
  const question = `${pull.head} ${pull.baseCommit}`;
  if (pull.mergeabilityOf !== question) {
    pull.mergeabilityOf = question;
    return null;
  }
  const { baseCommit: base, head, number } = pull;
  const trial = state.repository.trialMerge(base, head, `refs/pull/${number}`);
  pull.trial = trial ?? null;
  return trial !== undefined;
}

/** Opens the pull request of a branch, or refuses. */
export function openPull(state: GitHubState, draft: PullBody, user: string): Pull | Response {
  const { repository, owner } = state;
  const branch = draft.head?.replace(`${owner}:`, '') ?? '';
  const base = draft.base ?? '';
  const branches = repository.branches();
  const head = branches.get(branch);
  const baseCommit = branches.get(base);
  const faults = textFaults({ title: '', ...draft });
  if (faults.length > 0) return invalid(...faults);
  if (head === undefined) {
    return invalid({ resource: 'PullRequest', field: 'head', code: 'invalid' });
  }
  if (baseCommit === undefined) {
    return invalid({ resource: 'PullRequest', field: 'base', code: 'invalid' });
  }
  const open = state.pulls.map((pull) => look(state, pull)).filter((one) => one.state === 'open');
  if (open.some((pull) => pull.branch === branch && pull.base === base)) {
    return customFault(`A pull request already exists for ${owner}:${branch}.`);
  }
  if (repository.isAncestor(head, baseCommit)) {
    return customFault(`No commits between ${base} and ${branch}`);
  }
  const time = now();
  const pull: Pull = {
    number: state.pulls.length + 1,
    title: draft.title ?? '',
    body: draft.body ?? null,
    branch,
    head,
    base,
    baseCommit,
    state: 'open',
    labels: [],
    labelling: [],
    user,
    fork: '',
    draft: false,
    autoMerge: null,
    trial: null,
    merge: null,
    closedBy: null,
    mergeabilityOf: '',
    createdAt: time,
    updatedAt: time,
    closedAt: null,
  };
  state.pulls.push(pull);
  return pull;
}

function mergeAnswer(state: GitHubState, pull: Pull, request: MergeBody): Response {
  if (pull.state === 'closed') return refusal(405, 'Pull Request is not mergeable');
  if (request.merge_method !== undefined && request.merge_method !== 'merge') {
    return refusal(405, 'Squash and rebase merges are not allowed on this repository.');
  }
  if (request.sha !== undefined && request.sha !== pull.head) {
    return refusal(409, 'Head branch was modified. Review and try the merge again.');
  }
  if (!rulesAreMet(state, pull.head)) {
    const missing = state.requiredStatuses.join('", "');
    return refusal(405, `Required status check "${missing}" is expected.`);
  }
  const words = [request.commit_title, request.commit_message].filter((text) => text !== undefined);
  const message = words.length === 0 ? undefined : words.join('\n\n');
  const commit = mergePull(state, pull, state.account, message);
  if (commit === undefined) return refusal(405, 'Pull Request is not mergeable');
  return Response.json({ sha: commit, merged: true, message: 'Pull Request successfully merged' });
}

function textFaults({ title = 'unchanged', body }: PullBody): FieldError[] {
  const faults: FieldError[] = [];
  const resource = 'Issue';
  if (title.trim() === '') faults.push({ resource, field: 'title', code: 'missing_field' });
  for (const [field, text, limit] of [
    ['title', title, 256],
    ['body', body ?? '', 65_536],
  ] as const) {
    const message = `${field} is too long (maximum is ${limit} characters)`;
    if (text.length > limit) faults.push({ resource, field, code: 'custom', message });
  }
  return faults;
}

function customFault(message: string): Response {
  return invalid({ resource: 'PullRequest', code: 'custom', message });
}

/** Puts labels on; they are told apart without regard to case, and unknown ones are made. */
export function addLabels(pull: Pull, labels: readonly string[], by: string): void {
  const known = new Set(pull.labels.map((label) => label.toLowerCase()));
  for (const label of labels.filter((one) => !known.has(one.toLowerCase()))) {
    pull.labels.push(label);
    pull.labelling.push({ event: 'labeled', label, by, at: now() });
  }
}

/** Takes a label off, whatever its case; undefined if it is not on. */
export function removeLabel(pull: Pull, name: string, by: string): string | undefined {
  const at = pull.labels.findIndex((label) => label.toLowerCase() === name.toLowerCase());
  if (at === -1) return undefined;
  const [label] = pull.labels.splice(at, 1);
  pull.labelling.push({ event: 'unlabeled', label: label!, by, at: now() });
  return label;
}
