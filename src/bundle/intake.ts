import { GitError } from '../git/errors.ts';
import { readFiles } from '../git/read-files.ts';
import { listRefs } from '../git/refs.ts';
import type { Repository } from '../git/repository.ts';
import { UserError } from '../model/errors.ts';
import { isName, type SiteTree } from '../model/tree.ts';
import type { AllowedKeys } from './allowed-keys.ts';
import { type BundleHeader, parseHeader, readBytes } from './header.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import { type BundleLimits, DEFAULT_LIMITS } from './limits.ts';
import { scanPack } from './pack-scan.ts';
import { Quarantine } from './quarantine.ts';
import { parseTag, requireSignature, type SignedObject, trailer } from './signed.ts';
import { type NewCommit, walkNew } from './walk.ts';
import { reachable } from './write-bundle.ts';

/** A bundle that was read and whose frame is sound, before git has seen any of it. */
export interface OpenBundle {
  header: BundleHeader;
  pack: Buffer;
  bytes: number;
  /** The tag that says what the bundle is. */
  tag: SignedObject & { id: string; ref: string };
  /** Its own word, from the tag. */
  site: string;
}

/** What kind of bundle is read: its refs beside the tag, and where the tag stands. */
export interface BundleKind {
  refs: readonly string[];
  /** Between `refs/tags/` and `/<site>/<number>`. */
  tags: string;
}

/**
 * Reads a bundle and checks what can be checked without git: header, refs, pack, and that there is one tag.
 * @throws InvalidBundle
 */
export async function openBundle(
  file: string,
  kind: BundleKind,
  limits: BundleLimits = DEFAULT_LIMITS,
): Promise<OpenBundle> {
  const bytes = await readBytes(file, limits);
  const header = parseHeader(bytes, limits);
  const ref = tagRef(header, kind);
  const pack = bytes.subarray(header.packOffset);
  const tags = await scanPack(pack, limits);
  const id = header.refs.get(ref)!;
  const content = tags.get(id);
  if (!content) throw new InvalidBundle('unsigned', 'it lacks the signed tag that says what it is');
  if (tags.size > 1) throw new InvalidBundle('foreign-objects', 'it holds more than one tag');
  const tag = { ...parseTag(content), id, ref };
  const site = trailer(tag.message, 'Site') ?? '';
  return { header, pack, bytes: bytes.length, tag, site };
}

/** Makes sure that the tag is signed, says the site, and is of the refs that stand in the bundle. */
export function requireTag(
  { header, tag, site }: OpenBundle,
  expected: { site: string; trusted: AllowedKeys },
): void {
  requireSignature(tag, expected.trusted, 'its tag');
  if (site !== expected.site) {
    const name = isName(site) ? site : 'another';
    throw new InvalidBundle('other-site', `it is for the site ${name}, not ${expected.site}`);
  }
  if (tag.headers.get('tag')?.[0] !== tag.ref.slice('refs/tags/'.length))
    throw new InvalidBundle('mismatch', 'its tag is signed under another name');
  for (const [ref, id] of header.refs) {
    const name = TRAILER_OF[ref];
    if (name !== undefined && trailer(tag.message, name) !== id)
      throw new InvalidBundle('mismatch', `${ref} is not what its tag says`);
  }
  for (const [ref, name] of Object.entries(TRAILER_OF)) {
    if (ref === 'HEAD') continue;
    if (trailer(tag.message, name) !== undefined && !header.refs.has(ref))
      throw new InvalidBundle('missing-ref', `it lacks ${ref}`);
  }
}

/** Which trailer of the tag vouches for a ref. */
const TRAILER_OF: Readonly<Record<string, string>> = {
  HEAD: 'Desired',
  'refs/heads/desired': 'Desired',
  'refs/heads/observed': 'Observed',
  'refs/heads/applied': 'Applied',
  'refs/heads/results': 'Results',
};

/** What git found sound and the walk found to be the site's. */
export interface Inspected {
  quarantine: Quarantine;
  /** What came, by id. */
  commits: ReadonlyMap<string, NewCommit>;
  /** The tree at a commit that came. */
  treeAt: (commit: string) => Promise<SiteTree>;
}

/**
 * Lets git look into a bundle in quarantine, lets `judge` look at what is in it, and then takes it in. Whatever
 * throws on the way, nothing is taken in, and nothing is left behind.
 */
export async function takeIn<T>(
  options: {
    repository: Repository;
    site: string;
    bundle: OpenBundle;
    tips: readonly string[];
    limits: BundleLimits;
  },
  judge: (inspected: Inspected) => Promise<T>,
): Promise<T> {
  const { repository, site, bundle, limits } = options;
  const { header, tag, pack } = bundle;
  const heads = [...header.refs].flatMap(([ref, id]) => (ref === tag.ref ? [] : [id]));
  const asked = [...new Set([...header.prerequisites, ...heads])];
  const own = new Set(await ownCommits(repository, site, options.tips, asked));
  if (header.prerequisites.some((id) => !own.has(id))) {
    throw new InvalidBundle(
      'missing-prerequisites',
      `it builds on commits that are not here: make one without --have, or bring the ones before it first`,
    );
  }
  const quarantine = await Quarantine.open(repository);
  try {
    await quarantine.lend(header.prerequisites);
    await quarantine.index(pack, limits);
    const commits = await walkNew(quarantine, { tips: heads, own, tag: tag.id }, limits);
    const result = await judge({
      quarantine,
      commits,
      treeAt: (commit) => treeOf(quarantine, commit, limits),
    });
    await quarantine.migrate();
    return result;
  } catch (error) {
    if (error instanceof GitError)
      throw new InvalidBundle('corrupt', 'git cannot read what is in it');
    throw error;
  } finally {
    await quarantine.remove();
  }
}

async function treeOf(
  { objects }: Quarantine,
  commit: string,
  limits: BundleLimits,
): Promise<SiteTree> {
  try {
    const { files, refused } = await readFiles(objects, commit, {
      maxFileSize: limits.object,
      maxTotalSize: limits.unpacked,
      maxEntries: limits.objects,
    });
    const [first] = refused;
    if (!first) return files;
    throw new InvalidBundle('bad-tree', `${JSON.stringify(first.path)} ${first.reason}`);
  } catch (error) {
    if (error instanceof UserError && !(error instanceof InvalidBundle))
      throw new InvalidBundle('too-large', error.message);
    throw error;
  }
}

/** Those of the asked commits that the site's own refs reach here. */
async function ownCommits(
  repository: Repository,
  site: string,
  tips: readonly string[],
  asked: readonly string[],
): Promise<string[]> {
  const refs = await listRefs(repository, `refs/sites/${site}`);
  return reachable(repository, [...refs.values(), ...tips], asked);
}

/** The ref of the tag; every other ref must be one of the kind's. */
function tagRef({ refs }: BundleHeader, kind: BundleKind): string {
  const prefix = `refs/tags/${kind.tags}/`;
  const tags = [...refs.keys()].filter((ref) => ref.startsWith(prefix));
  const foreign = [...refs.keys()].find((ref) => !kind.refs.includes(ref) && !tags.includes(ref));
  if (foreign !== undefined || tags.length > 1) {
    const name = JSON.stringify(foreign ?? tags[1]);
    throw new InvalidBundle('foreign-ref', `it holds the ref ${name}, which is none of a bundle's`);
  }
  const [tag] = tags;
  if (tag === undefined)
    throw new InvalidBundle('unsigned', 'it lacks the signed tag that says what it is');
  return tag;
}
