import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { type CommitSpec, writeCommits } from '../../src/git/fast-import.ts';
import { readLog } from '../../src/git/log.ts';
import { readFiles } from '../../src/git/read-files.ts';
import { Repository } from '../../src/git/repository.ts';
import type { SiteTree, TreeFile } from '../../src/model/tree.ts';
import { git, processesWith, temporaryFolder, until } from '../support/git.ts';

const AUTHOR = { name: 'Ada', email: 'ada@example.org' };
const TIME = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

async function open(): Promise<Repository> {
  const directory = join(await temporaryFolder(), 'store.git');
  const repository = await Repository.open({ directory });
  onTestFinished(() => repository.close());
  return repository;
}

function tree(files: Record<string, string>, mode: TreeFile['mode'] = '100644'): SiteTree {
  return new Map(
    Object.entries(files).map(([path, text]) => [path, { mode, content: Buffer.from(text) }]),
  );
}

function commit(files: SiteTree, more: Partial<CommitSpec> = {}): CommitSpec {
  return {
    parents: [],
    content: { edits: files },
    message: 'Test\n',
    author: AUTHOR,
    time: TIME,
    ...more,
  };
}

test('the same input gives the same ids, here and in plain git', async () => {
  const specs = [
    commit(tree({ 'a/b.yml': 'b\n', run: 'x' })),
    commit(tree({ 'a/b.yml': 'b\n' }, '100755'), { message: 'ü\n\nBody' }),
  ];
  const [one, two] = [await open(), await open()];
  const ids = await writeCommits(one, specs);
  expect(ids).toEqual([
    'b47486743968f62fd26b0d945b40ddc0c651ae96',
    'a3f0c5d1174beb45d976512d20f1eb9bbb45c2f7',
  ]);
  expect(await writeCommits(two, specs.toReversed())).toEqual(ids.toReversed());
  expect(await git(one.directory, 'cat-file', '-p', ids[0]!)).toBe(
    [
      `tree ${await git(one.directory, 'rev-parse', `${ids[0]}^{tree}`)}`,
      'author Ada <ada@example.org> 1767323045 +0000',
      'committer Ada <ada@example.org> 1767323045 +0000',
      '',
      'Test',
    ].join('\n'),
  );
});

test('many commits of many histories go through one process, which leaves no ref', async () => {
  const directory = join(await temporaryFolder(), 'store.git');
  const operations: string[] = [];
  const repository = await Repository.open({
    directory,
    onOperation: (operation) => operations.push(operation),
  });
  onTestFinished(() => repository.close());
  const shared = tree({ 'roles/main.yml': 'shared\n'.repeat(1000) });
  const firsts = await writeCommits(
    repository,
    Array.from({ length: 300 }, (_, i) => commit(new Map([...shared, ...tree({ own: `${i}` })]))),
  );
  const seconds = await writeCommits(
    repository,
    firsts.map((first, i) => commit(tree({ own: `${i + 1}` }), { parents: [first] })),
  );
  expect(operations).toEqual(['init', 'fast-import', 'fast-import']);
  expect(new Set([...firsts, ...seconds]).size).toBe(600);
  expect(await git(directory, 'for-each-ref')).toBe('');
  expect(
    (await readLog(repository, undefined, seconds[7]!, 5)).map((entry) => entry.commit),
  ).toEqual([seconds[7], firsts[7]]);
  const { files } = await readFiles(repository.objects, firsts[299]!);
  expect([...files].map(([path, file]) => [path, file.content.length])).toEqual([
    ['own', 3],
    ['roles/main.yml', 7000],
  ]);
  await git(directory, 'fsck', '--full', '--strict');
});

test('edits leave the other files of the parent as they are', async () => {
  const repository = await open();
  const [parent] = await writeCommits(repository, [
    commit(tree({ 'a/x': 'x', 'a/y': 'y', b: 'b', 'c/d': 'd' })),
  ]);
  const edits = new Map<string, TreeFile | null>([
    ['a/x', { mode: '100755', content: Buffer.from('X') }],
    ['b', null],
    ['c', { mode: '100644', content: Buffer.from('now a file') }],
    ['c/d', null],
    ['new/file "quoted"', { mode: '100644', content: Buffer.alloc(0) }],
    ['not/there', null],
  ]);
  const [id] = await writeCommits(repository, [
    commit(tree({}), { parents: [parent!], content: { edits } }),
  ]);
  const listed = await git(
    repository.directory,
    'ls-tree',
    '-r',
    '-z',
    '--format=%(objectmode) %(path)',
    id!,
  );
  expect(listed.split('\0')).toEqual([
    '100755 a/x',
    '100644 a/y',
    '100644 c',
    '100644 "new/file \\"quoted\\""',
    '',
  ]);
});

