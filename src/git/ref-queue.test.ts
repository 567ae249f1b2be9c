import { expect, test } from 'vitest';

import { type QueuedMove, RefQueue } from './ref-queue.ts';

function queueOf(fails: () => boolean = () => false) {
  const moved: QueuedMove[][] = [];
  const errors: unknown[] = [];
  const queue = new RefQueue({
    delay: 1_000_000,
    move: async (moves) => {
      if (fails()) throw new Error('no');
      moved.push(moves);
    },
    onError: (error) => errors.push(error),
  });
  return { queue, moved, errors };
}

test('moves go together, each ref to its newest place', async () => {
  const { queue, moved } = queueOf();
  queue.add([{ ref: 'a', to: '1' }]);
  queue.add([
    { ref: 'b', to: '1' },
    { ref: 'a', to: '2' },
  ]);
  await queue.flush();
  expect(moved).toEqual([
    [
      { ref: 'a', to: '2' },
      { ref: 'b', to: '1' },
    ],
  ]);
  await queue.flush();
  expect(moved).toHaveLength(1);
});

test('what could not be moved is moved the next time, unless it has a newer place', async () => {
  let broken = true;
  const { queue, moved, errors } = queueOf(() => broken);
  queue.add([
    { ref: 'a', to: '1' },
    { ref: 'b', to: '1' },
  ]);
  await queue.flush();
  expect(errors).toHaveLength(1);
  broken = false;
  queue.add([{ ref: 'a', to: '2' }]);
  await queue.flush();
  expect(new Map(moved[0]!.map(({ ref, to }) => [ref, to]))).toEqual(
    new Map([
      ['a', '2'],
      ['b', '1'],
    ]),
  );
});
