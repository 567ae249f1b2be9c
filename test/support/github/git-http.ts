import type { IncomingMessage, ServerResponse } from 'node:http';

import { handleGitRequest } from '../git-http-server.ts';

/**
 * Answers clone, fetch and push of `/<owner>/<repo>.git` below `root`, with a token that the API `knows` as password.
 * False if the request is for something else.
 */
export function answerGit(
  options: { root: string; token: string; knows: (token: string) => boolean },
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): boolean {
  if (!/^\/[^/]+\/[^/]+\.git\//.test(incoming.url ?? '')) return false;
  const { root, token, knows } = options;
  const given = passwordOf(incoming.headers.authorization ?? '');
  handleGitRequest({ root, token: knows(given) ? given : token }, incoming, outgoing);
  return true;
}

function passwordOf(authorization: string): string {
  const decoded = Buffer.from(authorization.replace(/^basic /i, ''), 'base64').toString();
  return decoded.slice(decoded.indexOf(':') + 1);
}
