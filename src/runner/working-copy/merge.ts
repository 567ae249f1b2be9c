import { diff3Merge } from 'node-diff3';

import { compareText } from '../../model/problem.ts';
import { sameFile, type SiteTree, type TreeFile } from '../../model/tree.ts';

export interface TreeMerge {
  tree: SiteTree;
  /** Paths that both sides changed in ways that do not go together; `tree` holds ours there. */
  conflicts: string[];
}

/**
 * Merges two changes of a tree, path by path and, where both changed the same text file, line by line.
 * @param base the desired tree that the working copy came from
 * @param ours the tree found at the site
 * @param theirs the new desired tree
 */
export function mergeTrees(base: SiteTree, ours: SiteTree, theirs: SiteTree): TreeMerge {
  const tree = new Map<string, TreeFile>();
  const conflicts: string[] = [];
  const paths = new Set([...base.keys(), ...ours.keys(), ...theirs.keys()]);
  for (const path of [...paths].toSorted(compareText)) {
    const [was, our, their] = [base.get(path), ours.get(path), theirs.get(path)];
    let merged: TreeFile | undefined;
    if (sameFile(our, their) || sameFile(was, their)) merged = our;
    else if (sameFile(was, our)) merged = their;
    else {
      const both = was && our && their ? mergeFiles(was, our, their) : undefined;
      if (!both) conflicts.push(path);
      merged = both ?? our;
    }
    if (merged) tree.set(path, merged);
  }
  return { tree, conflicts };
}

function mergeFiles(base: TreeFile, ours: TreeFile, theirs: TreeFile): TreeFile | undefined {
  const mode = ours.mode === base.mode ? theirs.mode : ours.mode;
  const [was, our, their] = [base, ours, theirs].map((file) => decode(file.content));
  if (was === undefined || our === undefined || their === undefined) return undefined;
  const regions = diff3Merge(lines(our), lines(was), lines(their), { excludeFalseConflicts: true });
  const out: string[] = [];
  for (const region of regions) {
    if (region.conflict || !region.ok) return undefined;
    out.push(...region.ok);
  }
  return { mode, content: Buffer.from(out.join('')) };
}

/** Lines with their ends, so that a missing last newline is a difference like any other. */
function lines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function decode(content: Buffer): string | undefined {
  if (content.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
}
