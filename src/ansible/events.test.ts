import { Readable } from 'node:stream';

import { expect, test } from 'vitest';

import { readEvents } from './events.ts';

async function read(chunks: readonly string[]): Promise<unknown[]> {
  const events: unknown[] = [];
  const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1')));
  for await (const { event, line } of readEvents(stream)) {
    expect(JSON.parse(line)).toMatchObject(event);
    events.push(event);
  }
  return events;
}

test('events are read however the stream is cut, also within a character', async () => {
  const events = [
    { event: 'playbook', path: 'base/playbooks/ü.yml' },
    { event: 'play', name: '🔑', hosts: ['a'] },
  ];
  const text = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  for (const size of [1, 2, 7, 1000]) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.subarray(i * size, (i + 1) * size).toString('latin1'),
    );
    expect(await read(chunks)).toEqual(events);
  }
});

test('an unfinished last line is no event', async () => {
  expect(await read(['{"event":"playbook","path":"a"}\n{"event":"pl'])).toHaveLength(1);
});

test.each([
  ['not JSON', /JSON/],
  ['{"event":"unknown"}', /invalid_union|Invalid/],
  ['{"event":"play","hosts":"all","name":""}', /expected array/],
])('the line %j is refused', async (line, fault) => {
  await expect(read([`${line}\n`])).rejects.toThrow(fault);
});

test('a line without end is refused before it fills the memory', async () => {
  const chunks = Array.from({ length: 40 }, () => 'x'.repeat(1024 * 1024));
  await expect(read(chunks)).rejects.toThrow('too long');
});
