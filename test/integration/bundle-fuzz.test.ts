import { expect, test } from 'vitest';

import { BundleFuzz } from '../support/bundle-fuzz.ts';
import { temporaryFolder } from '../support/git.ts';

test('changed bundles are taken in as they were meant or refused with a reason, and leave nothing behind', async () => {
  const fuzz = await BundleFuzz.create(await temporaryFolder());
  try {
    const { failures, accepted, refused } = await fuzz.run({ seed: 1, cases: 400 });
    expect(failures).toEqual([]);
    // The cases are of every kind: found by us, found by git, and of no harm.
    expect(accepted).toBeGreaterThan(0);
    expect(Object.keys(refused)).toEqual(
      expect.arrayContaining(['not-a-bundle', 'truncated', 'corrupt', 'foreign-objects', 'fsck']),
    );
  } finally {
    await fuzz.close();
  }
});
