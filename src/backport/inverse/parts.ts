import { combined, costlier } from './alternatives.ts';
import type { Alternative } from './types.ts';

/** A stretch of a text that was put together: what it reads now, and how to make it read something else. */
export interface Part {
  text: string;
  /** Stands in a template: changed only where nothing else explains the text. */
  fixed: boolean;
  solve: (text: string) => Alternative[];
}

/** How many ways to divide a text among its parts are looked at. */
const MAX_SPLITS = 24;
const MAX_STEPS = 4000;

/** Ways to make texts that follow each other read as `text`: one part changed if possible, else several. */
export function solveParts(parts: readonly Part[], text: string): Alternative[] {
  const single = parts.flatMap((part, i) => {
    const middle = between(parts, i, text);
    return middle === undefined || middle === part.text ? [] : part.solve(middle);
  });
  const parameters = single.filter(({ edits }) => edits.length === 0);
  if (parameters.length > 0) return single;
  const several = splits(parts, text).flatMap((split) => {
    const changed = split.flatMap((piece, i) => {
      const part = parts[i];
      return part && part.text !== piece ? [part.solve(piece)] : [];
    });
    return costlier(combined(changed), 0.5 * changed.length);
  });
  return [...several, ...single];
}

/** What is left for one part where all others stay. */
function between(parts: readonly Part[], index: number, text: string): string | undefined {
  const join = (some: readonly Part[]): string => some.map((part) => part.text).join('');
  const before = join(parts.slice(0, index));
  const after = join(parts.slice(index + 1));
  const fits =
    text.length >= before.length + after.length && text.startsWith(before) && text.endsWith(after);
  return fits ? text.slice(before.length, text.length - after.length) : undefined;
}

/** The divisions of a text in which the fixed parts stay, those with the fewest changes first. */
function splits(parts: readonly Part[], text: string): string[][] {
  const found: string[][] = [];
  let steps = 0;
  const visit = (index: number, at: number, pieces: readonly string[]): void => {
    steps += 1;
    if (steps > MAX_STEPS || found.length >= MAX_SPLITS) return;
    const part = parts[index];
    if (!part) {
      if (at === text.length) found.push([...pieces]);
      return;
    }
    if (part.fixed) {
      if (text.startsWith(part.text, at)) {
        visit(index + 1, at + part.text.length, [...pieces, part.text]);
      }
      return;
    }
    for (const end of ends(parts, index, at, text)) {
      visit(index + 1, end, [...pieces, text.slice(at, end)]);
    }
  };
  visit(0, 0, []);
  const changes = (split: string[]): number =>
    split.filter((piece, i) => piece !== parts[i]?.text).length;
  return found.toSorted((a, b) => changes(a) - changes(b));
}

/** Where a part may end, the likeliest first: after its old text, before the fixed text that follows, anywhere. */
function ends(parts: readonly Part[], index: number, at: number, text: string): number[] {
  const part = parts[index];
  const next = parts[index + 1];
  if (!next) return [text.length];
  const likely: number[] = [];
  if (part && text.startsWith(part.text, at)) likely.push(at + part.text.length);
  if (next.fixed && next.text !== '') {
    for (let i = text.indexOf(next.text, at); i >= 0; i = text.indexOf(next.text, i + 1)) {
      likely.push(i);
      if (likely.length > 50) break;
    }
  } else {
    if (next.text !== '') {
      const found = text.indexOf(next.text, at);
      if (found >= 0) likely.push(found);
    }
    if (part) likely.push(at + part.text.length);
    for (let i = at; i <= Math.min(text.length, at + 200); i += 1) likely.push(i);
  }
  return [...new Set(likely)].filter((end) => end >= at && end <= text.length);
}
