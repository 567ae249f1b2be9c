import { expect, test } from 'vitest';

import { ForgeUnavailable } from './errors.ts';
import { GitHubRefusal } from './github/failure.ts';
import { repeatedly } from './repeat.ts';

/** Work that fails with these errors in turn and then succeeds; and what became of it. */
async function play(
  ...errors: Error[]
): Promise<{ calls: number; pauses: number[]; end: unknown }> {
  const pauses: number[] = [];
  let calls = 0;
  const end: unknown = await repeatedly(
    async () => {
      calls += 1;
      const error = errors.shift();
      if (error) throw error;
      return 'done';
    },
    async (ms) => pauses.push(ms),
  ).catch((error: unknown) => error);
  return { calls, pauses, end };
}

test('a failure of the moment is tried again, after longer and longer pauses', async () => {
  const down = new ForgeUnavailable('down');
  const { calls, pauses, end } = await play(down, down);
  expect({ calls, end }).toEqual({ calls: 3, end: 'done' });
  expect(pauses).toHaveLength(2);
  expect(pauses[0]).toBeLessThan(pauses[1]!);
});

test('the third failure is the last', async () => {
  const down = new ForgeUnavailable('down');
  expect(await play(down, down, down)).toMatchObject({ calls: 3, end: down });
});

test.each([
  ['a refusal', new GitHubRefusal(405, 'not mergeable')],
  ['a wish to be left alone', new ForgeUnavailable('limit', 1000)],
  ['an error of ours', new TypeError('oops')],
])('%s is not tried again', async (_, error) => {
  expect(await play(error)).toEqual({ calls: 1, pauses: [], end: error });
});
