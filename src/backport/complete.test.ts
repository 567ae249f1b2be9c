import { expect, test } from 'vitest';

import {
  backportPlan,
  editedTree,
  planOf,
  type SiteEdit,
} from '../../test/support/backport-plan.ts';
import type { BackportProposal } from '../model/proposal.ts';
import { backport } from './backport.ts';
import { completed, type Way } from './complete.ts';
import { explainedPaths, Proof } from './proof.ts';

const ALL = 'group_vars/all.yml';
const CHRONY = 'store/files/chrony.conf';

const plan = planOf(backportPlan);

/** Completes the first proposal for edits of lisbon's tree that is like the one wanted. */
function wayOf(
  edits: Readonly<Record<string, SiteEdit>>,
  wanted: (proposal: BackportProposal) => boolean,
): Way {
  const observed = editedTree(plan, 'lisbon', edits);
  const request = { plan, revision: '', site: 'lisbon', observed, place: 'auto' } as const;
  const result = backport(request);
  const proposal = result.proposals.find(wanted);
  if (!proposal) throw new Error('there is no such proposal');
  const way = completed(plan, observed, result, proposal);
  // Law 3, for all of a way together.
  const trial = new Proof(plan, 'lisbon').try(way.proposals.flatMap((one) => one.edits));
  if ('reason' in trial) throw new Error(trial.reason);
  const claimed = way.proposals.flatMap(({ explains }) => explains);
  expect(explainedPaths(trial.tree, observed, claimed)).toEqual(claimed);
  return way;
}

const atOrigin = ({ placement }: BackportProposal) => placement === 'origin';

test('a way that explains everything needs no overlay', () => {
  const way = wayOf({ [CHRONY]: ['10.0.0.2', '10.0.0.3'] }, atOrigin);
  expect(way).toMatchObject({ proposals: [{ placement: 'origin' }], unexplained: [] });
});

test('law 4: what a way does not explain is kept by an overlay', () => {
  const way = wayOf(
    { [CHRONY]: ['10.0.0.2', '10.0.0.3'], README: { content: 'Ask Ana first.\n' } },
    atOrigin,
  );
  expect(way.proposals).toMatchObject([
    { placement: 'origin', explains: [CHRONY] },
    { kind: 'overlay', explains: ['README'], verified: true },
  ]);
  expect(way.proposals[1]!.notes).toContain(
    'README is kept as it stands: this way does not explain it',
  );
  expect(way.unexplained).toEqual([]);
});

test('a file of data that has only its formatting left is not kept, but told', () => {
  const way = wayOf({ [ALL]: ['vlan: 12', 'vlan: 13 # by hand'] }, ({ kind }) => kind === 'param');
  expect(way.proposals).toHaveLength(1);
  expect(way.unexplained).toEqual([
    { path: ALL, reason: 'only comments, order or formatting stay different' },
  ]);
});

test('a file of data that follows an edit elsewhere is not kept, but told', () => {
  const way = wayOf(
    { [ALL]: ['vlan: 12', 'vlan: 13'], [CHRONY]: ['10.0.0.2', '10.0.0.3'] },
    atOrigin,
  );
  expect(way.proposals.map(({ kind }) => kind)).toEqual(['param']);
  expect(way.unexplained).toEqual([{ path: ALL, reason: expect.stringContaining('also show') }]);
});

test('law 11: a changed secret is not kept either', () => {
  const way = wayOf(
    { [ALL]: ['s3cret-token', 'typed-t0ken'], [CHRONY]: ['10.0.0.2', '10.0.0.3'] },
    atOrigin,
  );
  expect(way.proposals).toHaveLength(1);
  expect(way.unexplained).toEqual([
    { path: ALL, reason: expect.stringContaining('a secret was changed at the site') },
  ]);
  expect(JSON.stringify(way)).not.toMatch(/s3cret|typed-t0ken/);
});
