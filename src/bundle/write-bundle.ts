import { hash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { deflateSync } from 'node:zlib';

import { assertObjectId, isObjectId } from '../git/names.ts';
import type { Repository } from '../git/repository.ts';
import { syncFolder } from '../git/sync-folder.ts';
import { formatHeader } from './header.ts';

/** Seconds for packing. */
const TIMEOUT = 300;

/**
 * Writes a bundle: these refs, a tag that is in no repository yet, and of what they reach all that `without` does not.
 * No ref is needed or made for it, however many sites the repository holds.
 * @param options.refs in the order in which they stand in the file; the tag comes last
 * @returns the size of the file
 */
export async function writeBundle(options: {
  repository: Repository;
  refs: readonly (readonly [name: string, commit: string])[];
  tag: { name: string; content: Buffer };
  without: readonly string[];
  to: string;
}): Promise<{ bytes: number }> {
  const { repository, refs, tag, without, to } = options;
  const objects = join(repository.directory, 'objects');
  const scratch = join(objects, `incoming-${randomUUID()}`);
  const fresh = `${to}.${randomUUID().slice(0, 8)}.new`;
  try {
    const id = await writeLooseTag(scratch, tag.content);
    const tips = [...new Set(refs.map(([, commit]) => commit))];
    const needed = await edge(repository, tips, without);
    const packer = repository.start(
      ['pack-objects', '--stdout', '--revs', '--thin', '--delta-base-offset', '-q', '--threads=1'],
      {
        env: { GIT_OBJECT_DIRECTORY: scratch, GIT_ALTERNATE_OBJECT_DIRECTORIES: objects },
        timeout: TIMEOUT,
      },
    );
    // Git takes for there what it finds behind them, also by mistake where clocks went backwards; for the other end there
    // is nothing behind them.
    const ends = needed.map((one) => `--shallow ${one}`);
    packer.stdin.end(`${[...ends, id, ...tips, ...needed.map((one) => `^${one}`)].join('\n')}\n`);
    const header = formatHeader([...refs, [tag.name, id]], needed);
    await pipeline(
      async function* parts() {
        yield Buffer.from(header);
        yield* packer.stdout;
        // Before the file counts as whole: packing may have failed half-way.
        await packer.ended;
      },
      createWriteStream(fresh, { flags: 'wx', mode: 0o600, flush: true }),
    );
    const { size } = await stat(fresh);
    await rename(fresh, to);
    await syncFolder(dirname(to));
    return { bytes: size };
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(fresh, { force: true });
  }
}

/**
 * The commits that the new ones build on: whatever these have is left out of the pack, so that all of them are needed
 * at the other end, not the newest ones alone.
 */
async function edge(
  repository: Repository,
  tips: readonly string[],
  without: readonly string[],
): Promise<string[]> {
  if (without.length === 0) return [];
  const { stdout } = await repository.run(['rev-list', '--boundary', '--stdin'], {
    input: `${[...tips, ...without.map((one) => `^${one}`)].join('\n')}\n`,
  });
  const lines = stdout.toString().split('\n');
  const boundary = lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
  return [...new Set([...without, ...boundary])];
}

/** Those of some commits that these tips reach, as they are asked for; whatever else they name is left out. */
export async function reachable(
  repository: Repository,
  tips: readonly string[],
  asked: readonly string[],
): Promise<string[]> {
  const wanted = new Set(asked.filter((id) => isObjectId(id)));
  if (wanted.size === 0 || tips.length === 0) return [];
  for (const tip of tips) assertObjectId(tip);
  const { stdout } = await repository.run(['rev-list', '--stdin'], {
    input: `${tips.join('\n')}\n`,
  });
  const all = new Set(stdout.toString().split('\n'));
  return [...wanted].filter((id) => all.has(id));
}

async function writeLooseTag(folder: string, content: Buffer): Promise<string> {
  const object = Buffer.concat([Buffer.from(`tag ${content.length}\0`), content]);
  const id = hash('sha1', object);
  await mkdir(join(folder, id.slice(0, 2)), { recursive: true });
  await writeFile(join(folder, id.slice(0, 2), id.slice(2)), deflateSync(object));
  return id;
}
