import { expect, test } from 'vitest';

import { playKills } from '../support/forge-kills.ts';
import { seedOfRun } from '../support/random.ts';

/** Laws 7 and 12 at the forge; `node bench/forge-kills.ts` kills two hundred. */
const KILLS = Number(process.env['TRUEUP_FORGE_KILLS'] ?? 10);
const seed = String(seedOfRun());

test(`One decision: killed at ${KILLS} calls to the forge, nothing is doubled or missing (seed ${seed})`, async () => {
  const { deaths, pulls } = await playKills(KILLS, seed);
  expect(deaths).toHaveLength(KILLS);
  expect(pulls).toBeGreaterThan(0);
}, 240_000);
