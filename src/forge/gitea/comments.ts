import { z } from 'zod';

import type { PullRequestComment } from '../forge.ts';
import { markedBody, markerLine, readMarked } from '../text.ts';
import type { GiteaClient } from './client.ts';
import { Comment } from './shapes.ts';

/**
 * Brings the comment of `account` that begins with the marker up to date, or posts it. Where lost answers have left
 * several, the oldest stays.
 */
export async function ensureComment(
  client: GiteaClient,
  repository: readonly string[],
  number: number,
  account: string,
  marker: string,
  body: string,
): Promise<void> {
  const text = markedBody(marker, body);
  const line = markerLine(marker);
  const [ours, ...surplus] = (await readComments(client, repository, number)).filter(
    (comment) => comment.body.startsWith(line) && comment.user?.login === account,
  );
  const comments = [...repository, 'issues', 'comments'];
  for (const { id } of surplus) {
    await client.send({ method: 'DELETE', path: [...comments, id] });
  }
  if (!ours) {
    const path = [...repository, 'issues', number, 'comments'];
    await client.send({ method: 'POST', path, body: { body: text } });
  } else if (textOf(ours) !== text) {
    await client.send({ method: 'PATCH', path: [...comments, ours.id], body: { body: text } });
  }
}

/** All comments as every forge tells them, the oldest first. */
export async function listComments(
  client: GiteaClient,
  repository: readonly string[],
  number: number,
  account: string,
): Promise<PullRequestComment[]> {
  const comments = await readComments(client, repository, number);
  return comments.map((comment) => ({
    id: String(comment.id),
    author: comment.user?.login ?? '',
    createdAt: Date.parse(comment.created_at),
    ...readMarked(textOf(comment), comment.user?.login === account),
  }));
}

/** Gitea hands out all comments of a pull request at once. */
async function readComments(
  client: GiteaClient,
  repository: readonly string[],
  number: number,
): Promise<Comment[]> {
  const path = [...repository, 'issues', number, 'comments'];
  const comments = await client.read(path, z.array(Comment));
  return comments.toSorted((a, b) => a.id - b.id);
}

function textOf({ body }: Comment): string {
  return body.replaceAll('\r\n', '\n');
}
