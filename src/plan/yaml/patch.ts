import { createTwoFilesPatch } from 'diff';

/** A unified diff of a text file as `git diff` heads it; null stands for a file that is not there. */
export function unifiedPatch(file: string, before: string | null, after: string | null): string {
  const patch = createTwoFilesPatch(
    before === null ? '/dev/null' : `a/${file}`,
    after === null ? '/dev/null' : `b/${file}`,
    before ?? '',
    after ?? '',
    undefined,
    undefined,
    { context: 3 },
  );
  return patch.replace(/^=+\n/, '');
}
