import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import type { BundleTools } from '../../src/controller/agents/bundle-tools.ts';
import { AgentStatus, SiteRun } from '../../src/model/agent-wire.ts';
import { UserError } from '../../src/model/errors.ts';

const run = promisify(execFile);

const ENVIRONMENT = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Sol Site',
  GIT_AUTHOR_EMAIL: 'sol@site',
  GIT_COMMITTER_NAME: 'Sol Site',
  GIT_COMMITTER_EMAIL: 'sol@site',
};

async function git(directory: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', directory, ...args], {
    env: ENVIRONMENT,
    maxBuffer: 2 ** 26,
  });
  return stdout.trim();
}

/** A refusal as those of real bundles are. */
class Refused extends UserError {
  readonly reason: string;

  constructor(reason: string) {
    super(`the bundle is refused: ${reason}`);
    this.reason = reason;
  }
}

/** Bundles by plain git, signed and trusted by no more than a word: for tests of what is done with them. */
export function plainBundles(): BundleTools & { made: number } {
  return {
    made: 0,
    key: 'a-key',
    sign: undefined,
    allowedSigners: () => 'trueup ssh-ed25519 AAAA\n',
    signatures: () => [],
    async create({ trees, site, commit, have, to }) {
      this.made += 1;
      const { directory } = trees.repository;
      const ref = `refs/tmp/${site}`;
      await git(directory, 'update-ref', ref, commit);
      const known = (
        await Promise.all(
          have.map(async (id) => ((await trees.lineage.isAncestor(id, commit)) ? [`^${id}`] : [])),
        )
      ).flat();
      await git(directory, 'bundle', 'create', '-q', to, ref, ...known);
      return { bytes: (await stat(to)).size };
    },
    async intake({ trees, site, file, publicKey }) {
      const { directory } = trees.repository;
      const heads = await git(directory, 'bundle', 'unbundle', file).catch(() => {
        throw new Refused('no-bundle');
      });
      const refs = new Map(
        heads.split('\n').map((line): [string, string] => {
          const [id = '', ref = ''] = line.split(' ');
          return [ref, id];
        }),
      );
      const word = await git(directory, 'cat-file', 'tag', refs.get('refs/tags/return')!);
      const said = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(word)?.[1] ?? '';
      if (said('Site') !== site) throw new Refused('wrong-site');
      if (said('Key') !== publicKey) throw new Refused('untrusted-key');
      const results = refs.get('refs/heads/results') ?? null;
      const read = async (path: string): Promise<unknown> =>
        JSON.parse(await git(directory, 'show', `${results}:${path}`));
      const paths = results
        ? (await git(directory, 'ls-tree', '-r', '--name-only', results)).split('\n')
        : [];
      const runs = await Promise.all(
        paths.filter((path) => path.startsWith('runs/')).map((path) => read(path)),
      );
      return {
        observed: refs.get('refs/heads/observed') ?? null,
        applied: refs.get('refs/heads/applied') ?? null,
        results,
        sequence: Number(said('Sequence')),
        runs: runs.map((one) => SiteRun.parse(one)),
        status: paths.includes('status.json') ? AgentStatus.parse(await read('status.json')) : null,
      };
    },
  };
}

/** What stands at a site, in a git repository of its own, with nothing but git to work on it. */
export class SiteSide {
  readonly site: string;
  readonly directory: string;
  publicKey: string;
  sequence = 0;

  private constructor(site: string, directory: string) {
    this.site = site;
    this.directory = directory;
    this.publicKey = newPublicKey(randomUUID());
  }

  static async create(site: string, directory: string): Promise<SiteSide> {
    await mkdir(directory, { recursive: true });
    await git(directory, 'init', '-q', '-b', 'start');
    return new SiteSide(site, directory);
  }

  git(...args: string[]): Promise<string> {
    return git(this.directory, ...args);
  }

  /** Takes a bundle in; the first one is checked out. Returns the desired commit. */
  async take(bundle: Uint8Array): Promise<string> {
    const file = `${this.directory}.in`;
    await writeFile(file, bundle);
    await this.git('fetch', '-q', file, `+refs/tmp/${this.site}:refs/heads/desired`);
    if ((await this.ref('observed')) === undefined) {
      await this.git('branch', 'observed', 'desired');
      await this.git('checkout', '-q', 'observed');
    }
    return this.git('rev-parse', 'desired');
  }

