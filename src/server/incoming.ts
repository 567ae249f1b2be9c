import type { Context } from 'hono';

import type { Env } from './env.ts';
import type { AgentLimits } from './options.ts';
import { HttpProblem } from './problem.ts';
import { allowSlowBody } from './slow-bodies.ts';

/**
 * The body of a request as a stream that fails with a problem where it is larger than one may be, where all that are
 * on their way are, or where nothing comes for a while.
 * @param total bytes of all of them that have come and not ended yet
 */
export function boundedBody(
  c: Context<Env>,
  { bundle, incoming, idle }: AgentLimits,
  total: { bytes: number },
): ReadableStream<Uint8Array> {
  const tooLarge = () =>
    new HttpProblem(413, { detail: `the bundle is larger than ${bundle} bytes` });
  if (Number(c.req.header('content-length') ?? 0) > bundle) throw tooLarge();
  const { body } = c.req.raw;
  if (body === null) throw new HttpProblem(400, { detail: 'the body is to be a bundle' });
  allowSlowBody(c.env.incoming);
  const reader = body.getReader();
  let size = 0;
  const end = (): void => {
    total.bytes -= size;
    size = 0;
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await inTime(reader.read(), idle);
        if (done) {
          end();
          controller.close();
          return;
        }
        size += value.length;
        total.bytes += value.length;
        if (size > bundle) throw tooLarge();
        if (total.bytes > incoming) {
          throw new HttpProblem(503, {
            detail: 'too much is on its way here already',
            headers: { 'Retry-After': '30' },
          });
        }
        controller.enqueue(value);
      } catch (error) {
        end();
        controller.error(error);
        await reader.cancel().catch(() => undefined);
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
}

async function inTime<T>(work: Promise<T>, idle: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new HttpProblem(408, { detail: 'the bundle stopped coming' })),
      idle,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
