import type { IncomingMessage, ServerResponse } from 'node:http';

import { handleGitRequest } from '../git-http-server.ts';

/**
 * Answers clone, fetch and push of `/<owner>/<repo>.git` below `root`, with the API's token as password. False if
 * the request is for something else.
 */
export function answerGit(
  options: { root: string; token: string },
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): boolean {
  if (!/^\/[^/]+\/[^/]+\.git\//.test(incoming.url ?? '')) return false;
  handleGitRequest(options, incoming, outgoing);
  return true;
}
