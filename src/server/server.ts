import { createServer as createHttpServer, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

import { getRequestListener } from '@hono/node-server';

import { UserError } from '../model/errors.ts';
import { createApp } from './app.ts';
import type { ServerOptions } from './options.ts';
import { endSlowBody } from './slow-bodies.ts';

/** Milliseconds. */
const HEADERS_TIMEOUT = 10_000;
/** Of a whole request: of a bundle that comes back over a slow link, and of everything else. */
const REQUEST_TIMEOUT = 60 * 60_000;
const BODY_TIMEOUT = 30_000;
const KEEP_ALIVE = 5_000;
/** Bytes of a request's line and headers. */
const MAX_HEADERS = 16 * 1024;
/** Agents that come back all at once are not left to knock again, which takes them seconds (connections). */
const BACKLOG = 4_096;
/** Every agent keeps one while it waits for news. */
const MAX_CONNECTIONS = 20_000;
/** Statuses of what Node cannot read; the others are 400. */
const FAULTS = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

export interface Server {
  /**
   * Starts to listen. Where it listens on all addresses, the URL is the one on loopback.
   * @throws UserError if the address cannot be had
   */
  start(): Promise<{ url: string }>;
  /** Takes no new requests, and waits for those under way as long as the grace (ms) lasts. */
  stop(grace?: number): Promise<void>;
}

/** The HTTP server: health, metrics and the API. */
export function createServer(options: ServerOptions): Server {
  const { host, port, log } = options;
  const listener = getRequestListener(createApp(options).fetch, {
    overrideGlobalObjects: false,
    errorHandler: unreadable,
  });
  const server = createHttpServer(
    {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE,
      maxHeaderSize: MAX_HEADERS,
    },
    (request, response) => {
      endSlowBody(request, BODY_TIMEOUT);
      response.once('close', () => {
        // A server that stops would else wait for clients that keep their connection.
        if (!server.listening) setImmediate(() => server.closeIdleConnections());
      });
      void listener(request, response);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', refuseUnreadable);

  return {
    async start() {
      await new Promise<void>((resolve, reject) => {
        const fail = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
        server.once('error', fail);
        server.listen({ port, host: host.replace(/^\[|\]$/g, ''), backlog: BACKLOG }, () => {
          server.off('error', fail);
          server.on('error', (error) => log.error({ err: error }, 'the HTTP server failed'));
          resolve();
        });
      });
      return { url: urlOf(server.address()) };
    },
    async stop(grace = 5_000) {
      if (!server.listening) return;
      options.changes.close();
      const closed = new Promise((resolve) => server.close(resolve));
      const timer = setTimeout(() => server.closeAllConnections(), grace);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** The answer to a request whose address or host cannot be read. */
function unreadable(): Response {
  return new Response(unreadableBody(400), {
    status: 400,
    headers: { 'Content-Type': 'application/problem+json' },
  });
}

/** Answers what is not even HTTP, or has too many headers, in the same form as every other fault. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
  const status = FAULTS.get(error.code ?? '') ?? 400;
  const body = unreadableBody(status);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function unreadableBody(status: number): string {
  const title = STATUS_CODES[status];
  return JSON.stringify({ type: 'about:blank', title, status, detail: 'cannot be read' });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host} port ${port}`;
  if (error.code === 'EADDRINUSE') {
    return new UserError(`${where} is in use: stop what listens there, or change server.port`);
  }
  if (error.code === 'EACCES') {
    return new UserError(`${where} may not be used by this user: choose a port above 1023`);
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new UserError(`${where} is no address of this machine: change server.host`);
  }
  return error;
}

/** The URL of the address that a server listens on. */
function urlOf(bound: AddressInfo | string | null): string {
  if (bound === null || typeof bound === 'string') throw new Error('the server does not listen');
  const { address, family, port } = bound;
  const host = address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address;
  return `http://${family === 'IPv6' && host === address ? `[${host}]` : host}:${port}`;
}