  async ref(name: string): Promise<string | undefined> {
    return this.git('rev-parse', '-q', '--verify', `refs/heads/${name}`).catch(() => undefined);
  }

  /** Edits a file of the tree and records that, with a word why. Returns the commit. */
  async edit(path: string, what: string | RegExp, by: string, words = 'By hand'): Promise<string> {
    const file = join(this.directory, path);
    const before = await readFile(file, 'utf8');
    if (before.replace(what, by) === before) throw new Error(`${path} holds nothing like ${what}`);
    await writeFile(file, before.replace(what, by));
    await this.git('commit', '-q', '-am', words);
    return this.git('rev-parse', 'HEAD');
  }

  /** Brings what is desired in beside the edits. */
  async merge(...options: string[]): Promise<string> {
    await this.git('merge', '-q', '--no-edit', ...options, 'desired');
    return this.git('rev-parse', 'HEAD');
  }

  /** Makes the tree what is desired, in a merge that keeps the history. */
  async obey(): Promise<string> {
    const commit = await this.git(
      'commit-tree',
      'desired^{tree}',
      '-p',
      'observed',
      '-p',
      'desired',
      '-m',
      'Go on as the plan has it',
    );
    await this.git('reset', '-q', '--hard', commit);
    return commit;
  }

  /** A bundle with everything, or without what the centre has. */
  async bundle(
    options: {
      runs?: SiteRun[];
      status?: Partial<AgentStatus>;
      without?: string[];
      key?: string;
    } = {},
  ): Promise<Buffer> {
    const { runs = [], status, without = [], key = this.publicKey } = options;
    this.sequence += 1;
    const index = { GIT_INDEX_FILE: join(this.directory, '.git', 'results.index') };
    const add = async (path: string, value: unknown): Promise<void> => {
      const file = join(this.directory, '.git', 'value.json');
      await writeFile(file, JSON.stringify(value));
      const id = await this.git('hash-object', '-w', file);
      await run(
        'git',
        ['-C', this.directory, 'update-index', '--add', '--cacheinfo', `100644,${id},${path}`],
        { env: { ...ENVIRONMENT, ...index } },
      );
    };
    for (const one of runs) await add(`runs/${one.id}.json`, one);
    if (status) await add('status.json', { ...(await this.#status()), ...status });
    if (runs.length > 0 || status) {
      const { stdout } = await run('git', ['-C', this.directory, 'write-tree'], {
        env: { ...ENVIRONMENT, ...index },
      });
      const parent = await this.ref('results');
      const commit = await this.git(
        'commit-tree',
        stdout.trim(),
        ...(parent ? ['-p', parent] : []),
        '-m',
        'Report',
      );
      await this.git('update-ref', 'refs/heads/results', commit);
    }
    const words = `Return\n\nSite: ${this.site}\nSequence: ${this.sequence}\nKey: ${key}\n`;
    await this.git('tag', '-f', '-a', 'return', '-m', words, 'observed');
    const refs = ['refs/heads/observed', 'refs/tags/return'];
    if (await this.ref('results')) refs.push('refs/heads/results');
    const file = `${this.directory}.out`;
    await rm(file, { force: true });
    await this.git('bundle', 'create', '-q', file, ...refs, ...without.map((id) => `^${id}`));
    return readFile(file);
  }

  async #status(): Promise<AgentStatus> {
    const desired = (await this.ref('desired')) ?? null;
    return {
      at: 1_000,
      version: '1.0.0',
      base: desired,
      desired,
      generation: 1,
      applied: null,
      failed: false,
      hold: null,
      conflicts: [],
      guard: null,
      message: 'waits for the window',
    };
  }
}

/** A public key that nothing is signed with. */
export function newPublicKey(words: string): string {
  const type = Buffer.from('ssh-ed25519');
  const key = createHash('sha256').update(words).digest();
  return `ssh-ed25519 ${Buffer.concat([Buffer.from([0, 0, 0, type.length]), type, Buffer.from([0, 0, 0, key.length]), key]).toString('base64')}`;
}
