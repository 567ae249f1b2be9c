import type { IncomingMessage, ServerResponse } from 'node:http';

import { handleGitRequest } from '../git-http-server.ts';

/** Who asks by git: the name and password of Basic authentication; both empty where there is none. */
export interface GitUser {
  name: string;
  password: string;
}

/**
 * Answers clone, fetch and push of `/<owner>/<repo>.git` below `root`, for users that the service `knows`.
 * False if the request is for something else.
 */
export function answerGit(
  { root, knows }: { root: string; knows: (user: GitUser) => boolean },
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): boolean {
  if (!/^\/[^/]+\/[^/]+\.git\//.test(incoming.url ?? '')) return false;
  if (knows(userOf(incoming.headers.authorization ?? ''))) {
    handleGitRequest({ root }, incoming, outgoing);
  } else {
    const ask = { 'www-authenticate': 'Basic realm="GitHub"' };
    outgoing.writeHead(401, ask).end('Unauthorized\n');
  }
  return true;
}

function userOf(authorization: string): GitUser {
  const decoded = Buffer.from(authorization.replace(/^basic /i, ''), 'base64').toString();
  const at = decoded.indexOf(':');
  return { name: decoded.slice(0, Math.max(0, at)), password: decoded.slice(at + 1) };
}
