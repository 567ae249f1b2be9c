import { expect, test } from 'vitest';

import { boundBackport } from './bound-backport.ts';
import type { StoredBackport } from './rows.ts';

function result(patches: string[]): StoredBackport {
  return {
    site: 'lisbon-07',
    revision: 'c0ffee',
    proposals: [
      {
        kind: 'overlay',
        placement: 'site',
        title: 'files at lisbon-07',
        edits: patches.map((patch, i) => ({ file: `overlays/${i}`, mode: '100644', patch })),
        explains: ['files/motd'],
        blastRadius: [],
        verified: true,
        notes: ['by hand'],
      },
    ],
    unexplained: [],
  };
}

test('patches of ordinary size stay', () => {
  expect(boundBackport(result(['-a\n+b\n', '']))).toEqual(result(['-a\n+b\n', '']));
});

test('a very large patch is left out, and a note says so', () => {
  const bounded = boundBackport(result(['-a\n+b\n', '+'.repeat(70_000)]));
  expect(bounded.proposals[0]?.edits.map(({ patch }) => patch)).toEqual(['-a\n+b\n', '']);
  expect(bounded.proposals[0]?.notes).toEqual([
    'by hand',
    expect.stringContaining('the patch of overlays/1 is too large'),
  ]);
});

test('many patches are bounded together', () => {
  const bounded = boundBackport(result(Array.from({ length: 100 }, () => '+'.repeat(60_000))));
  const kept = bounded.proposals[0]?.edits.filter(({ patch }) => patch !== '');
  expect(kept).toHaveLength(8);
  expect(bounded.proposals[0]?.notes).toHaveLength(93);
});
