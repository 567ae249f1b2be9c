import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, expect, test } from 'vitest';

import type { Problem } from '../../src/model/problem.ts';
import { changedPaths, sha256 } from '../../src/model/tree.ts';
import { loadPlan } from '../../src/plan/load.ts';
import { renderSite } from '../../src/render/render.ts';
import { type JobResult, UntrustedRenderer } from '../../src/render/worker/untrusted-renderer.ts';
import { hostilePlans } from '../support/hostile-plans.ts';
import { planFiles } from '../support/plan-files.ts';
import { syntheticPlan } from '../support/synthetic-plan.ts';

const HOSTILE = fileURLToPath(new URL('../support/hostile-jobs.ts', import.meta.url));

/** A line of what `hostile-jobs.ts` prints. */
interface HostileReport {
  name: string;
  problem?: Problem;
  milliseconds: number;
  megabytes: number;
}

const jobs = new UntrustedRenderer();
afterAll(() => jobs.close());

const base = syntheticPlan({ sites: 12, layers: 3, templates: 4, leaves: 40 });

function withEdits(...edits: [path: string, text: string | null][]): Map<string, string> {
  const source = new Map(base);
  for (const [path, text] of edits) {
    if (text === null) source.delete(path);
    else source.set(path, text);
  }
  return source;
}

/** What the thread is to say, worked out here. */
function expected(source: ReadonlyMap<string, string>): Map<string, object> {
  const [before, after] = [base, source].map((files) => loadPlan(planFiles(files)).plan!);
  const outcomes = new Map<string, object>();
  for (const site of new Set([...before!.sites.keys(), ...after!.sites.keys()])) {
    const [was, is] = [before!, after!].map((plan) =>
      plan.sites.has(site) ? renderSite(plan, site) : undefined,
    );
    const paths = changedPaths(was?.tree ?? new Map(), is?.tree ?? new Map());
    if (paths.length === 0) continue;
    outcomes.set(site, {
      digest: is?.digest ?? null,
      baseDigest: was?.digest ?? null,
      changes: paths.map((path) => [
        path,
        was?.tree.get(path)?.content.toString() ?? null,
        is?.tree.get(path)?.content.toString() ?? null,
      ]),
    });
  }
  return outcomes;
}

function told({ sites, contents }: JobResult): Map<string, object> {
  return new Map(
    sites
      .filter(({ changes }) => changes.length > 0)
      .map(({ site, digest, baseDigest, changes }) => [
        site,
        {
          digest,
          baseDigest,
          changes: changes.map(({ path, before, after }) => [
            path,
            before && contents.get(before.sha256)!.toString(),
            after && contents.get(after.sha256)!.toString(),
          ]),
        },
      ]),
  );
}

test.each([
  ['nothing', withEdits()],
  ['a layer', withEdits(['layers/label0/v3.yaml', 'group0:\n  number: 77\n'])],
  ['a template', withEdits(['stacks/edge/templates/service1.conf.j2', 'x {{ address }}\n'])],
  ['a site that goes', withEdits(['sites/site-00003.yaml', null])],
  [
    'a site that comes',
    withEdits(['sites/new.yaml', base.get('sites/site-00002.yaml')!.replace('Site 2', 'New')]),
  ],
  ['a list rule', withEdits(['plan.yaml', `${base.get('plan.yaml')!}merge: { a: append }\n`])],
])('tells what changes as rendering here does: %s', async (_, source) => {
  const result = await jobs.run({
    plan: { files: planFiles(source) },
    base: { files: planFiles(base) },
  });
  expect(result).toMatchObject({ ended: 'done', problems: [], contentsCut: false });
  expect(told(result)).toEqual(expected(source));
  for (const [hash, content] of result.contents) expect(sha256(content)).toBe(hash);
});

test('without a base, or for named sites, renders those that are asked for', async () => {
  const plan = { files: planFiles(base) };
  const here = loadPlan(plan.files).plan!;
  const all = await jobs.run({ plan });
  expect(all.sites.map(({ site, digest, changes }) => [site, digest, changes])).toEqual(
    [...here.sites.keys()].map((site) => [site, renderSite(here, site).digest, []]),
  );
  const one = await jobs.run({ plan, base: plan, sites: ['site-00004'] });
  expect(one.sites).toEqual([
    { ...all.sites[4], baseDigest: all.sites[4]!.digest, problems: [], changes: [] },
  ]);
});

