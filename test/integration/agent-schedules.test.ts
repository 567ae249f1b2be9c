import { expect, test } from 'vitest';

import { seedOfRun } from '../support/random.ts';
import { playSchedules } from '../support/schedules/run.ts';

/** Of those that `npm run bench:schedules` plays. */
const SHARE = 5;

test('laws 3, 6, 7, 8, 10, 11 and 12 hold in whatever order revisions, edits, kills and sticks come', async () => {
  const { schedules, broken } = await playSchedules(SHARE, seedOfRun());
  expect(broken.map(({ message }) => message)).toEqual([]);
  expect(schedules).toBe(SHARE);
}, 180_000);
