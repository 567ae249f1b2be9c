import { createTwoFilesPatch } from 'diff';

/**
 * A unified diff that `git apply` and `patch -p1` take. `before` and `after`: the file's whole text, null where
 * there is no file. Empty where nothing differs.
 */
export function unifiedPatch(file: string, before: string | null, after: string | null): string {
  if (before === after) return '';
  const from = before === null ? '/dev/null' : `a/${file}`;
  const to = after === null ? '/dev/null' : `b/${file}`;
  const patch = createTwoFilesPatch(from, to, before ?? '', after ?? '');
  // The library begins with a rule of its own, which no patch needs.
  return patch.slice(patch.indexOf('--- '));
}
