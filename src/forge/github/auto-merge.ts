import type { Octokit } from '@octokit/rest';
import { z } from 'zod';

import { UserError } from '../../model/errors.ts';
import { ForgeUnavailable } from '../errors.ts';
import { fitLine } from '../text.ts';

/** Auto-merge is only to be had by GraphQL: https://docs.github.com/graphql/reference/mutations */
export const ENABLE = `mutation ($pull: ID!, $head: GitObjectID!, $mergeMethod: PullRequestMergeMethod!, $subject: String!, $body: String!) {
  enablePullRequestAutoMerge(input: {
    pullRequestId: $pull, expectedHeadOid: $head, mergeMethod: $mergeMethod, commitHeadline: $subject, commitBody: $body
  }) { pullRequest { number } }
}`;
export const DISABLE = `mutation ($pull: ID!) {
  disablePullRequestAutoMerge(input: { pullRequestId: $pull }) { pullRequest { number } }
}`;

export interface AutoMergeOptions {
  /** The pull request's global id. */
  pull: string;
  /** Commit that was reviewed; what is pushed before this arrives is refused. */
  head: string;
  method: 'merge' | 'squash' | 'rebase';
  message: { subject: string; body: string };
}

const Faults = z.object({
  errors: z.array(z.object({ message: z.string(), type: z.string().optional() })),
});

/**
 * Has GitHub merge a pull request once its branch's rules are met. False if they are met already, or if the branch
 * has none: then it can be merged at once.
 * @throws UserError if GitHub refuses
 */
export async function enableAutoMerge(
  octokit: Octokit,
  { pull, head, method, message }: AutoMergeOptions,
): Promise<boolean> {
  const faults = await send(octokit, ENABLE, {
    pull,
    head,
    mergeMethod: method.toUpperCase(),
    ...message,
  });
  if (faults === undefined) return true;
  if (/in (?:clean|unstable|has_hooks) status|rules not configured/i.test(faults)) return false;
  if (/auto.?merge is not allowed/i.test(faults)) {
    throw new UserError(
      `GitHub won't merge by itself: ${faults}: allow auto-merge in the repository's settings`,
    );
  }
  throw new UserError(`GitHub won't merge by itself: ${faults}`);
}

/** Takes auto-merge back; that there was none is success. */
export async function disableAutoMerge(octokit: Octokit, pull: string): Promise<void> {
  const faults = await send(octokit, DISABLE, { pull });
  if (faults === undefined || /can't disable|not enabled/i.test(faults)) return;
  throw new UserError(`GitHub still merges by itself: ${faults}`);
}

/** GitHub's words if it refused: GraphQL says so in an answer of status 200. */
async function send(
  octokit: Octokit,
  query: string,
  variables: Record<string, unknown>,
): Promise<string | undefined> {
  try {
    await octokit.graphql(query, variables);
    return undefined;
  } catch (error) {
    const { data } = Faults.safeParse(error);
    if (!data) throw error;
    const words = fitLine(data.errors.map(({ message }) => message).join('; '), 500);
    // Also what it could not work out in time comes as status 200.
    if (data.errors.some(({ type }) => type === undefined || type === 'RATE_LIMITED')) {
      throw new ForgeUnavailable(`POST /graphql: ${words}`, 60_000);
    }
    return words;
  }
}
