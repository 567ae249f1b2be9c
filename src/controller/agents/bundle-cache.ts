import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import PQueue from 'p-queue';

import { sha256 } from '../../model/tree.ts';
import type { BundleFile } from '../../server/agent-options.ts';

/** Files of one site that are kept: one that asks in many ways must not drive the others' out. */
const MAX_OF_SITE = 4;
/** Bundles made at once: each is a git process or two. */
const AT_ONCE = 2;
/** `<site's key>-<request's key>-<SHA-256 of the bytes>.bundle` */
const NAME = /^([0-9a-f]{16})-([0-9a-f]{32})-([0-9a-f]{32})\.bundle$/;

/** What a bundle is made for. */
export interface BundleRequest {
  site: string;
  /** The desired commit. */
  commit: string;
  /** Commits that the site says it has. */
  have: readonly string[];
  /** When it expires (ms since 1970), and the key that signs it. */
  expires: number;
  key: string;
}

export interface BundleCacheOptions {
  /** Folder of the files; whatever is none of ours in it is removed. */
  directory: string;
  /** Bounds on all files together. */
  maxBytes: number;
  maxFiles: number;
  /** Writes a bundle to `to`; undefined where the site needs none. */
  make: (request: BundleRequest & { to: string }) => Promise<{ bytes: number } | undefined>;
}

interface Entry extends BundleFile {
  site: string;
  request: string;
}

/**
 * Bundles that were made, each once for what it is made for, on disk within bounds. They survive a restart, so that a
 * transfer that was interrupted by one goes on with the same bytes.
 */
export class BundleCache {
  readonly #options: BundleCacheOptions;
  /** By request, the one that was not asked for longest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #making = new Map<string, Promise<BundleFile | undefined>>();
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  #bytes = 0;

  private constructor(options: BundleCacheOptions) {
    this.#options = options;
  }

  static async open(options: BundleCacheOptions): Promise<BundleCache> {
    const cache = new BundleCache(options);
    await mkdir(options.directory, { recursive: true, mode: 0o700 });
    const found: { entry: Entry; usedAt: number }[] = [];
    for (const name of await readdir(options.directory)) {
      const path = join(options.directory, name);
      const [, site, request, etag] = NAME.exec(name) ?? [];
      if (site === undefined || request === undefined || etag === undefined) {
        await rm(path, { recursive: true, force: true });
        continue;
      }
      const { size, mtimeMs } = await stat(path);
      found.push({ entry: { path, size, etag, site, request }, usedAt: mtimeMs });
    }
    for (const { entry } of found.toSorted((a, b) => a.usedAt - b.usedAt)) cache.#add(entry);
    await cache.#trim();
    return cache;
  }

  /** Bytes and files that are kept. */
  get size(): { bytes: number; files: number } {
    return { bytes: this.#bytes, files: this.#entries.size };
  }

  /** The bundle for a request: the one that was made for the same before, or a new one. */
  async get(request: BundleRequest): Promise<{ bundle: BundleFile | undefined; cached: boolean }> {
    const key = keyOf(request);
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
      return { bundle: entry, cached: true };
    }
    let making = this.#making.get(key);
    if (!making) {
      making = this.#queue
        .add(() => this.#make(request, key))
        .finally(() => this.#making.delete(key));
      this.#making.set(key, making);
    }
    return { bundle: await making, cached: false };
  }

  async #make(request: BundleRequest, key: string): Promise<BundleFile | undefined> {
    const { directory, make } = this.#options;
    const fresh = join(directory, `${randomUUID()}.new`);
    try {
      const made = await make({ ...request, to: fresh });
      if (!made) return undefined;
      const etag = await digestOf(fresh);
      const site = siteKey(request.site);
      const path = join(directory, `${site}-${key}-${etag}.bundle`);
      await rename(fresh, path);
      const entry = { path, size: made.bytes, etag, site, request: key };
      this.#add(entry);
      await this.#trim();
      return entry;
    } finally {
      await rm(fresh, { force: true });
    }
  }

  #add(entry: Entry): void {
    this.#entries.set(entry.request, entry);
    this.#bytes += entry.size;
  }

  /** Removes what is over the bounds; the newest one stays whatever its size. */
  async #trim(): Promise<void> {
    const { maxBytes, maxFiles } = this.#options;
    const newest = [...this.#entries.values()].at(-1);
    if (!newest) return;
    const own = [...this.#entries.values()].filter(({ site }) => site === newest.site);
    const gone = own.slice(0, Math.max(0, own.length - MAX_OF_SITE));
    for (const entry of gone) await this.#drop(entry);
    for (const entry of this.#entries.values()) {
      if (this.#bytes <= maxBytes && this.#entries.size <= maxFiles) return;
      if (entry !== newest) await this.#drop(entry);
    }
  }

  async #drop(entry: Entry): Promise<void> {
    if (!this.#entries.delete(entry.request)) return;
    this.#bytes -= entry.size;
    // Who reads it has it open, and reads on.
    await rm(entry.path, { force: true });
  }
}

function siteKey(site: string): string {
  return sha256(site).slice(0, 16);
}

function keyOf({ site, commit, have, expires, key }: BundleRequest): string {
  const known = [...new Set(have)].toSorted();
  return sha256(JSON.stringify([site, commit, known, expires, key])).slice(0, 32);
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex').slice(0, 32);
}
