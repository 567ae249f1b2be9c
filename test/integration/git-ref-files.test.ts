import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';

import { describeCommit } from '../../src/git/describe-commit.ts';
import { RefMoved } from '../../src/git/errors.ts';
import { readLog } from '../../src/git/log.ts';
import { moveInRefFiles, readRefFile, readRefFiles } from '../../src/git/ref-files.ts';
import { listRefs, type RefUpdate, updateRefs } from '../../src/git/refs.ts';
import { Repository } from '../../src/git/repository.ts';
import { git, gitWith, temporaryFolder } from '../support/git.ts';

interface Opened {
  repository: Repository;
  directory: string;
  tree: string;
  /** Three commits. */
  commits: string[];
}

async function open(name = 'sites.git'): Promise<Opened> {
  const directory = join(await temporaryFolder(), name);
  const repository = await Repository.open({ directory });
  onTestFinished(() => repository.close());
  const tree = await gitWith(directory, '', 'mktree');
  const commits: string[] = [];
  for (const message of ['a', 'b', 'c'])
    commits.push(await git(directory, 'commit-tree', '-m', message, tree));
  return { repository, directory, tree, commits };
}

const DESIRED = 'refs/sites/lisbon-07/desired';

async function locks(directory: string): Promise<string[]> {
  const all = await readdir(directory, { recursive: true });
  return all.filter((path) => path.endsWith('.lock'));
}

test('a few refs are moved by files that git reads', async () => {
  const { repository, directory, commits } = await open();
  const [a = '', b = ''] = commits;
  const applied = 'refs/sites/lisbon-07/applied';
  expect(
    await moveInRefFiles(repository, [
      { ref: DESIRED, to: a, from: null },
      { ref: applied, to: b, from: undefined },
    ]),
  ).toBe(true);
  expect(await git(directory, 'rev-parse', DESIRED, applied)).toBe(`${a}\n${b}`);
  await git(directory, 'pack-refs', '--all');
  expect(await moveInRefFiles(repository, [{ ref: DESIRED, to: b, from: a }])).toBe(true);
  expect(await git(directory, 'rev-parse', DESIRED)).toBe(b);
  expect(await git(directory, 'fsck', '--strict')).not.toMatch(/error|refs/);
  expect(await locks(directory)).toEqual([]);
});

test('a ref that is elsewhere is not moved, nor is any other', async () => {
  const { repository, directory, commits } = await open();
  const [a = '', b = '', c = ''] = commits;
  const other = 'refs/sites/porto-01/desired';
  await updateRefs(repository, [{ ref: DESIRED, to: a, from: null }]);
  await git(directory, 'pack-refs', '--all');
  const moves = [
    { ref: other, to: c, from: null },
    { ref: DESIRED, to: c, from: b },
  ];
  await expect(moveInRefFiles(repository, moves)).rejects.toEqual(new RefMoved(DESIRED, b, a));
  expect([...(await listRefs(repository, 'refs/sites'))]).toEqual([[DESIRED, a]]);
  expect(await locks(directory)).toEqual([]);
});

test.each<[string, (opened: Opened) => Promise<RefUpdate>]>([
  ['is deleted', async () => ({ ref: DESIRED, to: null, from: undefined })],
  ['goes to what is no commit', async ({ tree }) => ({ ref: DESIRED, to: tree, from: undefined })],
  [
    'goes to what is not there',
    async () => ({ ref: DESIRED, to: '1'.repeat(40), from: undefined }),
  ],
  [
    'is locked by git',
    async ({ directory, commits }) => {
      await mkdir(join(directory, 'refs/sites/lisbon-07'), { recursive: true });
      await writeFile(join(directory, `${DESIRED}.lock`), '');
      return { ref: DESIRED, to: commits[0]!, from: undefined };
    },
  ],
  [
    'would be below one that is packed',
    async ({ directory, commits }) => {
      await git(directory, 'update-ref', 'refs/sites/lisbon-07', commits[0]!);
      await git(directory, 'pack-refs', '--all');
      return { ref: DESIRED, to: commits[0]!, from: undefined };
    },
  ],
  [
    'would be below one that stands in a file',
    async ({ directory, commits }) => {
      await git(directory, 'update-ref', 'refs/sites/lisbon-07', commits[0]!);
      return { ref: DESIRED, to: commits[0]!, from: undefined };
    },
  ],
  [
    'would be above one that is packed',
    async ({ directory, commits }) => {
      await git(directory, 'update-ref', `${DESIRED}/more`, commits[0]!);
      await git(directory, 'pack-refs', '--all');
      return { ref: DESIRED, to: commits[0]!, from: undefined };
    },
  ],
  [
    'is a symbolic one',
    async ({ directory, commits }) => {
      await git(directory, 'symbolic-ref', DESIRED, 'refs/heads/main');
      return { ref: DESIRED, to: commits[0]!, from: undefined };
    },
  ],
])('a ref that %s is left to git', async (_name, prepare) => {
  const opened = await open();
  const update = await prepare(opened);
  const refs = await git(opened.directory, 'for-each-ref');
  const before = await locks(opened.directory);
  expect(await moveInRefFiles(opened.repository, [update])).toBe(false);
  expect(await git(opened.directory, 'for-each-ref')).toBe(refs);
  expect(await locks(opened.directory)).toEqual(before);
});

async function outcome(work: Promise<void>): Promise<string> {
  try {
    await work;
    return 'moved';
  } catch (error) {
    return error instanceof RefMoved ? error.message : 'refused';
  }
}

