import { rm } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

import { errorCode, messageOf, UserError } from '../model/errors.ts';
import type { TreeFile } from '../model/tree.ts';
import type { Agent } from './agent.ts';

/** Edits hold whole files, before and after. */
const MAX_BODY = 64 * 1024 * 1024;

/** Bytes of a path that a Unix socket can have. */
const MAX_SOCKET = 107;
const File = z.object({ mode: z.enum(['100644', '100755']), content: z.base64() }).nullable();

const Edits = z
  .array(z.object({ path: z.string().max(4096), before: File, after: File }))
  .max(1000);

/** What people may ask of an agent, by name; the data directory's mode says who may. */
const Asked = z.discriminatedUnion('do', [
  z.object({ do: z.literal('view') }),
  z.object({ do: z.literal('import'), file: z.string() }),
  z.object({ do: z.literal('export'), file: z.string(), full: z.boolean() }),
  z.object({
    do: z.literal('edit'),
    edits: Edits,
    words: z.string().max(4000),
    author: z.string().max(200),
  }),
  z.object({ do: z.literal('apply') }),
  z.object({ do: z.literal('check'), edits: Edits.optional() }),
  z.object({
    do: z.literal('resolve'),
    path: z.string().max(4096),
    choice: z.enum(['plan', 'site']),
  }),
]);
export type Asked = z.output<typeof Asked>;

/** Does what is asked, and says what came of it. */
export async function perform(agent: Agent, asked: Asked): Promise<unknown> {
  switch (asked.do) {
    case 'view':
      return agent.view();
    case 'import':
      return { fresh: await agent.import(asked.file), ...(await agent.view()) };
    case 'export':
      return (await agent.export(asked.file, asked.full)) ?? null;
    case 'edit':
      await agent.edit(
        asked.edits.map(({ path, before, after }) => ({
          path,
          before: fileOf(before),
          after: fileOf(after),
        })),
        asked,
      );
      return agent.view();
    case 'apply':
      await agent.apply();
      return agent.view();
    case 'check':
      return agent.check(asked.edits?.map(({ path, after }) => ({ path, after: fileOf(after) })));
    case 'resolve':
      return { left: await agent.resolve(asked.path, asked.choice), ...(await agent.view()) };
  }
}

/** A file as it is sent. */
export function sent(file: TreeFile | undefined): z.output<typeof File> {
  return file ? { mode: file.mode, content: file.content.toString('base64') } : null;
}

function fileOf(file: z.output<typeof File>): TreeFile | undefined {
  return file ? { mode: file.mode, content: Buffer.from(file.content, 'base64') } : undefined;
}

/** Lets commands reach an agent that runs, over a socket in its data directory. Throws UserError if it cannot. */
export async function serveControl(agent: Agent): Promise<Server> {
  const server = createServer((incoming, outgoing) => {
    let received = 0;
    incoming.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > MAX_BODY) incoming.destroy();
    });
    const answer = async (): Promise<void> => {
      let [status, body]: [number, unknown] = [200, null];
      try {
        body = (await perform(agent, Asked.parse(JSON.parse(await text(incoming))))) ?? null;
      } catch (error) {
        [status, body] = [error instanceof UserError ? 422 : 500, { error: messageOf(error) }];
      }
      outgoing.writeHead(status, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify(body));
    };
    void answer();
  });
  const bytes = Buffer.byteLength(agent.socket);
  if (bytes > MAX_SOCKET)
    throw new UserError(
      `${agent.socket} is too long for a socket by ${bytes - MAX_SOCKET} bytes: take a data directory with a shorter path`,
    );
  // What an agent that was killed left.
  await rm(agent.socket, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(agent.socket, resolve);
  });
  return server;
}

/**
 * Asks the agent that runs on a data directory.
 * @returns undefined where none runs
 * @throws UserError in the words of the agent
 */
export async function askAgent(
  socket: string,
  asked: Asked,
): Promise<{ answer: unknown } | undefined> {
  const response = await new Promise<{ status: number; body: string } | undefined>(
    (resolve, reject) => {
      const fail = (error: unknown): void => {
        const code = errorCode(error) ?? '';
        if (['ENOENT', 'ECONNREFUSED'].includes(code)) resolve(undefined);
        else if (['ECONNRESET', 'EPIPE'].includes(code))
          reject(new UserError('the agent ended while it was asked: ask again'));
        else if (code === 'EACCES')
          reject(
            new UserError(
              `${dirname(socket)} is another user's: ask as the user that the agent runs as, or as root`,
            ),
          );
        else reject(new UserError(`the agent cannot be asked (${socket}): ${messageOf(error)}`));
      };
      const outgoing = request({ socketPath: socket, method: 'POST', path: '/' }, (incoming) => {
        text(incoming).then((body) => resolve({ status: incoming.statusCode ?? 0, body }), fail);
      });
      outgoing.on('error', fail);
      outgoing.end(JSON.stringify(asked));
    },
  );
  if (!response) return undefined;
  const answer: unknown = JSON.parse(response.body);
  if (response.status === 200) return { answer };
  const error = typeof answer === 'object' && answer && 'error' in answer ? answer.error : answer;
  throw new UserError(String(error));
}
