import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface GitHttpOptions {
  /** Folder that holds the bare repositories; `/<path in it>` is their URL. */
  root: string;
  /** Password of the Basic credentials (any user name) or Bearer token that is asked for; none: open to all. */
  token?: string;
}

export interface GitHttpServer {
  /** `http://127.0.0.1:<port>`, without a slash at the end. */
  url: string;
  /** Every request so far, oldest first, with the credentials that came with it. */
  requests: { method: string; path: string; authorization: string | undefined; status: number }[];
  /** Changes the token that is asked for. */
  setToken(token: string | undefined): void;
  close(): Promise<void>;
}

/** Serves bare repositories over git's smart HTTP protocol, for reading and pushing, on a free loopback port. */
export async function serveGit(options: GitHttpOptions): Promise<GitHttpServer> {
  const current = { ...options };
  const requests: GitHttpServer['requests'] = [];
  const server = createServer((request, response) => {
    response.on('finish', () => {
      requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        authorization: request.headers.authorization,
        status: response.statusCode,
      });
    });
    handleGitRequest(current, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port to listen on');
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    setToken: (token) => {
      if (token === undefined) delete current.token;
      else current.token = token;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers one request through `git http-backend`; for mounting repositories in a server of one's own. */
export function handleGitRequest(
  { root, token }: GitHttpOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (token !== undefined && passwordOf(request.headers.authorization) !== token) {
    response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('Unauthorized\n');
    return;
  }
  const url = new URL(request.url ?? '/', 'http://localhost');
  const backend = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      // An authenticated user is what lets http-backend accept pushes.
      REMOTE_USER: 'git',
      REMOTE_ADDR: '127.0.0.1',
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      CONTENT_LENGTH: request.headers['content-length'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      HTTP_GIT_PROTOCOL: request.headers['git-protocol']?.toString(),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  request.pipe(backend.stdin);
  // Either side may go first: the client by hanging up, the backend by refusing before it has read everything.
  backend.stdin.on('error', () => {});
  response.on('close', () => backend.kill());
  relay(backend.stdout, response);
}

/** Turns a CGI answer (headers, empty line, body) into an HTTP one. */
function relay(answer: NodeJS.ReadableStream, response: ServerResponse): void {
  let head = Buffer.alloc(0);
  answer.on('data', (chunk: Buffer) => {
    if (response.headersSent) {
      response.write(chunk);
      return;
    }
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    let status = 200;
    for (const line of head.toString('latin1', 0, end).split('\r\n')) {
      const [name = '', value = ''] = line.split(/: */, 2);
      if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.writeHead(status);
    if (head.length > end + 4) response.write(head.subarray(end + 4));
  });
  answer.on('end', () => {
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
}

function passwordOf(authorization: string | undefined): string | undefined {
  const [scheme = '', value = ''] = (authorization ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const decoded = Buffer.from(value, 'base64').toString();
  return decoded.slice(decoded.indexOf(':') + 1);
}
