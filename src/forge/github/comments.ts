import type { Octokit, RestEndpointMethodTypes } from '@octokit/rest';

import { markedBody, markerLine } from '../text.ts';

type Comment = RestEndpointMethodTypes['issues']['listComments']['response']['data'][number];

interface CommentPlace {
  owner: string;
  repo: string;
  issue_number: number;
}

const PER_PAGE = 100;
/** Ten thousand comments are read before one is taken not to be there. */
const MOST_PAGES = 100;

/**
 * Brings the comment that begins with the marker up to date, or posts it. `account` is who we are to GitHub, undefined
 * if it doesn't say (an app's token): others may put our marker on a comment of theirs, which is not ours to edit.
 * Where lost answers have left several, the oldest stays.
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
  const [ours, ...surplus] = await ownComments(octokit, place, account, markerLine(marker));
  for (const { id } of surplus) {
    await octokit.rest.issues.deleteComment({ owner, repo, comment_id: id });
  }
  if (!ours) {
    await octokit.rest.issues.createComment({ ...place, body: text });
  } else if (ours.body?.replaceAll('\r\n', '\n') !== text) {
    await octokit.rest.issues.updateComment({ owner, repo, comment_id: ours.id, body: text });
  }
}

async function ownComments(
  octokit: Octokit,
  place: CommentPlace,
  account: string | undefined,
  line: string,
): Promise<Comment[]> {
  const found: Comment[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { data } = await octokit.rest.issues.listComments({
      ...place,
      per_page: PER_PAGE,
      page,
    });
    found.push(
      ...data.filter(
        ({ user, body }) =>
          body?.startsWith(line) &&
          (account === undefined ? user?.type === 'Bot' : user?.login === account),
      ),
    );
    if (data.length < PER_PAGE) break;
  }
  return found;
}
