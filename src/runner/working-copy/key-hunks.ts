import type { Hunk } from './line-diff.ts';

/** A key and its value, on a line of their own. */
const ENTRY = /^( *)("[^"]*"|'[^']*'|[^\s#:"'&*!|>%@`[\]{},-][^:#]*):(?:[ \t].*)?\r?\n?$/;

/**
 * Takes a difference of two YAML texts apart where it spans several keys that have a line each: to change one is
 * nothing that a change of the next needs to know of. Each part is a hunk of its own, in order.
 */
export function keyHunks(hunk: Hunk, before: readonly string[], after: readonly string[]): Hunk[] {
  const { from, to, start, end } = hunk;
  const was = entriesOf(before, from, to);
  const now = entriesOf(after, start, end);
  if (!was || !now || (was.indent ?? now.indent) !== (now.indent ?? was.indent)) return [hunk];
  const found: Hunk[] = [];
  let [i, j] = [0, 0];
  const take = (lines: number, others: number): void => {
    found.push({ from: from + i, to: from + i + lines, start: start + j, end: start + j + others });
    i += lines;
    j += others;
  };
  while (i < was.keys.length || j < now.keys.length) {
    const [key, other] = [was.keys[i], now.keys[j]];
    if (key !== undefined && key === other) take(1, 1);
    else if (key !== undefined && !now.keys.includes(key)) take(1, 0);
    else if (other !== undefined && !was.keys.includes(other)) take(0, 1);
    // They were put into another order.
    else return [hunk];
  }
  return found;
}

/** The keys of a stretch of lines, if each line is one, all of the same mapping and none of them goes on below. */
function entriesOf(
  lines: readonly string[],
  from: number,
  to: number,
): { indent: number | undefined; keys: string[] } | undefined {
  const keys: string[] = [];
  let indent: number | undefined;
  for (const line of lines.slice(from, to)) {
    const [, space = '', key] = ENTRY.exec(line) ?? [];
    if (key === undefined || keys.includes(key)) return undefined;
    if (indent !== undefined && indent !== space.length) return undefined;
    indent = space.length;
    keys.push(key);
  }
  const next = lines[to];
  const below = next === undefined ? 0 : next.length - next.trimStart().length;
  const goesOn = indent !== undefined && next !== undefined && next.trim() !== '';
  if (goesOn && (below > indent! || next.trimStart().startsWith('-'))) return undefined;
  return { indent, keys };
}
