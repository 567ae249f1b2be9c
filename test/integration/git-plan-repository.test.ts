import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';

import { describe, expect, onTestFinished, test } from 'vitest';

import { RefMoved } from '../../src/git/errors.ts';
import { PlanRepository, type PlanRepositoryOptions } from '../../src/git/plan-repository.ts';
import { messageOf, Stalled, UserError } from '../../src/model/errors.ts';
import type { PlanEdit } from '../../src/model/proposal.ts';
import { serveGit } from '../support/git-http-server.ts';
import { git, temporaryFolder } from '../support/git.ts';

const WORDS = {
  message: 'Change\n',
  author: { name: 'Ada', email: 'ada@example.org' },
  time: Date.UTC(2026, 0, 2),
};

interface Origin {
  /** Folder that holds everything of the test. */
  folder: string;
  /** The bare repository that stands for the forge, and a clone that people work in. */
  bare: string;
  work: string;
  /** Commits a file in the clone, on its current branch, and pushes it. Returns the commit. */
  commit: (path: string, content: string) => Promise<string>;
}

async function origin(): Promise<Origin> {
  const folder = await temporaryFolder();
  const bare = join(folder, 'origin.git');
  const work = join(folder, 'work');
  await git(folder, 'init', '-q', '--bare', '-b', 'main', bare);
  await git(folder, 'clone', '-q', bare, work);
  const commit = async (path: string, content: string): Promise<string> => {
    await writeFile(join(work, path), content);
    await git(work, 'add', '-A');
    await git(work, 'commit', '-q', '-m', `Write ${path}`);
    await git(work, 'push', '-q', 'origin', 'HEAD');
    return git(work, 'rev-parse', 'HEAD');
  };
  await git(work, 'checkout', '-q', '-B', 'main');
  await commit('plan.yaml', 'name: test\n');
  return { folder, bare, work, commit };
}

async function mirror(
  folder: string,
  url: string,
  more: Partial<PlanRepositoryOptions> = {},
): Promise<PlanRepository> {
  const repository = await PlanRepository.open({
    directory: join(folder, 'mirror.git'),
    url,
    branch: 'main',
    ...more,
  });
  onTestFinished(() => repository.close());
  return repository;
}

