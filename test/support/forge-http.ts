import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Fault } from './github/faults.ts';

/** A request to an emulated forge, read to its end. */
export interface ForgeRequest {
  method: string;
  /** As in the forge's documentation, below the place of its API. */
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: string;
}

/** Reads a request; its path is the URL's. */
export async function readRequest(incoming: IncomingMessage): Promise<ForgeRequest> {
  const url = new URL(incoming.url ?? '/', 'http://localhost');
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks).toString(),
  };
}

/** Sends an answer, or what a fault leaves of it. */
export async function deliver(
  answer: Response,
  outgoing: ServerResponse,
  delivery: Fault['delivery'],
): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  if (delivery === 'held') return;
  if (delivery === 'lost') {
    outgoing.destroy();
    return;
  }
  const headers = Object.fromEntries(answer.headers);
  if (delivery === 'cut') {
    outgoing.writeHead(answer.status, { ...headers, 'content-length': body.length });
    outgoing.write(body.subarray(0, body.length / 2), () => outgoing.destroy());
    return;
  }
  outgoing.writeHead(answer.status, headers).end(body);
}
