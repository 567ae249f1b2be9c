import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';

import { RefMoved } from '../../src/git/errors.ts';
import { moveInPackedRefs } from '../../src/git/packed-refs.ts';
import { listRefs, type RefUpdate, updateRefs } from '../../src/git/refs.ts';
import { Repository } from '../../src/git/repository.ts';
import { SiteStore } from '../../src/git/site-store.ts';
import { git, gitWith, temporaryFolder } from '../support/git.ts';

const WRITER = fileURLToPath(new URL('../support/ref-writer.ts', import.meta.url));

interface Opened {
  repository: Repository;
  directory: string;
  /** Three commits. */
  commits: string[];
}

async function open(): Promise<Opened> {
  const directory = join(await temporaryFolder(), 'sites.git');
  const repository = await Repository.open({ directory });
  onTestFinished(() => repository.close());
  const tree = await gitWith(directory, '', 'mktree');
  const commits: string[] = [];
  for (const message of ['a', 'b', 'c']) {
    commits.push(await git(directory, 'commit-tree', '-m', message, tree));
  }
  return { repository, directory, commits };
}

function refsAt(to: string, count: number, from?: string | null): RefUpdate[] {
  return Array.from({ length: count }, (_, i) => ({ ref: `refs/sites/s${i}/desired`, to, from }));
}

async function looseRefs(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, 'refs'), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test('many refs are moved by one file that git reads, checks and goes on with', async () => {
  const { repository, directory, commits } = await open();
  const [a = '', b = ''] = commits;
  expect(await moveInPackedRefs(repository, refsAt(a, 300, null))).toBe(true);
  expect(await looseRefs(directory)).toEqual([]);
  expect(await git(directory, 'rev-parse', 'refs/sites/s299/desired')).toBe(a);
  expect(await moveInPackedRefs(repository, refsAt(b, 300, a))).toBe(true);
  expect(new Set((await listRefs(repository, 'refs/sites')).values())).toEqual(new Set([b]));
  expect(await git(directory, 'fsck', '--strict')).not.toMatch(/error|refs/);

  const ours = await readFile(join(directory, 'packed-refs'), 'latin1');
  await updateRefs(repository, [{ ref: 'refs/sites/s7/applied', to: a, from: null }]);
  await git(directory, 'pack-refs', '--all');
  await git(directory, 'update-ref', '-d', 'refs/sites/s7/applied');
  expect(await readFile(join(directory, 'packed-refs'), 'latin1')).toBe(ours);
});

test('where one ref is elsewhere, it is named and none is moved', async () => {
  const { repository, directory, commits } = await open();
  const [a = '', b = '', c = ''] = commits;
  await moveInPackedRefs(repository, refsAt(a, 20));
  const updates = refsAt(b, 20, a);
  updates[13]!.from = c;
  const moved = await moveInPackedRefs(repository, updates).catch((error: unknown) => error);
  expect(moved).toBeInstanceOf(RefMoved);
  expect(moved).toMatchObject({ ref: 'refs/sites/s13/desired', expected: c, actual: a });
  await expect(moveInPackedRefs(repository, refsAt(b, 21, null))).rejects.toThrow(RefMoved);
  expect(await listRefs(repository, 'refs/sites')).toEqual(
    new Map(refsAt(a, 20).map(({ ref }) => [ref, a])),
  );
  expect(await readdir(directory)).not.toContain('packed-refs.lock');
});

test('a tag that was packed before keeps the line that says what it stands for', async () => {
  const { repository, directory, commits } = await open();
  const [a = ''] = commits;
  await git(directory, 'tag', '-a', '-m', 'first', 'v1', a);
  await git(directory, 'pack-refs', '--all');
  expect(await moveInPackedRefs(repository, refsAt(a, 3))).toBe(true);
  expect(await git(directory, 'for-each-ref', '--format=%(*objectname)', 'refs/tags')).toBe(a);
});

test.each([
  ['a ref that has a loose file', { ref: 'refs/sites/loose/desired' }],
  ['a ref that is deleted', { ref: 'refs/sites/s0/desired', to: null }],
  ['a target that is not there', { ref: 'refs/sites/x/desired', to: '1'.repeat(40) }],
  ['a target that is no commit', { ref: 'refs/sites/x/desired', to: 'tree' }],
  ['a name that another ref has for its folder', { ref: 'refs/sites/s0' }],
  ['a name below another ref', { ref: 'refs/sites/s0/desired/x' }],
  ['a name below a loose ref', { ref: 'refs/sites/loose/desired/x' }],
  ['a name twice', { ref: 'refs/sites/s1/desired' }],
])('%s is left to git', async (_, change) => {
  const { repository, directory, commits } = await open();
  const [a = '', b = ''] = commits;
  await moveInPackedRefs(repository, refsAt(a, 2));
  await updateRefs(repository, [{ ref: 'refs/sites/loose/desired', to: a, from: null }]);
  const before = await listRefs(repository, 'refs/sites');
  const to = await git(directory, 'rev-parse', `${a}^{tree}`);
  const update = { to: b, from: undefined, ...change };
  if (update.to === 'tree') update.to = to;
  expect(await moveInPackedRefs(repository, [...refsAt(b, 2).slice(1), update])).toBe(false);
  expect(await listRefs(repository, 'refs/sites')).toEqual(before);
});

