import { z } from 'zod';

import type { Nudge } from '../options.ts';

/** What we read of a webhook's payload, GitHub's and Gitea's alike. Everything else in it is ignored. */
const Payload = z.object({
  repository: z.object({ full_name: z.string() }),
  /** Of a push. */
  ref: z.string().optional(),
  pull_request: z
    .object({ number: z.int().positive(), base: z.object({ ref: z.string() }) })
    .nullish(),
  /** Of a comment; Gitea says by `is_pull` what GitHub says by `pull_request`. */
  issue: z.object({ number: z.int().positive(), pull_request: z.unknown().optional() }).nullish(),
  is_pull: z.boolean().optional(),
});

/** Events that metrics name; others are counted together, since anybody may make names up. */
const KNOWN = new Set([
  'check_run',
  'check_suite',
  'issue_comment',
  'ping',
  'pull_request',
  'pull_request_comment',
  'pull_request_review',
  'push',
  'status',
]);

export interface Subject {
  /** `owner/name`; empty: any. */
  repository: string;
  /** The branch whose newest commit is the desired state. */
  branch: string;
}

/** An event's name for metrics. */
export function eventLabel(event: string | undefined): string {
  return event !== undefined && KNOWN.has(event) ? event : 'other';
}

/**
 * What to look at because of an event: nothing, where it is about another repository or branch.
 * @returns undefined if the payload is none
 */
export function nudgesOf(event: string, payload: unknown, subject: Subject): Nudge[] | undefined {
  if (event === 'ping') return [];
  const { data } = Payload.safeParse(payload);
  if (!data) return undefined;
  const { repository, branch } = subject;
  const name = data.repository.full_name.toLowerCase();
  if (repository !== '' && name !== repository.toLowerCase()) return [];
  if (event === 'push') return data.ref === `refs/heads/${branch}` ? [{ plan: true }] : [];
  if (event === 'issue_comment') {
    const isPull = data.is_pull === true || (data.issue?.pull_request ?? null) !== null;
    return data.issue && isPull ? [{ pullRequest: data.issue.number }] : [];
  }
  if (!event.startsWith('pull_request') || data.pull_request?.base.ref !== branch) return [];
  // It may have been merged, whose push is another webhook, and may get lost.
  return [{ plan: true }, { pullRequest: data.pull_request.number }];
}
