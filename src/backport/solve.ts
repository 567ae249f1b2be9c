import type { YamlPath } from '../plan/yaml/node.ts';

/** A stretch of an edited region as it was rendered: fixed text, or the value of a parameter. */
export interface Part {
  text: string;
  path?: YamlPath;
}

/** A parameter whose text changed. */
export interface Solved {
  path: YamlPath;
  was: string;
  text: string;
  /** Why this may not be what was meant. */
  doubt?: string;
}

/**
 * Finds the texts of parameters that would make a region read as it does now. One changed parameter is likelier than
 * several. Undefined where no values do, or where it cannot be told which value has which text.
 */
export function solve(parts: readonly Part[], text: string): Solved[] | undefined {
  const joined = joinFixed(parts);
  const paths = new Map(
    joined.flatMap(({ path }) => (path ? [[JSON.stringify(path), path] as const] : [])),
  );
  const single = [...paths.values()]
    .map((path) => solveOne(joined, path, text))
    .filter((solved) => solved !== undefined);
  const best = single.find(({ doubt }) => !doubt) ?? single[0];
  return best ? [best] : solveAll(joined, text);
}

/** Neighbouring fixed texts as one. */
function joinFixed(parts: readonly Part[]): Part[] {
  const joined: Part[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (last && !last.path && !part.path) joined.splice(-1, 1, { text: last.text + part.text });
    else joined.push(part);
  }
  return joined;
}

/** One parameter changed, wherever it stands in the region, and all the rest as it was. */
function solveOne(parts: readonly Part[], path: YamlPath, text: string): Solved | undefined {
  const key = JSON.stringify(path);
  const fixed = [''];
  let was = '';
  for (const part of parts) {
    if (part.path && JSON.stringify(part.path) === key) {
      was = part.text;
      fixed.push('');
    } else fixed.push(fixed.pop()! + part.text);
  }
  const uses = fixed.length - 1;
  const length = (text.length - fixed.join('').length) / uses;
  if (!Number.isInteger(length) || length < 0) return undefined;
  const first = fixed[0]!;
  const value = text.slice(first.length, first.length + length);
  if (value === was || fixed.join(value) !== text || breaksLine(was, value)) return undefined;
  return withDoubt({ path, was, text: value }, first, fixed[1]!);
}

/** Several parameters changed: the fixed text between them says where each ends. */
function solveAll(parts: readonly Part[], text: string): Solved[] | undefined {
  const solved = new Map<string, Solved>();
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (!part.path) {
      if (!text.startsWith(part.text, at)) return undefined;
      at += part.text.length;
      continue;
    }
    const next = parts[index + 1];
    // Two values side by side: nothing tells where the one ends.
    if (next?.path) return undefined;
    const isLast = index + 2 >= parts.length;
    const end = next === undefined ? text.length : ending(text, next.text, at, isLast);
    if (end < at) return undefined;
    const value = { path: part.path, was: part.text, text: text.slice(at, end) };
    const known = solved.get(JSON.stringify(part.path));
    if (breaksLine(value.was, value.text) || (known && known.text !== value.text)) return undefined;
    const before = parts[index - 1]?.text ?? '';
    solved.set(JSON.stringify(part.path), withDoubt(value, before, next?.text ?? ''));
    at = end;
  }
  if (at !== text.length) return undefined;
  return [...solved.values()].filter(({ was, text: now }) => was !== now);
}

/** A value of one line stays one: what came below it is another line of the text. */
function breaksLine(was: string, value: string): boolean {
  return value.includes('\n') && !was.includes('\n');
}

/** Where a value ends that is followed by a fixed text: at the first place that has it, or at the very end. */
function ending(text: string, next: string, from: number, isLast: boolean): number {
  if (!isLast) return text.indexOf(next, from);
  return text.endsWith(next) ? text.length - next.length : -1;
}

/** Marks a value that may be more than the value: words that were written beside it, not in its place. */
function withDoubt(solved: Solved, before: string, after: string): Solved {
  const { was, text } = solved;
  const [left, right] = [before.slice(before.lastIndexOf('\n') + 1), after.split('\n', 1)[0]!];
  const alone = left.trim() === '' && right.trim() === '';
  // `key = value` and `"value"` say themselves where the value ends.
  const marked = /[=:]\s*$/.test(left) && right.trim() === '';
  const quote = /["'`([{<]\s*$/.exec(left)?.[0].trim();
  const closed = quote !== undefined && right.trimStart().startsWith(CLOSING[quote] ?? quote);
  if (alone || marked || closed) return solved;
  if (text.trim() === '') return { ...solved, doubt: 'a value would become empty' };
  if (wordCount(text) > wordCount(was))
    return { ...solved, doubt: 'a value would become several words' };
  return solved;
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}', '<': '>' };

function wordCount(text: string): number {
  return text.trim().split(/\s+/).length;
}
