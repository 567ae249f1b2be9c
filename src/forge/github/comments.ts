import type { Octokit, RestEndpointMethodTypes } from '@octokit/rest';

import type { PullRequestComment } from '../forge.ts';
import { markedBody, markerLine, readMarked } from '../text.ts';
import { readPages } from './pages.ts';

type Comment = RestEndpointMethodTypes['issues']['listComments']['response']['data'][number];

interface CommentPlace {
  owner: string;
  repo: string;
  issue_number: number;
}

/** Ten thousand comments are read before one is taken not to be there. */
const MOST_PAGES = 100;

/**
 * Brings the comment that begins with the marker up to date, or posts it. `account` is who we are to GitHub, undefined
 * if it doesn't say (a token without an account): others may put our marker on a comment of theirs, which is not ours
 * to edit. Where lost answers have left several, the oldest stays.
 */
export async function ensureComment(
  octokit: Octokit,
  place: CommentPlace,
  account: string | undefined,
  marker: string,
  body: string,
): Promise<void> {
  const { owner, repo } = place;
  const text = markedBody(marker, body);
  const line = markerLine(marker);
  const [ours, ...surplus] = (await readComments(octokit, place)).filter(
    (comment) => comment.body?.startsWith(line) && isOurs(comment, account),
  );
  for (const { id } of surplus) {
    await octokit.rest.issues.deleteComment({ owner, repo, comment_id: id });
  }
  if (!ours) {
    await octokit.rest.issues.createComment({ ...place, body: text });
  } else if (textOf(ours) !== text) {
    await octokit.rest.issues.updateComment({ owner, repo, comment_id: ours.id, body: text });
  }
}

/** All comments as every forge tells them, the oldest first. `account` as for `ensureComment`. */
export async function listComments(
  octokit: Octokit,
  place: CommentPlace,
  account: string | undefined,
): Promise<PullRequestComment[]> {
  const comments = await readComments(octokit, place);
  return comments.map((comment) => ({
    id: String(comment.id),
    author: comment.user?.login ?? '',
    createdAt: Date.parse(comment.created_at),
    ...readMarked(textOf(comment), isOurs(comment, account)),
  }));
}

function readComments(octokit: Octokit, place: CommentPlace): Promise<Comment[]> {
  return readPages((page) => octokit.rest.issues.listComments({ ...place, ...page }), MOST_PAGES);
}

function isOurs({ user }: Comment, account: string | undefined): boolean {
  return account === undefined ? user?.type === 'Bot' : user?.login === account;
}

function textOf({ body }: Comment): string {
  return (body ?? '').replaceAll('\r\n', '\n');
}