test('a merge of a tree that is there already', async () => {
  const repository = await open();
  const [a, b] = await writeCommits(repository, [
    commit(tree({ a: 'a' })),
    commit(tree({ b: 'b' })),
  ]);
  const content = { tree: await git(repository.directory, 'rev-parse', `${b}^{tree}`) };
  const [merge] = await writeCommits(repository, [
    commit(tree({}), { parents: [a!, b!], content }),
  ]);
  expect(await git(repository.directory, 'log', '-1', '--format=%P %T', merge!)).toBe(
    `${a} ${b} ${content.tree}`,
  );
});

test('names and messages cannot break out of their place', async () => {
  const repository = await open();
  const evil = 'x\n\ndeleteall\nM 100644 inline pwned\ndata 1\n!\n';
  const author = {
    name: 'Eve <eve@evil>\ncommitter root <root@x> 0 +0000',
    email: 'eve> 0 +0000\nfrom refs/heads/main\u2028<a b',
  };
  const files = tree({ 'a "b"': evil, 'c d': 'reset refs/heads/pwned\n' });
  const ids = await writeCommits(repository, [
    commit(files, { author, committer: { name: '\n<>', email: '' }, message: `${evil}\0${evil}` }),
    commit(files, { author: { name: 'x'.repeat(10_000), email: 'é@x' }, message: '' }),
  ]);
  const [entry] = await readLog(repository, undefined, ids[0]!, 1);
  expect(entry).toMatchObject({
    author: 'Eve eve@evil committer root root@x 0 +0000',
    email: 'eve0+0000fromrefs/heads/mainab',
    message: evil + evil,
    parents: [],
  });
  const raw = await git(repository.directory, 'cat-file', '-p', ids[0]!);
  expect(raw).toContain('\ncommitter unknown <unknown> 1767323045 +0000\n');
  expect([...(await readFiles(repository.objects, ids[0]!)).files.keys()]).toEqual([
    'a "b"',
    'c d',
  ]);
  expect(await git(repository.directory, 'for-each-ref')).toBe('');
  await git(repository.directory, 'fsck', '--strict');
});

test.each([
  ['../x', 'contains ".."'],
  ['/etc/passwd', 'is absolute'],
  ['a\nb', 'contains a control character'],
  ['.git/hooks/pre-commit', 'contains ".git"'],
  ['', 'is empty'],
])('a tree with the path %j is refused', async (path, fault) => {
  const repository = await open();
  await expect(writeCommits(repository, [commit(tree({ [path]: '' }))])).rejects.toThrow(fault);
});

test('what cannot be written is told, and leaves nothing lying about', async () => {
  const repository = await open();
  const write = (spec: CommitSpec): Promise<string[]> =>
    writeCommits(repository, [commit(tree({ ok: 'ok' })), spec]);
  await expect(write(commit(tree({}), { parents: ['main'] }))).rejects.toThrow(
    'not a full object id',
  );
  await expect(write(commit(tree({}), { parents: ['1'.repeat(40)] }))).rejects.toThrow(
    'git fast-import failed',
  );
  await expect(write(commit(tree({}), { time: Number.NaN }))).rejects.toThrow('not a time');
  const left = await readdir(repository.directory, { recursive: true });
  expect(left.filter((name) => /crash|tmp|\.lock/.test(name))).toEqual([]);
  expect(await writeCommits(repository, [commit(tree({}))])).toHaveLength(1);
});

test('killed in the middle it is an error, and the repository works on', async () => {
  const repository = await open();
  const big = Array.from({ length: 40 }, (_, i) => commit(tree({ f: `${i}`.repeat(50_000) })));
  const killed = Promise.withResolvers<void>();
  async function* commits(): AsyncGenerator<CommitSpec> {
    yield* big;
    await until(() => processesWith(repository.directory, 'fast-import').length > 0);
    for (const pid of processesWith(repository.directory, 'fast-import'))
      process.kill(pid, 'SIGKILL');
    killed.resolve();
    yield* big;
  }
  await expect(writeCommits(repository, commits())).rejects.toThrow('was ended by SIGKILL');
  await killed.promise;
  const left = async (): Promise<string[]> =>
    (await readdir(join(repository.directory, 'objects/pack'))).filter((name) =>
      name.startsWith('tmp_'),
    );
  expect(await left()).not.toEqual([]);

  const again = await Repository.open({ directory: repository.directory });
  onTestFinished(() => again.close());
  expect(again.removed).toEqual([expect.stringMatching(/^objects\/pack\/tmp_pack_/)]);
  expect(await left()).toEqual([]);
  const ids = await writeCommits(again, big);
  expect((await readFiles(again.objects, ids[39]!)).files.get('f')?.content.length).toBe(100_000);
  await git(again.directory, 'fsck', '--full', '--strict');
});
