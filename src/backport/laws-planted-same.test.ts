import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { planOf } from '../../test/support/backport-plan.ts';
import { planSource, richPlan } from '../../test/support/random-rich-plans.ts';
import { freeCase, prepareFree } from '../../test/support/rich-cases.ts';
import { brokenGetPut, brokenPurity, brokenTraces } from '../../test/support/same-laws.ts';
import type { BackportResult } from '../model/proposal.ts';
import { type FileTrace, renderSite, traceFile } from '../render/render.ts';
import { backport, type BackportRequest } from './backport.ts';

// What says that two things are the same must see it when they are not: our parts with a fault planted in each.

const PLANS = fc
  .sample(richPlan('reuse', 4), { seed: 1, numRuns: 12 })
  .map((draft) => planOf(planSource(draft)));

const LONG = { timeout: 30_000 };

type Engine = (request: BackportRequest) => BackportResult;

test.each<[string, Engine]>([
  [
    'takes a file for edited that was not',
    (request) => {
      const [path, file] = [...request.observed][0]!;
      const content = Buffer.concat([file.content, Buffer.from('# by hand\n')]);
      const observed = new Map(request.observed).set(path, { ...file, content });
      return backport({ ...request, observed });
    },
  ],
  [
    'lists what nobody edited',
    (request) => ({ ...backport(request), unexplained: [{ path: 'README', reason: 'unclear' }] }),
  ],
])('an engine that %s is caught by GetPut', LONG, (_, engine) => {
  for (const plan of PLANS) {
    expect(brokenGetPut(plan)).toEqual([]);
    expect(brokenGetPut(plan, engine)).toHaveLength(plan.sites.size);
  }
});

test.each<[string, string, (traced: FileTrace) => Partial<FileTrace> | undefined]>([
  ['loses a byte', 'is not what is rendered', ({ text }) => ({ text: text.slice(0, -1) })],
  [
    'writes a value its own way',
    'is not what is rendered',
    ({ text }) => (/\d/.test(text) ? { text: text.replace(/\d/, 'x') } : undefined),
  ],
  [
    'leaves out a piece',
    'has a gap',
    ({ pieces }) => (pieces.length > 2 ? { pieces: pieces.toSpliced(1, 1) } : undefined),
  ],
  ['stops early', 'ends before', ({ pieces }) => ({ pieces: pieces.slice(0, -1) })],
])('a tracer that %s is caught: it %s', (_, told, fault) => {
  let planted = 0;
  for (const plan of PLANS) {
    for (const site of plan.sites.keys()) {
      const { tree } = renderSite(plan, site);
      expect(brokenTraces(plan, site, tree)).toEqual([]);
      const broken = brokenTraces(plan, site, tree, (...which) => {
        const traced = traceFile(...which);
        const changed = traced && fault(traced);
        if (changed) planted += 1;
        return traced && { ...traced, ...changed };
      });
      if (planted === 0) continue;
      expect(broken.join('\n')).toContain(told);
      return;
    }
  }
  expect(planted).toBeGreaterThan(0);
});

const EDITED = fc
  .sample(freeCase('reuse', 3), { seed: 1, numRuns: 20 })
  // Several edits at once take long to be worked back.
  .filter(({ edits }) => edits.length === 1)
  .flatMap((one) => {
    const prepared = prepareFree(one);
    return prepared ? [{ source: planSource(one.draft), request: prepared }] : [];
  })
  .slice(0, 5);

test('two times the same is no fault of Purity', LONG, () => {
  for (const { source, request } of EDITED) expect(brokenPurity(source, request)).toEqual([]);
});

/** An answer with other words for what is proposed first. */
function retitled(result: BackportResult, title: string): BackportResult {
  const [first, ...rest] = result.proposals;
  return first ? { ...result, proposals: [{ ...first, title }, ...rest] } : result;
}

test.each<[string, () => Engine]>([
  [
    'goes by the order of files',
    () => (request) => retitled(backport(request), [...request.observed.keys()][0]!),
  ],
  [
    'remembers what it was asked before',
    () => {
      let asked = 0;
      return (request) => retitled(backport(request), `number ${(asked += 1)}`);
    },
  ],
  [
    'looks at the clock',
    () => (request) => retitled(backport(request), String(process.hrtime.bigint())),
  ],
])('an engine that %s is caught by Purity', LONG, (_, engine) => {
  for (const { source, request } of EDITED) {
    if (backport({ ...request, revision: 'r' }).proposals.length === 0) continue;
    expect(brokenPurity(source, request, engine())).not.toEqual([]);
  }
});

test('a renderer that remembers is caught by Purity', LONG, () => {
  const { source, request } = EDITED[0]!;
  let digest = 0;
  const broken = brokenPurity(source, request, backport, (...which) => {
    digest += 1;
    return { ...renderSite(...which), digest: String(digest) };
  });
  expect(broken).toHaveLength(request.plan.sites.size);
});
