import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BareRepository, type MergeRequest } from '../github/repository.ts';
import type { LiveTarget } from './target.ts';

/**
 * A live repository as seen through a bare one on this machine: what is asked is fetched first, what is changed is
 * pushed. It works on a base branch of its own, with a history of its own, so that nothing else of the repository is
 * touched. The token is in git's environment only.
 */
export class LiveRepository extends BareRepository {
  /** Stands in every branch's name that a test makes, and in what it writes: no other run has it. */
  readonly run: string;
  readonly base: string;
  readonly #folder: string;
  readonly #url: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor({ gitUrl, token }: LiveTarget) {
    const folder = mkdtempSync(join(tmpdir(), 'live-repository-'));
    super(join(folder, 'plan.git'));
    this.#folder = folder;
    this.#url = gitUrl;
    this.#env = {
      PATH: process.env['PATH'],
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`,
    };
    this.run = randomUUID().slice(0, 8);
    this.base = `live-${this.run}`;
    // The first commit is another one in each run: statuses belong to commits, and stay.
    this.git('branch', '--move', 'main', this.base);
    this.#push(this.base);
    this.commit(this.base, { 'run.txt': `${this.run}\n` });
  }

  override branches(): Map<string, string> {
    // Its first commit is made before it knows where it belongs.
    if (#url in this) this.#fetch('+refs/heads/*:refs/heads/*', '--prune');
    return super.branches();
  }

  override commitOf(revision: string): string | undefined {
    if (revision.startsWith('refs/')) this.#fetch(`+${revision}:${revision}`);
    return super.commitOf(revision);
  }

  override commit(branch: string, files: Record<string, string>): string {
    if (!(#url in this)) return super.commit(branch, files);
    const commit = super.commit(branch, files, this.base);
    this.#push(branch);
    return commit;
  }

  override merge(request: MergeRequest): { commit: string } | { conflicts: string[] } {
    const merged = super.merge(request);
    this.#push(request.base);
    return merged;
  }

  override deleteBranch(branch: string): void {
    this.#remote('push', '--quiet', this.#url, `:refs/heads/${branch}`);
  }

  /** Removes the branches of this run, and the others that are named, here and there. */
  remove(...others: string[]): void {
    try {
      const known = [...this.branches().keys()].filter((branch) => branch.includes(this.run));
      for (const branch of new Set([...known, ...others])) this.#tryToDelete(branch);
    } finally {
      rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 });
    }
  }

  #tryToDelete(branch: string): void {
    try {
      this.deleteBranch(branch);
    } catch {
      // It is gone already: who merged or closed may have removed it.
    }
  }

  #push(branch: string): void {
    this.#remote('push', '--quiet', this.#url, `refs/heads/${branch}:refs/heads/${branch}`);
  }

  #fetch(refs: string, ...options: string[]): void {
    this.#remote('fetch', '--quiet', '--no-tags', ...options, this.#url, refs);
  }

  #remote(...args: string[]): void {
    execFileSync('git', ['-C', this.directory, ...args], { env: this.#env, stdio: 'pipe' });
  }
}
