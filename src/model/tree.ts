import { createHash, hash } from 'node:crypto';

import { compareText } from './problem.ts';

/** The two file modes that trees hold, spelled as git spells them. Links, submodules and others are refused. */
export type FileMode = '100644' | '100755';

export interface TreeFile {
  mode: FileMode;
  content: Buffer;
}

/** A site's Ansible project: relative slash-separated path → file. */
export type SiteTree = ReadonlyMap<string, TreeFile>;

/** Where a tree says what it is; not part of the tree's digest. */
export const MANIFEST_PATH = '.trueup/manifest.json';

/** SHA-256 of some bytes, in lower-case hex. */
export function sha256(bytes: string | Uint8Array): string {
  return hash('sha256', bytes);
}

/**
 * The digest by which trees are compared: SHA-256 over `mode SP sha256 SP path NUL` of every file but the
 * manifest, in code-unit order of the paths. Revision and generation are thus no part of it: a commit that
 * changes nothing at a site leaves the site's digest as it is.
 * @param hashOf gives the SHA-256 of a file's content, for those who know it already
 */
export function treeDigest(
  tree: SiteTree,
  hashOf: (file: TreeFile) => string = ({ content }) => sha256(content),
): string {
  let text = '';
  for (const path of [...tree.keys()].toSorted()) {
    if (path === MANIFEST_PATH) continue;
    const file = tree.get(path)!;
    text += `${file.mode} ${hashOf(file)} ${path}\0`;
  }
  return sha256(text);
}

export function sameFile(a: TreeFile | undefined, b: TreeFile | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.mode === b.mode && a.content.equals(b.content);
}

/** Paths (sorted) at which two trees differ, the manifest apart. */
export function changedPaths(a: SiteTree, b: SiteTree): string[] {
  const paths = new Set<string>();
  for (const [path, file] of a) if (!sameFile(file, b.get(path))) paths.add(path);
  for (const path of b.keys()) if (!a.has(path)) paths.add(path);
  paths.delete(MANIFEST_PATH);
  return [...paths].toSorted(compareText);
}

/** A tree with some paths as another tree has them, present or not. */
export function withPaths(tree: SiteTree, other: SiteTree, paths: Iterable<string>): SiteTree {
  const result = new Map<string, TreeFile>(tree);
  for (const path of paths) {
    const file = other.get(path);
    if (file) result.set(path, file);
    else result.delete(path);
  }
  return result;
}

// Control characters are what this pattern is for.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Why a path may not stand in a plan or a tree, or undefined if it may. Refuses what has let other tools be led
 * out of their folder: absolute paths, `..`, NUL and control characters, backslashes, `.git`, leading `-` or `~`.
 */
export function pathFault(path: string): string | undefined {
  if (path === '') return 'is empty';
  if (path.length > 1024) return 'is longer than 1024 characters';
  if (CONTROL.test(path)) return 'contains a control character';
  if (!path.isWellFormed()) return 'is not valid Unicode';
  if (path.includes('\\')) return 'contains a backslash';
  if (path.startsWith('/')) return 'is absolute';
  for (const part of path.split('/')) {
    if (part === '') return 'has an empty part';
    if (part === '.' || part === '..') return `contains "${part}"`;
    if (/^\.git$/i.test(part)) return 'contains ".git"';
    if (part.startsWith('-') || part.startsWith('~'))
      return `has a part that starts with "${part[0]}"`;
  }
  return undefined;
}

/** Names of sites, stacks, hosts, groups and labels: what is safe as a file name, a git ref and a label value. */
export const NAME = /^[a-z0-9A-Z](?:[a-zA-Z0-9._-]{0,61}[a-zA-Z0-9])?$/;

/** Whether a name can be used for a site, stack, host or group; `..` and `.lock` endings break git refs. */
export function isName(name: string): boolean {
  return NAME.test(name) && !name.includes('..') && !name.endsWith('.lock');
}

/** A file as git tracks it. `hash` names the content (git's blob id); equal hashes mean equal content. */
export interface TrackedFile extends TreeFile {
  hash: string;
}

/** Relative path → file, at one commit. */
export type TrackedFiles = ReadonlyMap<string, TrackedFile>;

/** The id that git gives to a blob of this content (SHA-1 repositories). */
export function blobId(content: Uint8Array): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
