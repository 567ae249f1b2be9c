import { execFileSync } from 'node:child_process';

import type { ConfigInput } from '../../src/config/schema.ts';
import { GitHubForge } from '../../src/forge/github/github-forge.ts';
import type { PreviewRow } from '../../src/store/rows.ts';
import { type FakeGitHub, startGitHub } from './github/server.ts';
import { FakeDriver, TestService } from './service.ts';
import { makeHosts, pairPlan } from './world-plan.ts';
import { type Files, World } from './world.ts';

export const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';

/** A controller in front of an emulated GitHub, and an operator who opens pull requests there. */
export class PreviewWorld {
  readonly github: FakeGitHub;
  readonly world: World;
  readonly driver = new FakeDriver();
  service!: TestService;
  readonly #forge: GitHubForge;

  private constructor(github: FakeGitHub, world: World) {
    this.github = github;
    this.world = world;
    this.#forge = new GitHubForge({
      repository: 'acme/plan',
      token: () => TOKEN,
      baseUrl: github.url,
      writesPerMinute: 60_000,
    });
  }

  static async create(
    plan: (hosts: string) => Files = pairPlan,
    config: ConfigInput = {},
  ): Promise<PreviewWorld> {
    const github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
    const world = await World.create(plan, { origin: github.gitDirectory, force: true });
    await makeHosts(world);
    const made = new PreviewWorld(github, world);
    await made.start(config);
    await made.service.synced();
    return made;
  }

  /** Starts a controller on what is there. */
  async start(config: ConfigInput = {}): Promise<void> {
    const { plan, ...rest } = config;
    this.service = await TestService.start(this.world, {
      driver: this.driver,
      config: { ...this.settings(), ...rest, plan: { url: this.github.gitUrl, ...plan } },
    });
  }

  /** Settings by which a controller finds the emulation. */
  settings(): ConfigInput {
    const github = {
      repository: 'acme/plan',
      baseUrl: this.github.url,
      token: TOKEN,
      writesPerMinute: 60_000,
    };
    return { forge: { type: 'github', github }, plan: { url: this.github.gitUrl } };
  }

  /** Pushes a branch of its own with these files, and opens its pull request. */
  async open(branch: string, files: Files): Promise<{ number: number; head: string }> {
    const head = await this.push(branch, files);
    const number = await this.#openPull(branch);
    return { number, head };
  }

  /** Has a branch hold what no working copy can: `entries` are lines for `git mktree` at its top. */
  async openRaw(
    branch: string,
    entries: readonly string[],
  ): Promise<{ number: number; head: string }> {
    const { repository } = this.github;
    const top = repository.git('ls-tree', 'main');
    const made = execFileSync('git', ['-C', repository.directory, 'mktree', '--missing'], {
      input: [...top.split('\n'), ...entries, ''].join('\n'),
      encoding: 'utf8',
    });
    const words = ['-c', 'user.name=Mallory', '-c', 'user.email=m@example.org'];
    const head = repository.git(...words, 'commit-tree', '-p', 'main', '-m', branch, made.trim());
    repository.git('update-ref', `refs/heads/${branch}`, head);
    return { number: await this.#openPull(branch), head };
  }

  /** Writes an object into the repository. Returns its id. */
  hash(type: 'blob' | 'tree', input: string): string {
    const { directory } = this.github.repository;
    const args = type === 'blob' ? ['hash-object', '-w', '--stdin'] : ['mktree', '--missing'];
    return execFileSync('git', ['-C', directory, ...args], { input, encoding: 'utf8' }).trim();
  }

  async #openPull(branch: string): Promise<number> {
    const draft = { branch, base: 'main', title: `Change ${branch}`, body: '', labels: [] };
    return (await this.#forge.ensurePullRequest(draft)).number;
  }

  /** Puts one more commit on a branch; a new one starts at `main`. Returns it. */
  async push(branch: string, files: Files): Promise<string> {
    const { world } = this;
    const known = await world.bare('origin', 'branch', '--list', branch);
    await world.git('fetch', '-q', 'origin');
    await world.git('checkout', '-q', '--detach', `origin/${known ? branch : 'main'}`);
    const commit = await world.commit(`Change ${branch}`, files, branch);
    await world.git('checkout', '-q', 'main');
    return commit;
  }

  label(number: number, ...add: string[]): Promise<string[]> {
    return this.#forge.ensureLabels(number, { add });
  }

  /** Our comments on a pull request. */
  comments(number: number): string[] {
    return this.github.comments
      .filter(({ pull, body }) => pull === number && body.startsWith('<!-- trueup:preview -->'))
      .map(({ body }) => body);
  }

  /** The newest status of a commit. */
  status(
    commit: string,
    context = 'trueup/render',
  ): { state: string; description: string | null } | undefined {
    return this.github.statuses.findLast(
      (status) => status.commit === commit && status.context === context,
    );
  }

  /** Waits until a pull request is previewed at a commit and the forge was told so. */
  previewed(number: number, head: string): Promise<PreviewRow> {
    this.service.service.controller.nudge({ pullRequest: number });
    return this.service.until(`#${number} is previewed at ${head}`, async () => {
      const row = await this.service.store.previews.get(number);
      return row?.head === head && row.told !== null && row;
    });
  }

  async close(): Promise<void> {
    await this.service.stop();
    await this.world.remove();
    await this.github.close();
    if (this.github.violations.length > 0) throw new Error(this.github.violations.join('\n'));
  }
}
