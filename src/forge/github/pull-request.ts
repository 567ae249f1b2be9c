import type { RestEndpointMethodTypes } from '@octokit/rest';

import type { MergeResult, PullRequest } from '../forge.ts';

export type PullSummary = RestEndpointMethodTypes['pulls']['list']['response']['data'][number];
export type PullDetails = RestEndpointMethodTypes['pulls']['get']['response']['data'];

/** A pull request of GitHub's as every forge tells it. Lists don't say who merged it. */
export function toPullRequest(pull: PullSummary | PullDetails): PullRequest {
  const merged = pull.merged_at !== null;
  const mergedBy = 'merged_by' in pull ? pull.merged_by?.login : undefined;
  const open = pull.state === 'open';
  return {
    number: pull.number,
    url: pull.html_url,
    title: pull.title,
    body: (pull.body ?? '').replaceAll('\r\n', '\n'),
    branch: pull.head.ref,
    head: pull.head.sha,
    base: pull.base.ref,
    state: merged ? 'merged' : open ? 'open' : 'closed',
    // While it is open, this names a trial merge instead.
    ...(merged && pull.merge_commit_sha !== null ? { mergeCommit: pull.merge_commit_sha } : {}),
    ...(merged && mergedBy !== undefined ? { decidedBy: mergedBy } : {}),
    labels: pull.labels.map((label) => label.name),
    ...(pull.user ? { author: pull.user.login } : {}),
    // A fork that was deleted since is null.
    ...(pull.head.repo?.id === pull.base.repo.id ? {} : { fork: true }),
    ...(pull.draft ? { draft: true } : {}),
    ...(open && pull.auto_merge ? { autoMerge: true } : {}),
  };
}

/** How its merge can be had over git: GitHub keeps its own trial under `refs/pull/<number>/merge`. */
export function toMergeResult({
  number,
  head,
  state,
  mergeable,
  merge_commit_sha: commit,
}: PullDetails): MergeResult {
  const refs = `refs/pull/${number}`;
  return {
    headRef: `${refs}/head`,
    head: head.sha,
    ...(mergeable === null ? {} : { mergeable }),
    ...(state === 'open' && mergeable && commit !== null
      ? { trial: { ref: `${refs}/merge`, commit } }
      : {}),
  };
}
