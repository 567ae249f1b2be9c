import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { GitError } from '../git/errors.ts';
import { KnownObjects } from '../git/known-objects.ts';
import { ObjectReader } from '../git/object-reader.ts';
import { PackWriter } from '../git/pack-writer.ts';
import { runGit } from '../git/process.ts';
import type { Repository } from '../git/repository.ts';
import { syncFolder } from '../git/sync-folder.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import type { BundleLimits } from './limits.ts';

const CONFIG = '[core]\n\trepositoryformatversion = 0\n\tbare = true\n';
/** Where the ids begin in the index of a pack, and how many there are (version 2). */
const INDEX_COUNT = 8 + 255 * 4;
const INDEX_IDS = 8 + 256 * 4;

/**
 * An object database of its own for one bundle. Of the store it holds what the bundle builds on and nothing more: what
 * the bundle refers to beside that is missing, whether another site has it or not.
 */
export class Quarantine {
  /** Objects copied from the store. */
  readonly base = new Set<string>();
  readonly objects: ObjectReader;
  readonly #repository: Repository;
  readonly #directory: string;
  #pack = '';

  private constructor(repository: Repository, directory: string) {
    this.#repository = repository;
    this.#directory = directory;
    this.objects = new ObjectReader({ directory });
  }

  /** Makes it, in a place that is emptied when the repository is opened after a crash. */
  static async open(repository: Repository): Promise<Quarantine> {
    const directory = join(repository.directory, 'objects', `incoming-${randomUUID()}`);
    await mkdir(join(directory, 'objects', 'pack'), { recursive: true, mode: 0o700 });
    await mkdir(join(directory, 'refs'));
    await writeFile(join(directory, 'HEAD'), 'ref: refs/heads/main\n');
    await writeFile(join(directory, 'config'), CONFIG);
    return new Quarantine(repository, directory);
  }

  get #packs(): string {
    return join(this.#directory, 'objects', 'pack');
  }

  /** Copies commits of the store with their trees, for a bundle to build on. */
  async lend(commits: readonly string[]): Promise<void> {
    const { objects } = this.#repository;
    const writer = new PackWriter(this.#packs, new KnownObjects());
    const put = async (type: 'commit' | 'tree' | 'blob', id: string): Promise<Buffer> => {
      const content = await objects.content(id);
      this.base.add(id);
      await writer.put(type, content);
      if (writer.isFull) await writer.flush();
      return content;
    };
    const putTree = async (id: string): Promise<void> => {
      if (this.base.has(id)) return;
      await put('tree', id);
      for (const entry of await objects.tree(id)) {
        if (entry.mode === '40000') await putTree(entry.id);
        else if (!this.base.has(entry.id)) await put('blob', entry.id);
      }
    };
    for (const commit of commits) {
      const content = await put('commit', commit);
      await putTree(content.toString('latin1', 5, 45));
    }
    await writer.flush();
  }

  /**
   * Lets git check and index the pack: every object, and that everything they refer to is there.
   * @throws InvalidBundle
   */
  async index(pack: Buffer, limits: BundleLimits): Promise<void> {
    const args = ['index-pack', '--stdin', '--fix-thin', '--strict'];
    try {
      const { stdout } = await runGit(
        [...args, `--max-input-size=${limits.bytes}`, '--threads=1'],
        {
          directory: this.#directory,
          input: pack,
          timeout: limits.seconds,
        },
      );
      this.#pack = `pack-${stdout.toString().trim().split(/\s/).at(-1) ?? ''}`;
    } catch (error) {
      if (error instanceof GitError) throw refusalOf(error, limits);
      throw error;
    }
  }

  /** Ids of all that the pack holds, with what git added to it from what was lent. */
  async packed(): Promise<string[]> {
    const index = await readFile(join(this.#packs, `${this.#pack}.idx`));
    const count = index.readUInt32BE(INDEX_COUNT);
    return Array.from({ length: count }, (_, at) =>
      index.toString('hex', INDEX_IDS + at * 20, INDEX_IDS + at * 20 + 20),
    );
  }

  /** Moves what came into the store. When this returns it lasts. */
  async migrate(): Promise<void> {
    await this.objects.close();
    const to = this.#repository.packs;
    const there = new Set(await readdir(to));
    // Git takes a pack for one when it has an index.
    for (const ending of ['pack', 'idx']) {
      const name = `${this.#pack}.${ending}`;
      if (there.has(name)) continue;
      await chmod(join(this.#packs, name), 0o444);
      await rename(join(this.#packs, name), join(to, name));
    }
    await syncFolder(to);
  }

  async remove(): Promise<void> {
    await this.objects.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function refusalOf(error: GitError, limits: BundleLimits): InvalidBundle {
  const { stderr, exitCode } = error;
  if (exitCode === null)
    return new InvalidBundle('took-too-long', `git took longer than ${limits.seconds} s over it`);
  if (/maximum allowed size/.test(stderr))
    return new InvalidBundle('too-large', `it is larger than ${limits.bytes} bytes`);
  if (/did not receive expected object|unresolved delta|object of unexpected type/.test(stderr))
    return new InvalidBundle('foreign-objects', 'it refers to objects that it lacks');
  if (/fsck error|error in object|[a-zA-Z]+: (?:contains|invalid|not properly)/.test(stderr))
    return new InvalidBundle('fsck', 'git finds its objects malformed (fsck)');
  return new InvalidBundle('corrupt', 'git cannot read its objects');
}
