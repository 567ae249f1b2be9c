import * as fc from 'fast-check';

import { changedPaths, type SiteTree } from '../src/model/tree.ts';
import { unifiedPatch } from '../src/plan/yaml/patch.ts';
import { isForPlan } from '../test/support/random-free-edits.ts';
import { planSource } from '../test/support/random-rich-plans.ts';
import {
  freeCase,
  type FreeCase,
  hiddenCase,
  type HiddenCase,
  nearness,
  prepareFree,
  prepareHidden,
  reasonsOf,
  type Uses,
  verdictOf,
  type Worked,
  worked,
} from '../test/support/rich-cases.ts';

const USES: readonly Uses[] = ['once', 'reuse'];
const MOST_REASONS = 10;
/** A parameter or template edit explains all of what was edited. */
const FOUND: readonly string[] = ['recommended', 'mirrored', 'offered'];

/** Where a case is found again: `once:17` for free edits, `once-hidden:17` for hidden ones. */
type CaseName = `${Uses}${'' | '-hidden'}:${number}`;

interface Unexplained {
  count: number;
  kinds: Set<string>;
  example: CaseName;
}

/** Counts by kind and by what became of the edits; prints itself. */
class Table {
  readonly #rows = new Map<string, Map<string, number>>();
  readonly #reasons = new Map<string, Unexplained>();
  readonly #milliseconds: number[] = [];

  add(kind: string, column: string, milliseconds: number): void {
    const row = this.#rows.get(kind) ?? new Map<string, number>();
    this.#rows.set(kind, row.set(column, (row.get(column) ?? 0) + 1));
    this.#milliseconds.push(milliseconds);
  }

  because(reasons: readonly string[], kind: string, example: CaseName): void {
    for (const reason of new Set(reasons.map(withoutNames))) {
      const known = this.#reasons.get(reason) ?? { count: 0, kinds: new Set(), example };
      known.count += 1;
      known.kinds.add(kind);
      this.#reasons.set(reason, known);
    }
  }

