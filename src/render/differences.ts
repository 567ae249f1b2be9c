import { structuredPatch } from 'diff';

import type { FileDifference } from '../model/preview.ts';
import { MASK, Redactor } from '../model/redact.ts';
import type { TreeFile } from '../model/tree.ts';
import { contentHash } from './digest.ts';

/** Lines around a change. */
const CONTEXT = 3;
/** Lines that may come and go before two files count as wholly different; the library's time is quadratic in it. */
const MAX_EDIT = 2_000;
/** Characters of one diff, of one line in it, and of all diffs together. */
const MAX_PATCH = 20_000;
const MAX_LINE = 500;
const MAX_TOTAL = 4 * 1024 * 1024;
/** Bytes of a file that is compared line by line. */
const MAX_TEXT = 1024 * 1024;

/** Files whose top-level keys are parameters. */
const PARAMETERS = /^(?:group_vars|host_vars)\/[^/]+\.yml$/;
/** What Ansible's vault makes of a secret: a header, and lines of hex. */
const VAULTED = /^(\s*)(?:\$ANSIBLE_VAULT;\S*|[0-9a-f]{20,80})$/;

/** A run of lines that differ, in the middle of two files. */
interface Middle {
  /** Lines before it that are the same. */
  start: number;
  before: string[];
  after: string[];
}

/**
 * Gathers how files differ, each distinct difference once: sites at which the same lines change share one, wherever
 * in the file these stand. Nothing that is gathered holds a secret (law 11).
 */
export class Differences {
  readonly found: FileDifference[] = [];
  readonly #byContent = new Map<string, number>();
  readonly #byLines = new Map<string, number>();
  readonly #byText = new Map<string, number>();
  readonly #redactors = new Map<string, { id: number; redactor: Redactor }>();
  #size = 0;

  /**
   * Index in `found` of how a file differs.
   * @param secrets values that must not be shown, of both versions
   */
  add(
    path: string,
    before: TreeFile | undefined,
    after: TreeFile | undefined,
    secrets: readonly string[],
  ): number {
    const { id, redactor } = this.#redactorFor(secrets);
    const head = JSON.stringify([id, path, before?.mode ?? null, after?.mode ?? null]);
    const hashes = [before, after].map((file) => (file ? contentHash(file) : ''));
    return once(this.#byContent, `${head}${hashes.join()}`, () => {
      if (isBinary(before) || isBinary(after)) {
        const about = { ...NO_LINES, binary: true };
        return this.#keep(`${head}${hashes.join()}`, { path, before, after, ...about });
      }
      const place = PARAMETERS.test(path);
      // Most sites differ as others do: that shows without taking their files apart.
      return once(this.#byLines, `${head}${middleText(before, after, place)}`, () => {
        const [was, is] = [linesOf(before), linesOf(after)];
        const told = tell(was, is, middleOf(was, is), redactor);
        const params = place ? told.params : [];
        const key = JSON.stringify([path, before?.mode, after?.mode, told.lines, params]);
        return this.#keep(key, { path, before, after, ...told, params });
      });
    });
  }

  #keep(
    key: string,
    difference: Omit<FileDifference, 'before' | 'after'> & {
      before: TreeFile | undefined;
      after: TreeFile | undefined;
    },
  ): number {
    return once(this.#byText, key, () => {
      const { path, before, after, patch, added, removed, cut, binary, secret, params } =
        difference;
      const full = this.#size + patch.length > MAX_TOTAL;
      if (!full) this.#size += patch.length;
      this.found.push({
        path,
        before: before?.mode ?? null,
        after: after?.mode ?? null,
        patch: full ? '' : patch,
        added,
        removed,
        cut: cut || full,
        binary,
        secret,
        params,
      });
      return this.found.length - 1;
    });
  }

  #redactorFor(secrets: readonly string[]): { id: number; redactor: Redactor } {
    const key = JSON.stringify(secrets);
    let known = this.#redactors.get(key);
    if (!known) {
      known = { id: this.#redactors.size, redactor: new Redactor(secrets) };
      this.#redactors.set(key, known);
    }
    return known;
  }
}

const NO_LINES = { patch: '', added: 0, removed: 0, cut: false, secret: false, params: [] };

function once<Key>(known: Map<Key, number>, key: Key, make: () => number): number {
  let index = known.get(key);
  if (index === undefined) known.set(key, (index = make()));
  return index;
}

function isBinary(file: TreeFile | undefined): boolean {
  return file !== undefined && (file.content.length > MAX_TEXT || file.content.includes(0));
}

const NEWLINE = 10;
const EMPTY = Buffer.alloc(0);

/**
 * The lines from the first that differs to the last, of both files, as text that no other difference has.
 * @param place whether it matters under which key at the margin they stand
 */
