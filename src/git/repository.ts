import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { UserError } from '../model/errors.ts';
import { removeLeftovers } from './clean-up.ts';
import { ObjectReader } from './object-reader.ts';
import {
  type GitOptions,
  type GitProcess,
  type GitResult,
  type OnOperation,
  requireGit,
  runGit,
  type RunOptions,
  startGit,
} from './process.ts';

export interface RepositoryOptions {
  /** Folder of the bare repository; made if it is not there. Nobody else may write to it. */
  directory: string;
  onOperation?: OnOperation | undefined;
}

/** What `git init --bare` leaves when it is ended half-way, besides a repository that is whole. */
const INIT_LEFTOVERS = new Set([
  'HEAD',
  'HEAD.lock',
  'branches',
  'config',
  'config.lock',
  'description',
  'hooks',
  'info',
  'objects',
  'refs',
]);

/** A bare repository of which we are the only owner. */
export class Repository {
  readonly directory: string;
  readonly objects: ObjectReader;
  /** Leftovers of killed processes that were found and removed when it was opened. */
  readonly removed: readonly string[];
  readonly #onOperation: OnOperation | undefined;

  private constructor(directory: string, removed: string[], onOperation: OnOperation | undefined) {
    this.directory = directory;
    this.removed = removed;
    this.#onOperation = onOperation;
    this.objects = new ObjectReader({ directory });
  }

  /**
   * Opens or makes the repository and removes what killed processes left in it.
   * @throws UserError if git is missing or too old, or the folder holds something else
   */
  static async open({ directory, onOperation }: RepositoryOptions): Promise<Repository> {
    await requireGit();
    const path = resolve(directory);
    await mkdir(path, { recursive: true });
    const names = await readdir(path);
    const whole = ['HEAD', 'config', 'objects', 'refs'].every((name) => names.includes(name));
    if (!whole && !names.every((name) => INIT_LEFTOVERS.has(name))) {
      throw new UserError(
        `${path} is not a bare git repository and not empty: name another folder`,
      );
    }
    const removed = await removeLeftovers(path);
    // Repeating it does no harm, and completes what was interrupted.
    await runGit(['init', '--quiet', '--bare', '--template=', '--initial-branch=main', path], {
      onOperation,
    });
    return new Repository(path, removed, onOperation);
  }

  /** The folder of its packs. */
  get packs(): string {
    return join(this.directory, 'objects/pack');
  }

  /** Runs git in this repository; see `runGit`. */
  run(args: readonly string[], options: RunOptions = {}): Promise<GitResult> {
    return runGit(args, { ...this.#defaults(), ...options });
  }

  /** Starts git in this repository; see `startGit`. */
  start(args: readonly string[], options: GitOptions = {}): GitProcess {
    return startGit(args, { ...this.#defaults(), ...options });
  }

  /** Reports something that is more than one call, or none, as an operation of this name. */
  async measure<T>(operation: string, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    let result: 'success' | 'error' = 'error';
    try {
      const value = await work();
      result = 'success';
      return value;
    } finally {
      this.#onOperation?.(operation, result, (performance.now() - startedAt) / 1000);
    }
  }

  /**
   * Gathers small packs and loose objects into few packs, and loose refs into one file. Loses no object, also none
   * that nothing refers to yet. Worth a call after some hundred writes; others may read and write meanwhile.
   */
  async maintain(): Promise<void> {
    await this.run(['pack-refs', '--all']);
    await this.run(['repack', '--quiet', '-d', '--geometric=2'], { timeout: 1800 });
    // A reader that was open before holds on to the packs that are gone.
    await this.objects.renew();
  }

  /** Ends the processes that are kept running. The object may be used again; they then start anew. */
  async close(): Promise<void> {
    await this.objects.close();
  }

  #defaults(): GitOptions {
    return { directory: this.directory, onOperation: this.#onOperation };
  }
}
