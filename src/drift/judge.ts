import { changedParams } from '../backport/changed-params.ts';
import { changedPaths, type SiteTree, withPaths } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { mergeTrees } from '../runner/working-copy/merge.ts';
import type { Edit } from '../runner/working-copy/split-edits.ts';
import { editKey } from './edit-key.ts';
import { sortByPolicy } from './policy.ts';

/** A part of an edit that the plan's drift policy treats alike. */
export interface Judged {
  edit: Edit;
  /** Paths that it changes, sorted; at least one. */
  paths: string[];
  /** The desired tree with this in it, and nothing else. */
  tree: SiteTree;
  /** Names it by what it takes away and adds; no two of a site have the same. */
  contentKey: string;
}

export interface Judgement {
  propose: Judged[];
  revert: Judged[];
  /** Edits of which the policy wants nothing proposed or reverted. */
  ignored: Edit[];
}

/** What the plan's drift policy says of each edit at a site, path by path. */
export function judgeEdits(
  plan: Plan,
  site: string,
  desired: SiteTree,
  edits: readonly Edit[],
): Judgement {
  const judgement: Judgement = { propose: [], revert: [], ignored: [] };
  for (const edit of joinAlike(desired, edits)) {
    const { propose, revert } = sortByPolicy(plan, site, edit.paths, (path) =>
      changedParams(path, desired.get(path), edit.tree.get(path)),
    );
    if (propose.length > 0) judgement.propose.push(partOf(desired, edit, propose));
    if (revert.length > 0) judgement.revert.push(partOf(desired, edit, revert));
    if (propose.length + revert.length === 0) judgement.ignored.push(edit);
  }
  return judgement;
}

function partOf(desired: SiteTree, edit: Edit, paths: string[]): Judged {
  const tree = withPaths(desired, edit.tree, paths);
  return { edit, paths, tree, contentKey: editKey(desired, tree, paths) };
}

/** The very same change, made in several places of a file one after the other, is one edit: no name tells them apart. */
function joinAlike(desired: SiteTree, edits: readonly Edit[]): Edit[] {
  const alike = Map.groupBy(edits, ({ tree, paths }) => editKey(desired, tree, paths));
  return [...alike.values()].map(([first, ...more]) =>
    more.reduce((one, other) => joined(desired, one, other), first!),
  );
}

function joined(desired: SiteTree, one: Edit, other: Edit): Edit {
  const { tree } = mergeTrees(desired, one.tree, other.tree);
  return {
    paths: changedPaths(desired, tree),
    tree,
    commits: [...one.commits, ...other.commits],
    replaces: [...one.replaces, ...other.replaces],
    authors: [...new Set([...other.authors, ...one.authors])],
    time: Math.max(one.time, other.time),
    message: [...new Set([one.message, other.message])].filter((text) => text !== '').join('\n\n'),
  };
}
