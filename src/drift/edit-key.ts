import { diffArrays } from 'diff';

import { sha256, type SiteTree, type TreeFile } from '../model/tree.ts';

/** Files of more lines than this are named by their content: a line diff would cost more than it is worth. */
const MAX_LINES = 20_000;

/**
 * Names an edit by what it takes away and adds, wherever in the files that stands: the name stays the same while
 * the plan moves on around the edit, and is the same again when the same edit is made again (law 7).
 */
export function editKey(desired: SiteTree, observed: SiteTree, paths: readonly string[]): string {
  const parts = paths.map((path) => [path, fileEdit(desired.get(path), observed.get(path))]);
  return sha256(JSON.stringify(parts));
}

function fileEdit(before: TreeFile | undefined, after: TreeFile | undefined): unknown {
  if (!before || !after) return { before: nameOf(before), after: nameOf(after) };
  const [was, is] = [before, after].map(({ content }) => content.toString('latin1').split('\n'));
  const mode = before.mode === after.mode ? undefined : after.mode;
  if (!was || !is || was.length + is.length > MAX_LINES || after.content.includes(0)) {
    return { before: nameOf(before), after: nameOf(after) };
  }
  const changes = diffArrays(was, is)
    .filter((change) => change.added || change.removed)
    .map((change) => [change.added ? '+' : '-', ...change.value]);
  return { mode, changes };
}

function nameOf(file: TreeFile | undefined): string {
  return file ? `${file.mode} ${sha256(file.content)}` : 'absent';
}