test(
  'any moves end as with git, and are read as git reads them',
  { timeout: 180_000 },
  async () => {
    const ours = await open('ours.git');
    const theirs = await open('theirs.git');
    // The same commits in both: their ids hang on the time.
    await git(theirs.directory, 'fetch', '-q', ours.directory, ...ours.commits);
    const name = fc.constantFrom(
      'a/desired',
      'a/applied',
      'b/desired',
      'b',
      'a/desired/x',
      'c/d/e',
    );
    const commit = fc.constantFrom(...ours.commits);
    const update = fc.record({
      ref: name.map((short) => `refs/sites/${short}`),
      to: fc.oneof({ weight: 5, arbitrary: commit }, { weight: 1, arbitrary: fc.constant(null) }),
      from: fc.oneof(fc.constant(undefined), fc.constant(null), commit),
    });
    const steps = fc.array(
      fc.oneof(
        {
          weight: 4,
          arbitrary: fc.uniqueArray(update, { selector: ({ ref }) => ref, maxLength: 2 }),
        },
        { weight: 1, arbitrary: fc.constant('pack' as const) },
      ),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        for (const { directory } of [ours, theirs]) {
          await rm(join(directory, 'packed-refs'), { force: true });
          await rm(join(directory, 'refs/sites'), { recursive: true, force: true });
        }
        for (const step of all) {
          if (step === 'pack') {
            for (const { directory } of [ours, theirs]) await git(directory, 'pack-refs', '--all');
            continue;
          }
          const move = async (): Promise<void> => {
            if (!(await moveInRefFiles(ours.repository, step)))
              await updateRefs(ours.repository, step);
          };
          expect(await outcome(move())).toBe(await outcome(updateRefs(theirs.repository, step)));
        }
        const refs = await listRefs(theirs.repository, 'refs/sites');
        expect(await listRefs(ours.repository, 'refs/sites')).toEqual(refs);
        expect(await readRefFiles(ours.repository, 'refs/sites')).toEqual(refs);
        for (const ref of [...refs.keys(), 'refs/sites', 'refs/sites/nowhere/desired'])
          expect(await readRefFile(ours.repository, ref)).toBe(refs.get(ref) ?? null);
      }),
      { numRuns: 25 },
    );
  },
);

test('symbolic refs, and refs in tables, are not read', async () => {
  const { repository, directory, commits } = await open();
  await git(directory, 'update-ref', 'refs/remotes/origin/main', commits[0]!);
  expect(await readRefFiles(repository, 'refs/remotes/origin')).toEqual(
    new Map([['refs/remotes/origin/main', commits[0]]]),
  );
  expect(await readRefFiles(repository, 'refs/none')).toEqual(new Map());
  await git(directory, 'symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  expect(await readRefFile(repository, 'refs/remotes/origin/HEAD')).toBe(undefined);
  expect(await readRefFile(repository, 'refs/remotes/origin/main')).toBe(commits[0]);
  expect(await readRefFiles(repository, 'refs/remotes/origin')).toBe(undefined);
  await git(directory, 'symbolic-ref', '-d', 'refs/remotes/origin/HEAD');
  await mkdir(join(directory, 'reftable'));
  expect(await readRefFile(repository, 'refs/remotes/origin/main')).toBe(undefined);
  expect(await readRefFiles(repository, 'refs/remotes/origin')).toBe(undefined);
});

test('commits are described as git log describes them', async () => {
  const { repository, directory, tree } = await open();
  const write = async (header: string, message: string): Promise<string> => {
    const text = `tree ${tree}\n${header}\n\n${message}`;
    return gitWith(directory, text, 'hash-object', '-t', 'commit', '-w', '--literally', '--stdin');
  };
  const plain = 'author Ana Gómez <a@x> 1700000000 +0100\ncommitter C <c@x> 1700000001 -0330';
  const cases: [string, string][] = [
    [plain, 'Subject\n\nBody\n'],
    [plain, '\n \t\nSubject  \r\nof two lines\t\n \nBody'],
    [plain, ''],
    [plain, '\n\n'],
    [plain, 'no line break'],
    [`${plain}\nencoding ISO-8859-1`, 'caf\u00e9\n'],
    [`${plain}\ngpgsig -----BEGIN SSH SIGNATURE-----\n author X <x@x> 1 +0000`, 'Signed\n'],
    ['author  <> 1700000000 +0000\ncommitter  <> 1700000001 +0000', 'Nobody\n'],
    ['author A < B <a@x> 1700000000 +0000\ncommitter C <c@x> 1700000001 +0000', 'Odd\n'],
    ['author A <a@x>\ncommitter C <c@x>', 'No time\n'],
    [plain, '\u2028x \u00a0\n'],
  ];
  for (const [header, message] of cases) {
    const commit = await write(header, message);
    const [entry] = await readLog(repository, undefined, commit, 1);
    const { subject, author, time } = entry!;
    expect(await describeCommit(repository, commit)).toEqual({ subject, author, time });
  }
  await expect(describeCommit(repository, '1'.repeat(40))).rejects.toThrow('log');
});

test('the file of a ref is whole, and nothing is left beside it', async () => {
  const { repository, directory, commits } = await open();
  await moveInRefFiles(repository, [{ ref: DESIRED, to: commits[2]!, from: undefined }]);
  expect(await readFile(join(directory, DESIRED), 'latin1')).toBe(`${commits[2]}\n`);
  expect(await readdir(join(directory, 'refs/sites/lisbon-07'))).toEqual(['desired']);
});
