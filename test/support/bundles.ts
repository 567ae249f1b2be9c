import { hash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import canonicalize from 'canonicalize';

import { allowedKey, type AllowedKeys } from '../../src/bundle/allowed-keys.ts';
import { createKey, type Signer } from '../../src/bundle/keys.ts';
import { desiredMessage, SiteStore } from '../../src/git/site-store.ts';
import { MANIFEST_PATH, type SiteTree, treeDigest } from '../../src/model/tree.ts';

export const REVISION = 'ab'.repeat(20);
export const SOMEBODY = { name: 'Test', email: 'test@example.org' };
export const NOW = Date.parse('2026-06-01T12:00:00Z');
export const DAY = 24 * 60 * 60 * 1000;

/** A site tree of 25 files that says what it is. */
export function siteTree(site: string, generation: number, changed = 'as ever'): SiteTree {
  const files = new Map<string, { mode: '100644' | '100755'; content: Buffer }>();
  const add = (path: string, text: string) =>
    files.set(path, {
      mode: path === 'apply.sh' ? '100755' : '100644',
      content: Buffer.from(text),
    });
  add('apply.sh', '#!/bin/sh\necho applied\n');
  add('group_vars/all.yml', `word: ${changed}\n`);
  for (let at = 0; at < 22; at += 1)
    add(`compute/roles/role${at}/tasks/main.yml`, `# ${site} ${at}\n`.repeat(20 + at));
  const digest = treeDigest(files);
  const manifest = { plan: 'test', revision: REVISION, site, generation, digest, files: {} };
  add(MANIFEST_PATH, canonicalize(manifest)!);
  return files;
}

/** A store as the centre has it, with a key that signs. */
export class BundleWorld {
  readonly root: string;
  readonly centre: SiteStore;
  readonly site: SiteStore;
  readonly signer: Signer;
  readonly trusted: AllowedKeys;

  private constructor(root: string, centre: SiteStore, site: SiteStore, signer: Signer) {
    this.root = root;
    this.centre = centre;
    this.site = site;
    this.signer = signer;
    this.trusted = [allowedKey('trueup', signer.publicKey)];
  }

  /** @param signer the centre's; a new one if not given */
  static async create(root: string, signer?: Signer): Promise<BundleWorld> {
    return new BundleWorld(
      root,
      await SiteStore.open({ directory: join(root, 'centre.git') }),
      await SiteStore.open({ directory: join(root, 'site.git') }),
      signer ?? (await createKey(join(root, 'key'))),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.centre.close(), this.site.close()]);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** Writes a desired commit at the centre, and moves its ref. */
  async desire(
    site: string,
    generation: number,
    options: {
      files?: SiteTree;
      parents?: readonly string[];
      signer?: Signer | null;
      decided?: Parameters<typeof desiredMessage>[0]['decided'];
      changed?: string;
      message?: string;
    } = {},
  ): Promise<string> {
    const { signer = this.signer, decided = [], parents = [] } = options;
    const [commit] = await this.centre.writeCommits([
      {
        site,
        files: options.files ?? siteTree(site, generation, options.changed),
        parents,
        message:
          options.message ?? desiredMessage({ revision: REVISION, site, generation, decided }),
        author: SOMEBODY,
        time: NOW + generation * 1000,
        ...(signer && { sign: (payload: Buffer) => signer.sign(payload) }),
      },
    ]);
    await this.centre.moveRefs([{ site, ref: 'desired', to: commit!, from: undefined }]);
    return commit!;
  }
}

/** Bytes of a bundle with its pack's checksum made right again. */
export function sealed(bundle: Buffer): Buffer {
  const pack = bundle.indexOf('\n\n') + 2;
  const body = bundle.subarray(pack, -20);
  return Buffer.concat([bundle.subarray(0, pack), body, hash('sha1', body, 'buffer')]);
}

/** Writes a changed copy of a file beside it. */
export async function changedCopy(
  file: string,
  name: string,
  change: (bytes: Buffer) => Buffer,
): Promise<string> {
  const to = `${file}.${name}`;
  await writeFile(to, change(await readFile(file)));
  return to;
}
