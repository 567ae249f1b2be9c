import type { TreeFile } from '../model/tree.ts';
import { unifiedPatch } from '../plan/yaml/patch.ts';

/**
 * A change of a file as git tells it, so that `git apply` takes it: a unified diff, with the modes where they are
 * part of the change. Of binary content it says only that it differs.
 * @param before undefined where there is no file; likewise `after`
 */
export function contentPatch(
  file: string,
  before: TreeFile | undefined,
  after: TreeFile | undefined,
): string {
  const header = modeHeader(file, before, after);
  if (before?.content.includes(0) || after?.content.includes(0))
    return `${header}Binary file ${file} differs\n`;
  return header + textPatch(file, before?.content.toString(), after?.content.toString());
}

function textPatch(file: string, before: string | undefined, after: string | undefined): string {
  return unifiedPatch(file, before ?? null, after ?? null);
}

/** Git's own lines, only where they say what a plain diff does not: modes, and files without content. */
function modeHeader(
  file: string,
  before: TreeFile | undefined,
  after: TreeFile | undefined,
): string {
  const lines: string[] = [];
  if (before && after) {
    if (before.mode !== after.mode) lines.push(`old mode ${before.mode}`, `new mode ${after.mode}`);
  } else if (after && (after.mode === '100755' || after.content.length === 0)) {
    lines.push(`new file mode ${after.mode}`);
  } else if (before && (before.mode === '100755' || before.content.length === 0)) {
    lines.push(`deleted file mode ${before.mode}`);
  }
  if (lines.length === 0) return '';
  return `${[`diff --git a/${file} b/${file}`, ...lines].join('\n')}\n`;
}