  /** @param good columns that count as found */
  print(title: string, columns: readonly string[], good: readonly string[], counts = always): void {
    console.log(`\n${title}`);
    const widths = columns.map((column) => Math.max(6, column.length + 2));
    const line = (name: string, cells: readonly string[], end: string): string =>
      `  ${name.padEnd(34)}${cells.map((cell, i) => cell.padStart(widths[i]!)).join('')}${end.padStart(9)}`;
    console.log(line('', columns, 'found'));
    const total = new Map<string, number>();
    const rows = [...this.#rows].toSorted(
      ([a], [b]) =>
        Number(counts(b)) - Number(counts(a)) ||
        share(this.#rows.get(a)!, good) - share(this.#rows.get(b)!, good),
    );
    for (const [kind, row] of rows) {
      console.log(
        line(
          kind,
          columns.map((column) => String(row.get(column) ?? '')),
          percent(share(row, good)),
        ),
      );
      if (!counts(kind)) continue;
      for (const [column, count] of row) total.set(column, (total.get(column) ?? 0) + count);
    }
    console.log(
      line(
        'all that count',
        columns.map((column) => String(total.get(column) ?? 0)),
        percent(share(total, good)),
      ),
    );
    const sorted = this.#milliseconds.toSorted((a, b) => a - b);
    const at = (part: number): string => sorted[Math.floor((sorted.length - 1) * part)]!.toFixed(1);
    console.log(
      `  time of an inversion: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
    );
    const reasons = [...this.#reasons].toSorted(([, a], [, b]) => b.count - a.count);
    if (reasons.length > 0) console.log('  why not, most frequent first, with a case to show:');
    for (const [reason, { count, kinds, example }] of reasons.slice(0, MOST_REASONS))
      console.log(
        `  ${String(count).padStart(5)}  ${reason}\n         ${example}; ${[...kinds].slice(0, 5).join(', ')}`,
      );
  }
}

const always = (_kind: string): boolean => true;

function share(row: ReadonlyMap<string, number>, good: readonly string[]): number {
  const all = [...row.values()].reduce((sum, count) => sum + count, 0);
  return good.reduce((sum, column) => sum + (row.get(column) ?? 0), 0) / Math.max(1, all);
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}

/** A reason as it is for all cases: without the line, and what is called how. */
function withoutNames(reason: string): string {
  return reason
    .replaceAll(/\b(?:edge|core)\/files\/\S+/g, 'FILE')
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(/\b[a-z_]+\d+(?:[.[][\w.\]-]+)*/g, 'NAME')
    .replaceAll(/\d+/g, 'N');
}

/** What becomes of edits that operators make freely in what is rendered. */
export function freeShares(cases: number, seed: number): void {
  for (const uses of USES) {
    const table = new Table();
    for (const [index, one] of samples(freeCase(uses), cases, seed).entries()) {
      const prepared = prepareFree(one);
      if (!prepared) continue;
      const { result: all, milliseconds } = timed(() => worked(prepared));
      const verdict = verdictOf(all);
      const kind = kindOf(one, all);
      table.add(kind, verdict, milliseconds);
      if (counts(kind) && !FOUND.includes(verdict))
        table.because(reasonsOf(all), kind, `${uses}:${index}`);
    }
    const columns = [
      'recommended',
      'mirrored',
      'offered',
      'partly',
      'overlay',
      'listed',
      'lost',
      'false',
    ];
    const title = `free edits, parameters used ${uses === 'once' ? 'once' : 'in several places'} (seed ${seed})`;
    table.print(title, columns, FOUND, counts);
  }
}

function kindOf({ edits }: FreeCase, all: Worked): string {
  const kind = edits.length > 1 ? 'four at once' : edits[0]!.kind;
  // What a template needs cannot be taken away by a parameter.
  const isNeeded = reasonsOf(all).some((reason) => reason.includes('would not render'));
  if (isNeeded && edits.some((edit) => edit.kind === 'yaml key removed'))
    return `${kind}, and needed (an overlay by design)`;
  if (kind === 'four at once') return kind;
  return isForPlan(kind) ? kind : `${kind} (an overlay by design)`;
}

function counts(kind: string): boolean {
  return !kind.endsWith('by design)');
}

/** How often the recommended proposal is the change that was made to the plan out of sight. */
export function hiddenShares(cases: number, seed: number): void {
  const columns = ['bytes', 'values', 'renderings', 'here', 'missed'];
  for (const uses of USES) {
    const tables = { tree: new Table(), texts: new Table() };
    for (const [index, one] of samples(hiddenCase(uses), 3 * cases, seed).entries()) {
      const prepared = prepareHidden(one);
      if (!prepared) continue;
      const { result: all, milliseconds } = timed(() => worked(prepared));
      const near = nearness(all);
      const table = one.textsOnly ? tables.texts : tables.tree;
      table.add(one.edit.kind, near, milliseconds);
      if (near === 'here')
        table.because(['another edit is recommended'], one.edit.kind, `${uses}-hidden:${index}`);
      if (near === 'missed')
        table.because(reasonsOf(all), one.edit.kind, `${uses}-hidden:${index}`);
    }
    const used = `parameters used ${uses === 'once' ? 'once' : 'in several places'} (seed ${seed})`;
    tables.tree.print(`hidden changes, the whole tree seen, ${used}`, columns, [
      'bytes',
      'values',
      'renderings',
    ]);
    tables.texts.print(`hidden changes, only the texts seen, ${used}`, columns, [
      'bytes',
      'values',
      'renderings',
    ]);
  }
}

/** Shows one case in full: the plan, the edit, and the answer. */
export function showCase(name: string, seed: number): void {
  const [, uses, hidden, index] = /^(once|reuse)(-hidden)?:(\d+)$/.exec(name) ?? [];
  if (uses !== 'once' && uses !== 'reuse')
    throw new Error(`--show takes once:17 or reuse-hidden:17, not ${name}`);
  const count = Number(index) + 1;
  let one: FreeCase | HiddenCase;
  let prepared: Omit<Worked, 'result'> | undefined;
  if (hidden) {
    const sample = samples(hiddenCase(uses), count, seed).at(-1)!;
    one = sample;
    prepared = prepareHidden(sample);
  } else {
    const sample = samples(freeCase(uses), count, seed).at(-1)!;
    one = sample;
    prepared = prepareFree(sample);
  }
  if (!prepared) throw new Error(`nothing is changed in the case ${name}`);
  for (const [file, text] of Object.entries(planSource(one.draft))) {
    if (!file.endsWith('plain.txt') && !file.includes('playbooks'))
      console.log(`=== ${file}\n${text}`);
  }
  console.log('edit' in one ? one.edit.kind : one.edits.map(({ kind }) => kind), 'at', one.site);
  const { result, desired, observed } = worked(prepared);
  console.log(changes(desired, observed));
  for (const { kind, placement, title, edits, explains, blastRadius, notes } of result.proposals) {
    console.log(`--- ${kind} at ${placement}: ${title}`);
    console.log({ explains, notes, touches: blastRadius.map(({ site }) => site).join(' ') });
    for (const { patch } of edits) console.log(patch);
  }
  console.log('unexplained', result.unexplained);
}

function changes(before: SiteTree, after: SiteTree): string {
  return changedPaths(before, after)
    .map((path) => unifiedPatch(path, textAt(before, path), textAt(after, path)))
    .join('');
}

function textAt(tree: SiteTree, path: string): string | null {
  return tree.get(path)?.content.toString() ?? null;
}

function samples<Case>(arbitrary: fc.Arbitrary<Case>, numRuns: number, seed: number): Case[] {
  return fc.sample(arbitrary, { numRuns, seed });
}

function timed<Result>(work: () => Result): { result: Result; milliseconds: number } {
  const start = performance.now();
  const result = work();
  return { result, milliseconds: performance.now() - start };
}
