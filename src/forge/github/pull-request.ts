import type { RestEndpointMethodTypes } from '@octokit/rest';

import type { PullRequest } from '../forge.ts';

export type PullSummary = RestEndpointMethodTypes['pulls']['list']['response']['data'][number];
export type PullDetails = RestEndpointMethodTypes['pulls']['get']['response']['data'];

/** A pull request of GitHub's as every forge tells it. Lists don't say who merged it. */
export function toPullRequest(pull: PullSummary | PullDetails): PullRequest {
  const merged = pull.merged_at !== null;
  const mergedBy = 'merged_by' in pull ? pull.merged_by?.login : undefined;
  return {
    number: pull.number,
    url: pull.html_url,
    title: pull.title,
    body: (pull.body ?? '').replaceAll('\r\n', '\n'),
    branch: pull.head.ref,
    head: pull.head.sha,
    base: pull.base.ref,
    state: merged ? 'merged' : pull.state === 'open' ? 'open' : 'closed',
    // While it is open, this names a trial merge instead.
    ...(merged && pull.merge_commit_sha !== null ? { mergeCommit: pull.merge_commit_sha } : {}),
    ...(merged && mergedBy !== undefined ? { decidedBy: mergedBy } : {}),
    labels: pull.labels.map((label) => label.name),
  };
}