function middleText(
  before: TreeFile | undefined,
  after: TreeFile | undefined,
  place: boolean,
): string {
  const [was, is] = [before?.content ?? EMPTY, after?.content ?? EMPTY];
  const shorter = Math.min(was.length, is.length);
  let start = 0;
  while (start < shorter && was[start] === is[start]) start += 1;
  let end = 0;
  while (end < shorter - start && was[was.length - 1 - end] === is[is.length - 1 - end]) end += 1;
  start = start === 0 ? 0 : was.lastIndexOf(NEWLINE, start - 1) + 1;
  // To the end of the line that the last difference is in.
  const tail = is.subarray(is.length - end);
  const more = tail.indexOf(NEWLINE) + 1 || tail.length;
  const middles = [was, is].map((bytes) =>
    bytes.toString('latin1', start, bytes.length - end + more),
  );
  return JSON.stringify([place ? keyAbove(was, start) : '', ...middles]);
}

/** The line with the nearest key at the margin above a line that starts here. */
function keyAbove(bytes: Buffer, from: number): string {
  for (let end = from; end > 0;) {
    const start = end < 2 ? 0 : bytes.lastIndexOf(NEWLINE, end - 2) + 1;
    // Neither a space, a list's dash nor an end of line.
    const first = bytes[start]!;
    if (first !== 0x20 && first !== 0x2d && first !== NEWLINE)
      return bytes.toString('latin1', start, end);
    end = start;
  }
  return '';
}

/** Lines with their ends. */
function linesOf(file: TreeFile | undefined): string[] {
  const text = file?.content.toString('utf8') ?? '';
  return text === '' ? [] : text.split(/(?<=\n)/);
}

function middleOf(was: readonly string[], is: readonly string[]): Middle {
  const shorter = Math.min(was.length, is.length);
  let start = 0;
  while (start < shorter && was[start] === is[start]) start += 1;
  let end = 0;
  while (end < shorter - start && was.at(-1 - end) === is.at(-1 - end)) end += 1;
  return {
    start,
    before: was.slice(start, was.length - end),
    after: is.slice(start, is.length - end),
  };
}

interface Told extends Pick<
  FileDifference,
  'patch' | 'added' | 'removed' | 'cut' | 'binary' | 'secret' | 'params'
> {
  /** What was taken away and added, masked. */
  lines: string[];
}

function tell(
  was: readonly string[],
  is: readonly string[],
  { start, before, after }: Middle,
  redactor: Redactor,
): Told {
  const from = Math.max(0, start - CONTEXT);
  const patch = structuredPatch(
    '',
    '',
    was.slice(from, start + before.length + CONTEXT).join(''),
    is.slice(from, start + after.length + CONTEXT).join(''),
    '',
    '',
    { context: CONTEXT, maxEditLength: MAX_EDIT },
  );
  const [removed, added] = [before.length, after.length];
  if (!patch) {
    // Too different to be shown, but still to be told apart.
    const lines = [before, after].map((part) => mask(part.join(''), redactor));
    return { ...NO_LINES, removed, added, cut: true, binary: false, lines };
  }
  const params = new Set<string>();
  const text: string[] = [];
  const lines: string[] = [];
  let secret = false;
  const count = { '-': 0, '+': 0 };
  for (const hunk of patch.hunks) {
    const [oldStart, newStart] = [hunk.oldStart + from, hunk.newStart + from];
    text.push(`@@ -${oldStart},${hunk.oldLines} +${newStart},${hunk.newLines} @@`);
    let [old, fresh] = [oldStart - 1, newStart - 1];
    for (const line of hunk.lines) {
      const [sign, rest] = [line[0]!, line.slice(1)];
      const masked = sign === '\\' ? rest : mask(rest, redactor);
      const shown = masked.length > MAX_LINE ? `${masked.slice(0, MAX_LINE)}…` : masked;
      text.push(sign + shown);
      if (sign === '-' || sign === '+') {
        count[sign] += 1;
        lines.push(sign + masked);
        secret ||= masked !== rest;
        const key = sign === '-' ? topKey(was, old) : topKey(is, fresh);
        if (key !== undefined) params.add(key);
      }
      if (sign === '-' || sign === ' ') old += 1;
      if (sign === '+' || sign === ' ') fresh += 1;
    }
  }
  const { kept, cut } = fit(text);
  return {
    patch: kept,
    removed: count['-'],
    added: count['+'],
    cut,
    binary: false,
    secret,
    params: [...params].toSorted(),
    lines,
  };
}

/** A line without secrets, in the clear or vaulted. */
function mask(line: string, redactor: Redactor): string {
  return redactor.redact(line.replace(VAULTED, `$1${MASK}`));
}

/** The key at the margin under which a line stands. */
function topKey(lines: readonly string[], index: number): string | undefined {
  for (let at = index; at >= 0; at -= 1) {
    const line = lines[at] ?? '';
    if (!/^[^\s#-]/.test(line)) continue;
    return /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^:]+)):/.exec(line)?.slice(1).find(Boolean);
  }
  return undefined;
}

function fit(lines: readonly string[]): { kept: string; cut: boolean } {
  let size = 0;
  const end = lines.findIndex((line) => (size += line.length + 1) > MAX_PATCH);
  const kept = end === -1 ? lines : lines.slice(0, end);
  return { kept: kept.map((line) => `${line}\n`).join(''), cut: end !== -1 };
}
