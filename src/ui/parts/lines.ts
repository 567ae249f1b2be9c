/** A line of a unified diff. */
export interface DiffLine {
  kind: 'file' | 'hunk' | 'added' | 'removed' | 'same' | 'note';
  text: string;
  /** The file that it is of, and its number there before the change; null where it is not in it. */
  file: string | null;
  before: number | null;
}

/** Takes a unified diff apart. Hunks are counted, since a removed line may look like the name of a file. */
export function diffLines(text: string): DiffLine[] {
  const result: DiffLine[] = [];
  let file: string | null = null;
  let line = 0;
  let old = 0;
  let fresh = 0;
  for (const each of text.replace(/\n$/, '').split('\n')) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(each);
    if (old <= 0 && fresh <= 0 && hunk) {
      line = Number(hunk[1]);
      old = Number(hunk[2] ?? 1);
      fresh = Number(hunk[3] ?? 1);
      result.push({ kind: 'hunk', text: each, file, before: null });
      continue;
    }
    const inHunk = old > 0 || fresh > 0;
    const name = inHunk ? null : /^(?:---|\+\+\+) (?:[ab]\/)?(.+)$/.exec(each);
    if (name) {
      if (name[1] !== '/dev/null') file = name[1]!;
      result.push({ kind: 'file', text: each, file, before: null });
    } else if (each.startsWith('+')) {
      fresh -= 1;
      result.push({ kind: 'added', text: each, file, before: null });
    } else if (each.startsWith('-')) {
      result.push({ kind: 'removed', text: each, file, before: inHunk ? line : null });
      old -= 1;
      line += 1;
    } else if (inHunk && !each.startsWith('\\')) {
      result.push({ kind: 'same', text: each, file, before: line });
      old -= 1;
      fresh -= 1;
      line += 1;
    } else {
      result.push({ kind: 'note', text: each, file, before: null });
    }
  }
  return result;
}
