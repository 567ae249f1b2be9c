import type { Readable } from 'node:stream';

import { z } from 'zod';

const count = z.int().min(0);

const taskSchema = z.object({
  event: z.literal('task'),
  host: z.string(),
  name: z.string(),
  path: z.string(),
  action: z.string(),
  status: z.enum(['ok', 'changed', 'failed', 'unreachable', 'skipped', 'unverifiable']),
  duration: z.number(),
  message: z.string().exactOptional(),
  diff: z.string().exactOptional(),
  truncated: z.boolean().exactOptional(),
  handler: z.boolean().exactOptional(),
  ignored: z.boolean().exactOptional(),
});

/** What `callback/trueup_events.py` sends, one JSON line each. */
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('playbook'), path: z.string() }),
  z.object({ event: z.literal('play'), name: z.string(), hosts: z.array(z.string()) }),
  taskSchema,
  z.object({
    event: z.literal('stats'),
    hosts: z.record(
      z.string(),
      z.object({
        ok: count,
        changed: count,
        failed: count,
        unreachable: count,
        skipped: count,
      }),
    ),
    outputs: z.record(z.string(), z.json()).exactOptional(),
    outputFaults: z.array(z.object({ name: z.string(), reason: z.string() })).exactOptional(),
  }),
]);

export type RunEvent = z.infer<typeof eventSchema>;
export type TaskEvent = z.infer<typeof taskSchema>;

/** Far above what the callback's own limits let through. */
const LONGEST_LINE = 16 * 1024 * 1024;

/**
 * Reads events as they come, together with the line that each stands on.
 * Ends with the stream, also if that breaks off; throws on a line that is no event or is too long.
 */
export async function* readEvents(
  stream: Readable,
): AsyncGenerator<{ event: RunEvent; line: string }> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...pending, chunk.subarray(from, end)]).toString();
      yield { event: eventSchema.parse(JSON.parse(line)), line };
      [pending, size, from] = [[], 0, end + 1];
    }
    pending.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > LONGEST_LINE) throw new Error('an event is too long');
  }
}
