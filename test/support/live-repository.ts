import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A clone of a real repository, for tests that are asked for. The token is in git's environment only. */
export class LiveRepository {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #pushed: string[] = [];
  readonly branch: string;

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#env = env;
    this.branch = this.#git('rev-parse', '--abbrev-ref', 'HEAD');
  }

  static async clone(url: string, token: string): Promise<LiveRepository> {
    const folder = mkdtempSync(join(tmpdir(), 'live-repository-'));
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
    const env = {
      PATH: process.env['PATH'],
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    };
    execFileSync('git', ['clone', '--quiet', '--depth=1', '--', url, folder], { env });
    return new LiveRepository(folder, env);
  }

  /** Pushes files (path → text) as one commit on top of the default branch. Returns the commit. */
  push(branch: string, files: Record<string, string>): string {
    for (const [path, text] of Object.entries(files)) writeFileSync(join(this.#folder, path), text);
    const identity = ['-c', 'user.name=trueup', '-c', 'user.email=trueup@example.org'];
    this.#git('add', '--all');
    this.#git(...identity, 'commit', '--quiet', '--message=Live test');
    this.#git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
    this.#pushed.push(branch);
    return this.#git('rev-parse', 'HEAD');
  }

  /** Removes the clone, and the branches that were pushed. */
  remove(): void {
    try {
      for (const branch of this.#pushed) this.#git('push', '--quiet', 'origin', `:${branch}`);
    } finally {
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  #git(...args: string[]): string {
    const options = { env: this.#env, encoding: 'utf8' } as const;
    return execFileSync('git', ['-C', this.#folder, ...args], options).trim();
  }
}
