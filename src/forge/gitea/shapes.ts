import { z } from 'zod';

import type { PullRequest } from '../forge.ts';

/** What we read of Gitea's answers; see `/swagger.v1.json` of any Gitea. */

export const User = z.object({ login: z.string() });
export type User = z.infer<typeof User>;

export const Label = z.object({ id: z.number(), name: z.string() });
export type Label = z.infer<typeof Label>;

export const Comment = z.object({
  id: z.number(),
  body: z.string(),
  user: User.nullish(),
  created_at: z.string(),
});
export type Comment = z.infer<typeof Comment>;

const End = z.object({
  /** The branch's name. */
  label: z.string(),
  /** The same, or `refs/pull/<number>/head` once the branch is gone. */
  ref: z.string(),
  sha: z.string(),
  /** -1 once the repository is gone. */
  repo_id: z.number(),
});

export const Pull = z.object({
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body: z.string(),
  user: User.nullish(),
  head: End,
  base: End,
  state: z.string(),
  draft: z.boolean().optional(),
  merged: z.boolean(),
  mergeable: z.boolean(),
  merge_base: z.string(),
  merge_commit_sha: z.string().nullish(),
  merged_by: User.nullish(),
  labels: z.array(Label).nullish(),
});
export type Pull = z.infer<typeof Pull>;

export const ChangedFile = z.object({
  filename: z.string(),
  previous_filename: z.string().optional(),
});

export const Status = z.object({
  context: z.string(),
  status: z.string(),
  description: z.string(),
  target_url: z.string(),
});
export type Status = z.infer<typeof Status>;

export const Compare = z.object({ total_commits: z.number() });

export const CollaboratorPermission = z.object({ permission: z.string() });

/** An event of a pull request's history. */
export const TimelineEvent = z.object({
  type: z.string(),
  user: User.nullish(),
  /** What a `label` event is about; its body is empty where the label was taken off. */
  label: Label.nullish(),
  body: z.string().nullish(),
});

export type TimelineEvent = z.infer<typeof TimelineEvent>;

/** A pull request of Gitea's as every forge tells it; who closed it stands elsewhere. */
export function toPullRequest(pull: Pull): PullRequest {
  const { head, base, merge_commit_sha: mergeCommit, merged_by: mergedBy, user } = pull;
  return {
    number: pull.number,
    url: pull.html_url,
    title: pull.title,
    body: pull.body.replaceAll('\r\n', '\n'),
    branch: head.ref.startsWith('refs/pull/') ? head.label : head.ref,
    head: head.sha,
    base: base.ref,
    state: pull.merged ? 'merged' : pull.state === 'open' ? 'open' : 'closed',
    ...(pull.merged && mergeCommit ? { mergeCommit } : {}),
    ...(pull.merged && mergedBy ? { decidedBy: mergedBy.login } : {}),
    labels: (pull.labels ?? []).map(({ name }) => name),
    ...(user ? { author: user.login } : {}),
    ...(head.repo_id === base.repo_id ? {} : { fork: true }),
    ...(pull.draft ? { draft: true } : {}),
  };
}
