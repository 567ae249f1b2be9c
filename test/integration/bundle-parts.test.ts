import { expect, onTestFinished, test } from 'vitest';

import { createReturnPart, DEFAULT_LIMITS, intakeReturn } from '../../src/bundle/bundle.ts';
import { BundleWorld, NOW, siteTree, SOMEBODY } from '../support/bundles.ts';
import { temporaryFolder } from '../support/store.ts';

const SITE = 'lisbon';

test('what is too much for one bundle comes in parts, all edits with the first', async () => {
  const { bring, observed, results } = await site({ edits: 5, reports: 30 });
  const parts = await bring({ commits: 12 });
  expect(parts.map(({ received }) => received.observed)).toEqual(parts.map(() => observed.at(-1)));
  expect(parts.map(({ received }) => received.runs.length)).toEqual([3, 6, 10, 11]);
  expect(parts.at(-1)!.received.results).toBe(results.at(-1));
});

test('so it is with bytes', async () => {
  const { bring, results } = await site({ edits: 1, reports: 30 });
  const parts = await bring({ unpacked: 40_000 });
  expect(parts.length).toBeGreaterThan(2);
  expect(parts.flatMap(({ received }) => received.runs)).toHaveLength(30);
  expect(parts.at(-1)!.received.results).toBe(results.at(-1));
});

test('edits that are too much alone come in parts as well, reports after them', async () => {
  const { bring, observed, results } = await site({ edits: 30, reports: 5 });
  const parts = await bring({ commits: 12 });
  const places = parts.map(({ received }) => observed.indexOf(received.observed!));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places.at(-1)).toBe(observed.length - 1);
  expect(parts.at(-1)!.received).toMatchObject({ results: results.at(-1) });
  expect(parts.flatMap(({ received }) => received.runs)).toHaveLength(5);
});

test('one commit goes, whatever it weighs', async () => {
  const { bring } = await site({ edits: 0, reports: 3 });
  const parts = await bring({ bytes: 10 });
  // The site's tree goes before.
  expect(parts.map(({ received }) => received.runs.length)).toEqual([0, 1, 1, 1]);
});

test('a part that comes before the one it builds on is refused, and told so', async () => {
  const { write, take } = await site({ edits: 1, reports: 8 });
  const [first, second] = [await write({ commits: 5 }, 1), await write({ commits: 5 }, 2)];
  await expect(take(second.file)).rejects.toThrow(/bring the ones before it first/);
  await take(first.file);
  expect((await take(second.file)).runs.length).toBeGreaterThan(0);
});

test('what fits is one bundle', async () => {
  const { bring } = await site({ edits: 2, reports: 2 });
  const parts = await bring({});
  expect(parts).toHaveLength(1);
  expect(parts[0]!.received.runs).toHaveLength(2);
});

/** A site of which the centre has nothing. */
async function site({ edits, reports }: { edits: number; reports: number }) {
  const world = await BundleWorld.create(temporaryFolder());
  onTestFinished(() => world.close());
  const line = async (parent: string | null, files: ReturnType<typeof siteTree>) => {
    const [commit] = await world.site.writeCommits([
      {
        site: SITE,
        files,
        parents: parent === null ? [] : [parent],
        message: 'By hand\n',
        author: SOMEBODY,
        time: NOW,
      },
    ]);
    return commit!;
  };
  const observed = [await line(null, siteTree(SITE, 1))];
  for (let at = 0; at < edits; at += 1)
    observed.push(await line(observed.at(-1)!, siteTree(SITE, 1, `edit ${at}`)));
  const results: string[] = [];
  for (let at = 0; at < reports; at += 1)
    results.push(await line(results.at(-1) ?? null, new Map([[`runs/run-${at}.json`, file(at)]])));
  await world.site.moveRefs([
    { site: SITE, ref: 'observed', to: observed.at(-1)!, from: undefined },
  ]);
  let has: (string | null)[] = [];
  const write = async (limits: Partial<typeof DEFAULT_LIMITS>, sequence: number) => {
    const to = world.path(`${sequence}.bundle`);
    const made = await createReturnPart(
      {
        repository: world.site.repository,
        site: SITE,
        observed: observed.at(-1)!,
        applied: observed[0]!,
        results: results.at(-1)!,
        have: has.filter((tip) => tip !== null),
        signer: world.signer,
        sequence,
        to,
      },
      { ...DEFAULT_LIMITS, ...limits },
    );
    if (made.upToDate) throw new Error('nothing was left to bring');
    has = [...has, ...Object.values(made.tips)];
    return { ...made, file: to };
  };
  const tips = new Map<string, string>();
  const take = async (bundle: string) => {
    const received = await intakeReturn({
      repository: world.centre.repository,
      site: SITE,
      file: bundle,
      trusted: world.trusted,
      tips: [...tips.values()],
    });
    for (const ref of ['observed', 'applied', 'results'] as const)
      if (received[ref] !== null) tips.set(ref, received[ref]);
    return received;
  };
  const bring = async (limits: Partial<typeof DEFAULT_LIMITS>) => {
    const parts = [];
    for (let sequence = 1; sequence === 1 || parts.at(-1)!.more; sequence += 1) {
      const part = await write(limits, sequence);
      parts.push({ ...part, received: await take(part.file) });
    }
    return parts;
  };
  return { bring, write, take, observed, results };
}

function file(at: number): { mode: '100644'; content: Buffer } {
  const commit = 'c0ffee'.padEnd(40, '0');
  const run = {
    id: `run-${at}`,
    cause: 'revision c0ffee',
    commit,
    desired: commit,
    revision: commit,
    report: {
      kind: 'apply',
      driver: 'ansible',
      site: SITE,
      digest: '',
      startedAt: NOW + at,
      endedAt: NOW + at,
      result: 'unreachable',
      reason: 'it cannot be reached\n'.repeat(100),
      hosts: {},
      tasks: [],
    },
  };
  return { mode: '100644', content: Buffer.from(JSON.stringify(run)) };
}
