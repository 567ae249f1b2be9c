import { diff3Merge } from 'node-diff3';

import { compareText } from '../../model/problem.ts';
import { sameFile, type SiteTree, type TreeFile } from '../../model/tree.ts';
import { isYaml, mergeYaml } from './merge-yaml.ts';

export interface TreeMerge {
  tree: SiteTree;
  /** Paths that both sides changed in ways that do not go together; `tree` holds ours there. */
  conflicts: string[];
}

/**
 * Merges two changes of a tree, path by path and, where both changed the same text file, line by line; where that does
 * not go together and the file is YAML, by key.
 * @param base the desired tree that the working copy came from
 * @param ours the tree found at the site
 * @param theirs the new desired tree
 * @param prefer 'ours': of a text file in conflict, only the lines that do not go together stay ours, and the rest is
 *   merged; otherwise all of the file stays ours. A conflict is told either way.
 */
export function mergeTrees(
  base: SiteTree,
  ours: SiteTree,
  theirs: SiteTree,
  prefer?: 'ours',
): TreeMerge {
  const tree = new Map<string, TreeFile>();
  const conflicts: string[] = [];
  const paths = new Set([...base.keys(), ...ours.keys(), ...theirs.keys()]);
  for (const path of [...paths].toSorted(compareText)) {
    const [was, our, their] = [base.get(path), ours.get(path), theirs.get(path)];
    let merged: TreeFile | undefined;
    if (sameFile(our, their) || sameFile(was, their)) merged = our;
    else if (sameFile(was, our)) merged = their;
    else {
      const both = was && our && their ? mergeFiles(path, was, our, their) : undefined;
      if (!both || both.conflict) conflicts.push(path);
      merged = both && (!both.conflict || prefer === 'ours') ? both.file : our;
    }
    if (merged) tree.set(path, merged);
  }
  return { tree, conflicts };
}

/**
 * A change of a tree, as if it had been made to another version of it. What that version has otherwise, or the same
 * by itself, is no part of the change any more.
 * @param from the version to which it was made
 * @param changed that version with the change in it
 * @param to the other version
 */
export function rebaseTree(from: SiteTree, changed: SiteTree, to: SiteTree): SiteTree {
  return mergeTrees(from, to, changed, 'ours').tree;
}

function mergeFiles(
  path: string,
  base: TreeFile,
  ours: TreeFile,
  theirs: TreeFile,
): { file: TreeFile; conflict: boolean } | undefined {
  const mode = ours.mode === base.mode ? theirs.mode : ours.mode;
  const [was, our, their] = [base, ours, theirs].map(linesOf);
  if (!was || !our || !their) return undefined;
  const regions = diff3Merge(our, was, their, { excludeFalseConflicts: true });
  let conflict = false;
  const out: string[] = [];
  for (const region of regions) {
    if (region.conflict) conflict = true;
    for (const line of region.conflict ? region.conflict.a : region.ok!) out.push(line);
  }
  if (conflict && isYaml(path)) {
    const [before, mine, others] = [was, our, their].map((lines) => lines.join(''));
    const byKey = mergeYaml(path, before!, mine!, others!);
    if (byKey)
      return { file: { mode, content: Buffer.from(byKey.text) }, conflict: byKey.conflict };
  }
  return { file: { mode, content: Buffer.from(out.join('')) }, conflict };
}

/**
 * The lines of a text file with their ends, so that a missing last newline is a difference like any other; undefined
 * for what is no text in UTF-8.
 */
export function linesOf({ content }: TreeFile): string[] | undefined {
  if (content.includes(0)) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  } catch {
    return undefined;
  }
}
