import { execFile } from 'node:child_process';
import { renameSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const OPERATOR = {
  GIT_AUTHOR_NAME: 'Olga Operator',
  GIT_AUTHOR_EMAIL: 'olga@example.org',
  GIT_COMMITTER_NAME: 'Olga Operator',
  GIT_COMMITTER_EMAIL: 'olga@example.org',
};

/** Relative path → text of a file; null: the file goes. */
export type Files = Readonly<Record<string, string | null>>;

/** Everything that a test of the whole makes: a plan in git, an operator's clone of it, hosts, and our data. */
export class World {
  readonly root: string;
  /** The plan's repository, bare, as a forge would serve it. */
  readonly origin: string;
  readonly clone: string;
  /** Each host is a folder here: its root. */
  readonly hosts: string;
  readonly data: string;

  private constructor(root: string, origin: string) {
    this.root = root;
    this.origin = origin;
    this.clone = join(root, 'clone');
    this.hosts = join(root, 'hosts');
    this.data = join(root, 'data');
  }

  /**
   * Makes a folder for it all, with the plan as the first commit of `main`.
   * @param plan the files, or what makes them from the folder that the hosts are in
   * @param options.origin address of a repository that is there already, in place of one of our own
   * @param options.force put the plan in the place of what that repository has on `main`
   */
  static async create(
    plan: Files | ((hosts: string) => Files),
    options: { origin?: string; force?: boolean } = {},
  ): Promise<World> {
    const root = await mkdtemp(join(tmpdir(), 'trueup-e2e-'));
    const world = new World(root, options.origin ?? join(root, 'plan.git'));
    if (!options.origin) await git(root, 'init', '-q', '--bare', '-b', 'main', world.origin);
    await git(root, 'init', '-q', '-b', 'main', world.clone);
    await world.git('remote', 'add', 'origin', world.origin);
    await mkdir(world.hosts);
    const files = typeof plan === 'function' ? plan(world.hosts) : plan;
    const pushed = options.force ? ['--force'] : [];
    await world.commit('Start the plan', files, 'main', ...pushed);
    return world;
  }

  /** Removes all of it. */
  async remove(): Promise<void> {
    for (const path of [this.root, `${this.root}-kept`]) {
      await rm(path, { recursive: true, force: true, maxRetries: 10 });
    }
  }

  /** Runs git in the operator's clone. */
  git(...args: string[]): Promise<string> {
    return git(this.clone, ...args);
  }

  /** Runs git in the plan's repository, or in one of the controller's. */
  bare(repository: 'origin' | 'sites' | 'plan', ...args: string[]): Promise<string> {
    const folder = repository === 'origin' ? this.origin : join(this.data, `${repository}.git`);
    return git(folder, ...args);
  }

  /** Writes files into the operator's clone, commits and pushes them to a branch. Returns the commit. */
  async commit(
    message: string,
    files: Files,
    branch = 'main',
    ...options: string[]
  ): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      const file = join(this.clone, path);
      await mkdir(dirname(file), { recursive: true });
      if (text === null) await rm(file);
      else await writeFile(file, text);
    }
    await this.git('add', '--all');
    await this.git('commit', '-q', '-m', message);
    return this.push(branch, ...options);
  }

  /** Pushes what the operator's clone has checked out. Returns the commit. */
  async push(branch = 'main', ...options: string[]): Promise<string> {
    await this.git('push', '-q', ...options, 'origin', `HEAD:refs/heads/${branch}`);
    return this.git('rev-parse', 'HEAD');
  }

  /** Takes the plan's repository away, or brings it back. */
  async moveOrigin(where: 'away' | 'back'): Promise<void> {
    const [from, to] = [this.origin, `${this.origin}-away`];
    await (where === 'away' ? rename(from, to) : rename(to, from));
  }

  /** Takes over what was merged meanwhile. */
  async pull(): Promise<void> {
    await this.git('pull', '-q', '--ff-only', 'origin', 'main');
  }

  /** A file of the plan as the branch `main` of its repository has it. */
  planFile(path: string): Promise<string> {
    return this.bare('origin', 'show', `main:${path}`);
  }

  /** Path of a file of a site's working copy. */
  siteFile(site: string, path: string): string {
    return join(this.data, 'sites', site, 'tree', path);
  }

  /** What stands in a file of a site's working copy. */
  readSite(site: string, path: string): Promise<string> {
    return readFile(this.siteFile(site, path), 'utf8');
  }

  /** Replaces one place in a file of a site's working copy, in one step, as a careful editor does. */
  edit(site: string, path: string, what: string | RegExp, by: string): Promise<void> {
    return this.editAtOnce(site, [[path, what, by]]);
  }

  /** The same in several files, as far as files can be changed at once. */
  async editAtOnce(
    site: string,
    edits: readonly (readonly [path: string, what: string | RegExp, by: string])[],
  ): Promise<void> {
    const files: string[] = [];
    for (const [path, what, by] of edits) {
      const file = this.siteFile(site, path);
      const before = await readFile(file, 'utf8');
      const after = before.replace(what, by);
      if (after === before) throw new Error(`${file} holds nothing like ${what.toString()}`);
      await writeFile(`${file}~`, after);
      files.push(file);
    }
    for (const file of files) renameSync(`${file}~`, file);
  }

  /** Keeps a copy of all that is there now. */
  async keep(): Promise<void> {
    await run('cp', ['-a', this.root, `${this.root}-kept`]);
  }

  /** Brings back what was kept, in the same place. */
  async restore(): Promise<void> {
    await rm(this.root, { recursive: true, force: true, maxRetries: 10 });
    await run('cp', ['-a', `${this.root}-kept`, this.root]);
  }
}

async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', ['-C', folder, ...args], {
    env: { ...process.env, ...OPERATOR, GIT_TERMINAL_PROMPT: '0' },
    maxBuffer: 64 * 2 ** 20,
  });
  return stdout.replace(/\n$/, '');
}