function edit(file: string, content: string | null): PlanEdit {
  return {
    file,
    content: content === null ? null : Buffer.from(content),
    mode: '100644',
    patch: '',
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('fetching', () => {
  test('brings the branches here, and takes those away that are gone', async () => {
    const { folder, bare, work, commit } = await origin();
    const repository = await mirror(folder, bare);
    expect(await repository.head()).toBeUndefined();
    const first = await git(work, 'rev-parse', 'HEAD');
    expect(await repository.fetch()).toEqual({ head: first, branches: new Map([['main', first]]) });

    await git(work, 'push', '-q', 'origin', 'main:feature/x');
    const second = await commit('layer.yml', 'a: 1\n');
    expect((await repository.fetch()).branches).toEqual(
      new Map([
        ['feature/x', first],
        ['main', second],
      ]),
    );
    expect(await repository.head()).toBe(second);
    expect(await repository.branchHead('feature/x')).toBe(first);

    await git(work, 'push', '-q', 'origin', ':feature/x', 'main:feature');
    expect([...(await repository.fetch()).branches.keys()]).toEqual(['feature', 'main']);
    expect(await repository.branchHead('feature/x')).toBeUndefined();
    const { files } = await repository.readFiles(second);
    expect([...files.keys()]).toEqual(['layer.yml', 'plan.yaml']);
  });

  test('follows a branch that was moved by force', async () => {
    const { folder, bare, work, commit } = await origin();
    const repository = await mirror(folder, bare);
    await commit('a', '1');
    const before = (await repository.fetch()).head!;
    await git(work, 'commit', '-q', '--amend', '-m', 'again');
    await git(work, 'push', '-q', '--force', 'origin', 'main');
    const { head } = await repository.fetch();
    expect(head).toBe(await git(work, 'rev-parse', 'HEAD'));
    // What was merged once can still be read.
    expect((await repository.readFiles(before)).files.size).toBe(2);
  });

  test('an empty repository, or one without the branch, has no head', async () => {
    const { folder, bare, work } = await origin();
    await git(folder, 'init', '-q', '--bare', 'empty.git');
    const empty = await mirror(folder, join(folder, 'empty.git'));
    expect(await empty.fetch()).toEqual({ head: undefined, branches: new Map() });
    const other = await mirror(folder, bare, { directory: join(folder, 'm2'), branch: 'release' });
    expect(await other.fetch()).toEqual({
      head: undefined,
      branches: new Map([['main', await git(work, 'rev-parse', 'HEAD')]]),
    });
  });

  test('leaves out branches whose names are unsafe', async () => {
    const { folder, bare, work } = await origin();
    await git(
      work,
      'push',
      '-q',
      'origin',
      'main:refs/heads/-d',
      'main:refs/heads/x/--upload-pack=id',
    );
    const repository = await mirror(folder, bare);
    expect([...(await repository.fetch()).branches.keys()]).toEqual(['main']);
  });

  test('from what is no repository cannot be mended by retrying', async () => {
    const { folder } = await origin();
    const repository = await mirror(folder, join(folder, 'nowhere.git'));
    const error = await failure(repository.fetch());
    expect(error).toBeInstanceOf(Stalled);
    expect(messageOf(error)).toContain(`${join(folder, 'nowhere.git')} is no repository`);
  });

  test('over ssh runs the given program, never a shell line of ours', async () => {
    const { folder, bare, work } = await origin();
    const ssh = join(folder, 'ssh.sh');
    await writeFile(
      ssh,
      `#!/bin/sh\necho "$@" >> ${folder}/calls\nfor last; do :; done\nexec sh -c "$last"\n`,
    );
    await chmod(ssh, 0o755);
    const repository = await mirror(folder, `git@example.org:${bare}`, { sshCommand: ssh });
    const { head } = await repository.fetch();
    expect(head).toBe(await git(work, 'rev-parse', 'HEAD'));
    await repository.pushBranch('trueup/a/1', head!, null);
    expect(await git(bare, 'rev-parse', 'refs/heads/trueup/a/1')).toBe(head);
  });
});

test('hostile branch names reach no command', async () => {
  const { folder, bare } = await origin();
  const repository = await mirror(folder, bare);
  const { head } = await repository.fetch();
  const names = ['-d', '--mirror', 'a..b', 'a b', 'refs/heads/x', '', 'x.lock', 'a\nb', '@{-1}'];
  for (const name of [...names, ':main', 'main:x', 'a*', '\ud800']) {
    const errors = await Promise.all(
      [
        repository.pushBranch(name, head!, null),
        repository.deleteBranch(name, head!),
        repository.branchHead(name),
        mirror(folder, bare, { branch: name }),
      ].map(failure),
    );
    for (const error of errors) expect(error).toBeInstanceOf(UserError);
  }
  expect(await git(bare, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
});

test('closing ends a call that is under way', async () => {
  const folder = await temporaryFolder();
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const repository = await mirror(folder, `http://127.0.0.1:${portOf(silent)}/x.git`);
  const asked = once(silent, 'request');
  const fetched = failure(repository.fetch());
  await asked;
  await repository.close();
  expect(messageOf(await fetched)).toContain('was aborted');
});

describe('committing', () => {
  test('edits gives the same commit for the same input, and moves nothing', async () => {
    const { folder, bare, commit } = await origin();
    await commit('old.yml', 'x');
    const repository = await mirror(folder, bare);
    const { head } = await repository.fetch();
    const change = {
      parent: head!,
      path: 'fleet/',
      edits: [edit('sites/a.yaml', 'a: 1\n'), edit('gone', null)],
      ...WORDS,
      committer: { name: 'trueup', email: 'trueup@localhost' },
    };
    const id = await repository.commitEdits(change);
    expect(await repository.commitEdits(change)).toBe(id);
    expect(await repository.changedFiles(head!, id)).toEqual(['fleet/sites/a.yaml']);
    const [entry] = await repository.log(head, id, 10);
    expect(entry).toMatchObject({
      commit: id,
      parents: [head],
      author: 'Ada',
      time: WORDS.time,
      subject: 'Change',
    });
    expect((await repository.fetch()).branches.size).toBe(1);
    await expect(
      repository.commitEdits({ parent: head!, edits: [edit('../x', '')], ...WORDS }),
    ).rejects.toThrow('contains ".."');
  });

  test('merges tells the merge, or the paths that conflict', async () => {
    const { folder, bare } = await origin();
    const repository = await mirror(folder, bare);
    const base = (await repository.fetch()).head!;
    const make = (parent: string, ...edits: PlanEdit[]): Promise<string> =>
      repository.commitEdits({ parent, edits, ...WORDS });
    const ours = await make(base, edit('plan.yaml', 'name: ours\n'), edit('a', 'a'));
    const other = await make(base, edit('b', 'b'));
    const clash = await make(base, edit('plan.yaml', 'name: theirs\n'), edit('a', 'A'));

    const merged = await repository.mergeCommit({ base: ours, head: other, ...WORDS });
    if (!('commit' in merged)) throw new Error('conflicts where none should be');
    expect(await repository.mergeCommit({ base: ours, head: other, ...WORDS })).toEqual(merged);
    const [entry] = await repository.log(base, merged.commit, 1);
    expect(entry?.parents).toEqual([ours, other]);
    const { files } = await repository.readFiles(merged.commit);
    expect([...files.keys()]).toEqual(['a', 'b', 'plan.yaml']);

    expect(await repository.mergeCommit({ base: ours, head: clash, ...WORDS })).toEqual({
      conflicts: ['a', 'plan.yaml'],
    });
    const unknown = '0123456789'.repeat(4);
    await expect(repository.mergeCommit({ base: ours, head: unknown, ...WORDS })).rejects.toThrow(
      'is not here',
    );
    expect(await repository.mergeCommit({ base: ours, head: base, ...WORDS })).toEqual({
      commit: ours,
    });
    expect(await repository.isAncestor(base, ours)).toBe(true);
    expect(await repository.isAncestor(ours, base)).toBe(false);
    expect(await repository.isAncestor('1'.repeat(40), ours)).toBe(false);
    expect(await repository.mergeBase(ours, clash)).toBe(base);
  });
});

async function withCommit(): Promise<
  { repository: PlanRepository; base: string; id: string } & Origin
> {
  const made = await origin();
  const repository = await mirror(made.folder, made.bare);
  const base = (await repository.fetch()).head!;
  const id = await repository.commitEdits({ parent: base, edits: [edit('a', 'a')], ...WORDS });
  return { ...made, repository, base, id };
}

describe('pushing', () => {
  test('a branch may be repeated, and is known at once', async () => {
    const { repository, bare, base, id } = await withCommit();
    await repository.pushBranch('trueup/a/1', id, null);
    await repository.pushBranch('trueup/a/1', id, null);
    expect(await git(bare, 'rev-parse', 'refs/heads/trueup/a/1')).toBe(id);
    expect(await repository.branchHead('trueup/a/1')).toBe(id);
    await repository.pushBranch('trueup/a/1', base, id);
    expect(await git(bare, 'rev-parse', 'refs/heads/trueup/a/1')).toBe(base);
    await repository.deleteBranch('trueup/a/1', base);
    await repository.deleteBranch('trueup/a/1', base);
    expect(await git(bare, 'for-each-ref', 'refs/heads/trueup')).toBe('');
    expect(await repository.branchHead('trueup/a/1')).toBeUndefined();
  });

  test('many at once, beside fetches, get in nobody’s way', async () => {
    const { folder, bare } = await origin();
    const plan = await mirror(folder, bare);
    const { head } = await plan.fetch();
    await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const branch = `trueup/site-${i}`;
        await plan.pushBranch(branch, head!, null);
        await plan.fetch();
        await plan.deleteBranch(branch, head!);
      }),
    );
    expect([...(await plan.fetch()).branches.keys()]).toEqual(['main']);
  });

  test('never takes away what somebody else has put there', async () => {
    const { repository, bare, base, id } = await withCommit();
    await git(bare, 'update-ref', 'refs/heads/trueup/a/1', base);
    const error = await failure(repository.pushBranch('trueup/a/1', id, null));
    expect(error).toBeInstanceOf(RefMoved);
    expect(error).toMatchObject({ ref: 'trueup/a/1', expected: null, actual: base });
    await expect(repository.deleteBranch('trueup/a/1', id)).rejects.toThrow(RefMoved);
    expect(await git(bare, 'rev-parse', 'refs/heads/trueup/a/1')).toBe(base);
  });

  test('the tracked branch only moves on, from where it was seen', async () => {
    const { repository, bare, base, id, commit } = await withCommit();
    const meanwhile = await commit('b', 'b');
    const error = await failure(repository.pushBase(id, base));
    expect(error).toBeInstanceOf(RefMoved);
    expect(error).toMatchObject({ expected: base, actual: meanwhile });
    await repository.fetch();
    const merge = await repository.mergeCommit({ base: meanwhile, head: id, ...WORDS });
    if (!('commit' in merge)) throw new Error('conflicts where none should be');
    await repository.pushBase(merge.commit, meanwhile);
    await repository.pushBase(merge.commit, meanwhile);
    expect(await repository.head()).toBe(merge.commit);
    await expect(repository.pushBase(base, merge.commit)).rejects.toThrow('does not follow');
    expect(await git(bare, 'rev-parse', 'main')).toBe(merge.commit);
  });

  test('of two controllers who push the same branch, one wins', async () => {
    const { repository, folder, bare, base, id } = await withCommit();
    const second = await mirror(folder, bare, { directory: join(folder, 'second.git') });
    await second.fetch();
    const other = await second.commitEdits({ parent: base, edits: [edit('a', 'b')], ...WORDS });
    const results = await Promise.allSettled([
      repository.pushBranch('trueup/a/1', id, null),
      second.pushBranch('trueup/a/1', other, null),
    ]);
    const winner = await git(bare, 'rev-parse', 'refs/heads/trueup/a/1');
    expect(results.map(({ status }) => status)).toEqual(
      [id, other].map((one) => (one === winner ? 'fulfilled' : 'rejected')),
    );
  });

  test('to a checked-out branch says what to do, and works when that is done', async () => {
    const { folder, work, commit } = await origin();
    const base = await commit('b', 'b');
    const repository = await mirror(folder, work);
    await repository.fetch();
    const id = await repository.commitEdits({ parent: base, edits: [edit('a', 'a')], ...WORDS });
    const error = await failure(repository.pushBase(id, base));
    expect(error).toBeInstanceOf(UserError);
    expect(messageOf(error)).toContain(
      `run git -C ${work} config receive.denyCurrentBranch updateInstead`,
    );
    await repository.pushBranch('trueup/a/1', id, null);
    await git(work, 'config', 'receive.denyCurrentBranch', 'updateInstead');
    await repository.pushBase(id, base);
    expect(await git(work, 'status', '--porcelain')).toBe('');
    expect(await git(work, 'rev-parse', 'main')).toBe(id);
  });

  test('that a hook declines cannot be mended by retrying', async () => {
    const { repository, bare, id } = await withCommit();
    const hook = join(bare, 'hooks/pre-receive');
    await writeFile(hook, '#!/bin/sh\necho "main is frozen" >&2\nexit 1\n');
    await chmod(hook, 0o755);
    const error = await failure(repository.pushBranch('trueup/a/1', id, null));
    expect(error).toBeInstanceOf(Stalled);
    expect(messageOf(error)).toContain('hook declined');
  });
});

describe('over http', () => {
  const TOKEN = 'ghs_s3cretT0ken';
  const SPELLINGS = [TOKEN, Buffer.from(`x-access-token:${TOKEN}`).toString('base64')];

  function expectNoToken(text: string): void {
    for (const spelling of SPELLINGS) expect(text).not.toContain(spelling);
  }

  test('fetches and pushes with a token that may change', async () => {
    const { folder, bare, work } = await origin();
    const server = await serveGit({ root: folder, token: TOKEN });
    onTestFinished(() => server.close());
    let token = TOKEN;
    const repository = await mirror(folder, `${server.url}/origin.git`, {
      token: async () => token,
    });
    const { head } = await repository.fetch();
    expect(head).toBe(await git(work, 'rev-parse', 'HEAD'));
    token = 'ghs_another';
    server.setToken(token);
    const id = await repository.commitEdits({
      parent: head!,
      edits: [edit('a', 'x'.repeat(2_000_000))],
      ...WORDS,
    });
    await repository.pushBranch('trueup/a/1', id, null);
    expect(await git(bare, 'rev-parse', 'refs/heads/trueup/a/1')).toBe(id);
    // Sent at once, not only when asked for.
    expect(server.requests.map(({ status }) => status)).not.toContain(401);
  });

  test('in the place of a token that is rejected, another one is tried, once', async () => {
    const { folder, work } = await origin();
    const server = await serveGit({ root: folder, token: 'ghs_newest' });
    onTestFinished(() => server.close());
    const asked: (string | undefined)[] = [];
    const tokens = [TOKEN, 'ghs_newest', TOKEN, 'ghs_third', 'ghs_fourth'];
    const repository = await mirror(folder, `${server.url}/origin.git`, {
      token: async (rejected) => {
        asked.push(rejected);
        return tokens.shift();
      },
    });
    expect((await repository.fetch()).head).toBe(await git(work, 'rev-parse', 'HEAD'));
    expect(asked).toEqual([undefined, TOKEN]);
    const error = await failure(repository.fetch());
    expect(error).toBeInstanceOf(Stalled);
    expectNoToken(messageOf(error));
    expect(asked).toEqual([undefined, TOKEN, undefined, TOKEN]);
  });

  test('a token that is refused, missing or malformed is told, and never shown (law 11)', async () => {
    const { folder } = await origin();
    const server = await serveGit({ root: folder, token: 'something else' });
    onTestFinished(() => server.close());
    for (const token of [TOKEN, undefined, `${TOKEN}\n`]) {
      const repository = await mirror(folder, `${server.url}/origin.git`, {
        token: async () => token,
      });
      const error = await failure(repository.fetch());
      expect(error).toBeInstanceOf(UserError);
      const shown = `${messageOf(error)} ${JSON.stringify(error)} ${String(
        error instanceof Error ? error.cause : '',
      )}`;
      expectNoToken(shown);
      expect(shown).toMatch(/refuses our credentials|holds characters no token has/);
    }
  });

  test('a repository that is not there is told apart from a server that is not there', async () => {
    const { folder } = await origin();
    const server = await serveGit({ root: folder });
    const missing = await mirror(folder, `${server.url}/none.git`);
    const error = await failure(missing.fetch());
    expect(error).toBeInstanceOf(Stalled);
    expect(messageOf(error)).toContain('is no repository');
    await server.close();
    const gone = await failure(missing.fetch());
    expect(gone).toBeInstanceOf(Error);
    expect(gone).not.toBeInstanceOf(Stalled);
  });

  test('the token does not follow a redirect to somewhere else', async () => {
    const { folder } = await origin();
    const elsewhere = await serveGit({ root: folder });
    const redirecting = createServer((request, response) => {
      response.writeHead(302, { location: `${elsewhere.url}${request.url}` }).end();
    });
    await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      redirecting.close();
      await elsewhere.close();
    });
    const url = `http://127.0.0.1:${portOf(redirecting)}/origin.git`;
    const repository = await mirror(folder, url, { token: async () => TOKEN });
    const error = await failure(repository.fetch());
    expect(error).toBeInstanceOf(Stalled);
    expect(messageOf(error)).toContain('has moved: set its new URL');
    expect(elsewhere.requests).toEqual([]);
  });

  test('the token stands in no argument and in no file', async () => {
    const { folder } = await origin();
    const server = await serveGit({ root: folder, token: TOKEN });
    onTestFinished(() => server.close());
    const spy = join(folder, 'bin');
    const log = join(folder, 'arguments');
    await mkdir(spy);
    const real = await git(folder, '--exec-path');
    await writeFile(join(spy, 'git'), `#!/bin/sh\necho "$@" >> ${log}\nexec ${real}/git "$@"\n`);
    await chmod(join(spy, 'git'), 0o755);
    const path = process.env['PATH'];
    process.env['PATH'] = `${spy}:${path}`;
    onTestFinished(() => {
      process.env['PATH'] = path;
    });
    const repository = await mirror(folder, `${server.url}/origin.git`, {
      token: async () => TOKEN,
    });
    const { head } = await repository.fetch();
    await repository.pushBranch('trueup/a/1', head!, null);
    const written = [
      await readFile(log, 'utf8'),
      await readFile(join(folder, 'mirror.git/config'), 'utf8'),
    ].join('\n');
    expect(written).toContain('fetch --quiet');
    expectNoToken(written);
  });
});