test('a fault is told with its place: of the plan as a whole, or of a site', async () => {
  const broken = await jobs.run({
    plan: { files: planFiles(withEdits(['sites/site-00001.yaml', 'labels: [\n'])) },
  });
  expect(broken).toMatchObject({ ended: 'done', sites: [] });
  expect(broken.problems[0]!.position).toMatchObject({ file: 'sites/site-00001.yaml' });
  const refused = await jobs.run({
    plan: { files: planFiles(base), refused: [{ path: 'x', reason: 'is a symbolic link' }] },
  });
  expect(refused.problems[0]!.message).toBe('"x" is refused: is a symbolic link');

  const undefinedName = await jobs.run({
    plan: { files: planFiles(withEdits(['stacks/edge/templates/t.j2', 'a\n{{ adress }}\n'])) },
    base: { files: planFiles(base) },
  });
  expect(undefinedName.sites).toHaveLength(12);
  expect(undefinedName.sites[0]).toMatchObject({ digest: null, changes: [] });
  expect(undefinedName.sites[0]!.problems[0]).toEqual({
    message: '"adress" is undefined',
    position: { file: 'stacks/edge/templates/t.j2', line: 2, column: 4 },
    hint: 'did you mean "address"?',
  });
});

test('a job that hangs is ended in its time, and the next one is done by a new thread', async () => {
  const hanging = new Map(hostilePlans()).get('a pattern in a schema that backtracks')!;
  const [hung, next] = await Promise.all([
    jobs.run({ plan: { files: planFiles(hanging) }, timeout: 300 }),
    jobs.run({ plan: { files: planFiles(base) } }),
  ]);
  expect(hung).toMatchObject({ ended: 'timeout', sites: [] });
  expect(hung.problems[0]!.message).toBe(
    'reading and validating the plan took longer than 0.3 s and was ended',
  );
  expect(next.ended).toBe('done');
  expect(next.sites).toHaveLength(12);
});

test('a job that needs more memory than it may have is ended, and the next one is done', async () => {
  const large = syntheticPlan({ sites: 4000, layers: 2, templates: 0, leaves: 10 });
  const [tooLarge, next] = await Promise.all([
    jobs.run({ plan: { files: planFiles(large) }, megabytes: 30, timeout: 60_000 }),
    jobs.run({ plan: { files: planFiles(base) } }),
  ]);
  expect(tooLarge).toMatchObject({ ended: 'memory', sites: [] });
  expect(tooLarge.problems[0]!.message).toMatch(/took more than 30 MB of memory and was ended/);
  expect(next.ended).toBe('done');
  const files = { plan: { files: planFiles({ 'a.yaml': Buffer.alloc(1_000_000) }) } };
  expect(await jobs.run({ ...files, megabytes: 1 })).toMatchObject({ ended: 'memory', sites: [] });
});

test('a job that is not wanted any more is ended, whether it runs or waits', async () => {
  const hanging = new Map(hostilePlans()).get('a pattern in a schema that backtracks')!;
  const controller = new AbortController();
  const { signal } = controller;
  const running = jobs.run({ plan: { files: planFiles(hanging) }, timeout: 60_000, signal });
  const waiting = jobs.run({ plan: { files: planFiles(base) }, signal });
  controller.abort();
  expect((await running).ended).toBe('aborted');
  expect((await waiting).ended).toBe('aborted');
  expect((await jobs.run({ plan: { files: planFiles(base) } })).ended).toBe('done');
});

test.each(['templates', 'plans'])(
  'hostile %s end with a clear word, in bounded time and memory',
  async (what) => {
    const { stdout } = await promisify(execFile)(process.execPath, [HOSTILE, what]);
    const lines = stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThan(7);
    const wrong = lines.filter((line) => {
      const { name, problem, milliseconds, megabytes }: HostileReport = JSON.parse(line);
      if (!problem?.message || (name.startsWith('template: ') && !problem.position)) return true;
      // By itself it is a second, and 200 MB of the whole process (400 where the plans alone are 100): other work may
      // go on beside it.
      return milliseconds > 20_000 || megabytes > 1000;
    });
    expect(wrong).toEqual([]);
  },
  180_000,
);
