import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { PLANTED } from '../../test/support/random-plans.ts';
import { freeCase, prepareFree, type Worked, worked } from '../../test/support/rich-cases.ts';
import { brokenLaws } from '../../test/support/rich-laws.ts';
import type { BackportProposal, BackportResult } from '../model/proposal.ts';

// An engine that breaks its word must be seen to: honest answers with a fault planted in each.

type Fault = (all: Worked) => BackportResult | undefined;

function withFirst(
  { result }: Worked,
  change: (first: BackportProposal) => Partial<BackportProposal> | undefined,
): BackportResult | undefined {
  const [first, ...rest] = result.proposals;
  const changed = first && change(first);
  return changed && { ...result, proposals: [{ ...first, ...changed }, ...rest] };
}

/** The first edit of a plan file with other text. */
function edited(
  { edits }: BackportProposal,
  change: (text: string) => string,
  fits: (text: string) => boolean = () => true,
): Pick<BackportProposal, 'edits'> | undefined {
  const at = edits.findIndex(
    ({ file, content }) => file.endsWith('.yaml') && content !== null && fits(content.toString()),
  );
  const edit = edits[at];
  if (!edit?.content || edit.file.startsWith('overlays/')) return undefined;
  const content = Buffer.from(change(edit.content.toString()));
  return { edits: edits.with(at, { ...edit, content }) };
}

const FAULTS: [name: string, law: string, fault: Fault][] = [
  [
    'claims a file that it does not render',
    'PutGet',
    (all) => {
      const other = [...all.observed.keys()].find((path) => !all.paths.includes(path))!;
      all.observed = new Map(all.observed).set(other, { mode: '100644', content: Buffer.from('') });
      return withFirst(all, ({ explains }) => ({ explains: [...explains, other] }));
    },
  ],
  [
    'claims what only the plan as it was renders',
    'PutGet',
    (all) => withFirst(all, ({ kind }) => (kind === 'overlay' ? undefined : { edits: [] })),
  ],
  ['says that it is not proved', 'PutGet', (all) => withFirst(all, () => ({ verified: false }))],
  [
    'forgets a site',
    'Blast radius',
    (all) => withFirst(all, ({ blastRadius }) => ({ blastRadius: blastRadius.slice(1) })),
  ],
  [
    'names a file that stays',
    'Blast radius',
    (all) =>
      withFirst(all, ({ blastRadius: [one, ...rest] }) => ({
        blastRadius: [{ ...one!, files: [...one!.files, 'README'] }, ...rest],
      })),
  ],
  [
    'drops an edit',
    'Totality',
    ({ result }) =>
      result.proposals.length > 0 ? { ...result, proposals: [], unexplained: [] } : undefined,
  ],
  [
    'gives no reason',
    'Totality',
    ({ result, paths: [path] }) => ({ ...result, unexplained: [{ path: path!, reason: '' }] }),
  ],
  [
    'changes a line that need not change',
    'Minimal edit',
    (all) => withFirst(all, (first) => edited(first, (text) => `${text}# tidied up\n`)),
  ],
  [
    'tells a secret',
    'Secrets',
    (all) => withFirst(all, ({ notes }) => ({ notes: [...notes, `it is ${PLANTED.clear}`] })),
  ],
  [
    'writes over a vault',
    'Secrets',
    (all) =>
      withFirst(all, (first) =>
        edited(
          first,
          (text) => text.replace(PLANTED.vault, '000'),
          (text) => text.includes(PLANTED.vault),
        ),
      ),
  ],
];

const CASES = fc.sample(freeCase('once', 3), { seed: 1, numRuns: 300 });

test.each(FAULTS)('an engine that %s is caught by %s', { timeout: 60_000 }, (_, law, fault) => {
  let planted = 0;
  for (const one of CASES) {
    const prepared = prepareFree(one);
    if (!prepared || (law === 'Secrets' && !one.draft.secrets)) continue;
    const all = worked({ ...prepared, place: 'origin' });
    const result = fault(all);
    if (!result) continue;
    const broken = brokenLaws({ ...all, result }).filter((told) => told.startsWith(law));
    expect(broken).not.toEqual([]);
    planted += 1;
    if (planted === 5) return;
  }
  expect(planted).toBeGreaterThan(0);
});