test('a file that is locked, or written in another way, is left to git', async () => {
  const { repository, directory, commits } = await open();
  const [a = '', b = ''] = commits;
  await moveInPackedRefs(repository, refsAt(a, 2));
  const packed = join(directory, 'packed-refs');
  await writeFile(`${packed}.lock`, '', { flag: 'wx' });
  expect(await moveInPackedRefs(repository, refsAt(b, 2))).toBe(false);
  expect(await readdir(directory)).toContain('packed-refs.lock');
  await Repository.open({ directory });
  await writeFile(packed, `# pack-refs with: peeled \n${a} refs/sites/s0/desired\n`);
  expect(await moveInPackedRefs(repository, refsAt(b, 2))).toBe(false);
  expect(await readdir(directory)).not.toContain('packed-refs.lock');
});

interface Move {
  ref: string;
  to: number | null;
  from: number | null | undefined;
}

const attempt = async (work: () => Promise<unknown>): Promise<string> =>
  work().then(
    () => 'moved',
    (error: unknown) => String(error),
  );
const inCommits = (moves: readonly Move[], { commits }: Opened): RefUpdate[] =>
  moves.map(({ ref, to, from }) => ({
    ref,
    to: to === null ? null : commits[to]!,
    from: typeof from === 'number' ? commits[from]! : from,
  }));
const named = (refs: Map<string, string>, { commits }: Opened): [string, number][] =>
  [...refs].map(([ref, id]) => [ref, commits.indexOf(id)]);

test('any moves end as git ends them', async () => {
  const ours = await open();
  const gits = await open();
  const site = fc.integer({ min: 0, max: 5 }).map((i) => `refs/sites/s${i}/desired`);
  const commit = fc.integer({ min: 0, max: 2 });
  const update = fc.record({
    ref: site,
    to: fc.option(commit, { freq: 8 }),
    from: fc.oneof(fc.constant(undefined), fc.constant(null), commit),
  });
  const move = fc.uniqueArray(update, { minLength: 1, maxLength: 5, selector: ({ ref }) => ref });
  let packed = 0;
  await fc.assert(
    fc.asyncProperty(move, async (moves) => {
      const one = await attempt(async () => {
        const updates = inCommits(moves, ours);
        if (await moveInPackedRefs(ours.repository, updates)) packed += 1;
        else await updateRefs(ours.repository, updates);
      });
      const other = await attempt(() => updateRefs(gits.repository, inCommits(moves, gits)));
      expect(one.replace(/ is at .*/, '')).toBe(other.replace(/ is at .*/, ''));
      expect(named(await listRefs(ours.repository, 'refs/sites'), ours)).toEqual(
        named(await listRefs(gits.repository, 'refs/sites'), gits),
      );
      // What is loose can only be moved loose: packed again, both ways are taken.
      if (moves.length > 3) await git(ours.directory, 'pack-refs', '--all');
    }),
    { numRuns: 60 },
  );
  expect(packed).toBeGreaterThan(5);
}, 180_000);

test('law 12: killed while it moves many refs, each is at its old or its new commit', async () => {
  const { repository, directory, commits } = await open();
  const [a = '', b = ''] = commits;
  for (const moves of [0, 1, 3, 6]) {
    const child = spawn(process.execPath, [WRITER, directory, a, b], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    let seen = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      seen += String(chunk).trim().split('\n').length;
      if (seen > moves) child.kill('SIGKILL');
    });
    expect(await exit).toEqual([null, 'SIGKILL']);
    const store = await SiteStore.open({ directory });
    const refs = await store.allRefs();
    expect(refs.size).toBe(300);
    // One file for all of them: not only each by itself.
    expect(new Set(refs.values()).size).toBe(1);
    expect([a, b]).toContain(refs.get('s0/desired'));
    expect(await readdir(directory)).not.toContain('packed-refs.lock');
    expect(await git(directory, 'fsck', '--strict')).not.toMatch(/error|refs/);
    await store.close();
  }
  await repository.close();
}, 180_000);
