import { expect, test } from 'vitest';

import { planFiles } from '../../test/support/plan-files.ts';
import { gathered, stacksPlan } from '../../test/support/stacks-plan.ts';
import { loadPlan } from '../plan/load.ts';
import { renderSite } from '../render/render.ts';
import { backport } from './backport.ts';

const FILE = 'compute/files/agent.conf';
const { plan } = loadPlan(planFiles(stacksPlan), { gathered: gathered() });

function edit(from: string, to: string) {
  const tree = new Map(renderSite(plan!, 'lisbon-07').tree);
  const text = tree.get(FILE)!.content.toString();
  tree.set(FILE, { mode: '100644', content: Buffer.from(text.replace(from, to)) });
  return backport({ plan: plan!, revision: '', site: 'lisbon-07', observed: tree, place: 'auto' });
}

test('an edit of a gathered value is kept as it stands, for the plan cannot say it', () => {
  const { proposals } = edit('192.0.2.10', '192.0.2.99');
  expect(proposals[0]!.kind).toBe('overlay');
  expect(proposals[0]!.notes[0]).toBe(
    `${FILE} is kept as it stands: api_vip was gathered at madrid-01, and cannot be set in the plan`,
  );
  expect(proposals[0]!.blastRadius).toEqual([{ site: 'lisbon-07', files: [FILE] }]);
});

test('an edit beside a gathered value is explained as any other', () => {
  const { proposals } = edit('api=', 'address=');
  expect(proposals[0]!.kind).toBe('template');
});
