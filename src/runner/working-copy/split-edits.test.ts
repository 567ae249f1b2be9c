import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { changedPaths, type FileMode, type SiteTree, type TreeFile } from '../../model/tree.ts';
import { mergeTrees } from './merge.ts';
import { type Edit, type EditStep, splitEdits } from './split-edits.ts';

type Files = Record<string, string | [text: string, mode: FileMode]>;

function tree(files: Files): SiteTree {
  return new Map(
    Object.entries(files).map(([path, file]): [string, TreeFile] => {
      const [text, mode] = typeof file === 'string' ? [file, '100644' as const] : file;
      return [path, { mode, content: Buffer.from(text) }];
    }),
  );
}

function texts(of: SiteTree): Record<string, string> {
  return Object.fromEntries([...of].map(([path, { content }]) => [path, content.toString()]));
}

function isTree(files: Files | SiteTree): files is SiteTree {
  return files instanceof Map;
}

/** A commit of `ana` at minute `number`, with words that say its number. */
function step(number: number, files: Files | SiteTree, base?: Files): EditStep {
  return {
    commit: `c${number}`,
    tree: isTree(files) ? files : tree(files),
    ...(base && { base: tree(base) }),
    author: base ? 'trueup' : 'ana',
    time: number * 60_000,
    message: base ? '' : `word ${number}`,
  };
}

function split(start: SiteTree, steps: readonly EditStep[]): Edit[] {
  const base = steps.findLast((one) => one.base)?.base ?? start;
  return splitEdits({ start, steps, base, observed: steps.at(-1)?.tree ?? start });
}

/** What each edit changes, and who made it. */
function told(edits: readonly Edit[]): unknown[] {
  return edits.map((edit) => [edit.commits.join(), ...Object.values(texts(edit.tree))]);
}

describe('the edits at a site', () => {
  const F = 'a\nb\nc\nd\ne\n';

  test('are one for each commit that changed other lines, with its own words', () => {
    const edits = split(tree({ f: F }), [
      step(1, { f: 'A\nb\nc\nd\ne\n' }),
      step(2, { f: 'A\nb\nc\nD\ne\n' }),
    ]);
    expect(told(edits)).toEqual([
      ['c1', 'A\nb\nc\nd\ne\n'],
      ['c2', 'a\nb\nc\nD\ne\n'],
    ]);
    expect(edits[1]).toMatchObject({
      paths: ['f'],
      authors: ['ana'],
      time: 120_000,
      message: 'word 2',
      replaces: [],
    });
  });

  test('keep together what one commit changed, in several files', () => {
    const edits = split(tree({ f: F, g: F }), [
      step(1, { f: `x\n${F}`, g: F, h: 'new\n' }),
      step(2, { f: `x\n${F}`, g: `${F}y\n`, h: 'new\n' }),
    ]);
    expect(edits.map(({ commits, paths }) => [commits, paths])).toEqual([
      [['c1'], ['f', 'h']],
      [['c2'], ['g']],
    ]);
  });

  test('are one where the same line was changed further', () => {
    const edits = split(tree({ f: F, g: '' }), [
      step(1, { f: 'a\nb\nC\nd\ne\n', g: 'too\n' }),
      step(2, { f: 'a\nb\nCC\nd\ne\n', g: 'too\n' }),
    ]);
    expect(told(edits)).toEqual([['c1,c2', 'a\nb\nCC\nd\ne\n', 'too\n']]);
    expect(edits[0]!.message).toBe('word 1\n\nword 2');
  });

  test('tell which earlier one they took the place of', () => {
    const [edit] = split(tree({ f: F }), [
      step(1, { f: 'a\nb\nnew\nc\nd\ne\n' }),
      step(2, { f: 'a\nb\nother\nc\nd\ne\n' }),
    ]);
    expect(edit).toMatchObject({ commits: ['c2'], replaces: ['c1'] });
  });

  test('are one where lines touch', () => {
    const edits = split(tree({ f: F }), [
      step(1, { f: 'a\nB\nc\nd\ne\n' }),
      step(2, { f: 'a\nB\nC\nd\ne\n' }),
    ]);
    expect(told(edits)).toEqual([['c1,c2', 'a\nB\nC\nd\ne\n']]);
    const gone = split(tree({ f: F }), [
      step(1, { f: 'a\nB\nc\nd\ne\n' }),
      step(2, { f: 'a\nB\nd\ne\n' }),
    ]);
    expect(told(gone)).toEqual([['c1,c2', 'a\nB\nd\ne\n']]);
  });

  test('stay apart where the plan changed the line of one, and that stood firm', () => {
    const moved = { f: 'A\nb\nc\nd\ne\n' };
    const edits = split(tree({ f: F }), [
      step(1, { f: 'x\nb\nc\nd\ne\n' }),
      step(2, { f: 'x\nb\nc\nd\ne\n' }, moved),
      step(3, { f: 'x\nb\nc\nd\ny\n' }),
    ]);
    expect(told(edits)).toEqual([
      ['c1', 'x\nb\nc\nd\ne\n'],
      ['c3', 'A\nb\nc\nd\ny\n'],
    ]);
    // Also where the plan changed the lines of two, which touch: of YAML, each key is told apart.
    const keys = split(tree({ 'f.yml': 'a: 1\nb: 1\nc: 1\n' }), [
      step(1, { 'f.yml': 'a: 2\nb: 1\nc: 1\n' }),
      step(2, { 'f.yml': 'a: 2\nb: 2\nc: 1\n' }),
      step(3, { 'f.yml': 'a: 2\nb: 2\nc: 1\n' }, { 'f.yml': 'a: 3\nb: 3\nc: 1\n' }),
      step(4, { 'f.yml': 'a: 2\nb: 2\nc: 2\n' }),
    ]);
    expect(told(keys)).toEqual([
      ['c1', 'a: 2\nb: 3\nc: 1\n'],
      ['c2', 'a: 3\nb: 2\nc: 1\n'],
      ['c4', 'a: 3\nb: 3\nc: 2\n'],
    ]);
    // The same of a line that was taken away.
    const gone = split(tree({ f: F }), [
      step(1, { f: 'b\nc\nd\ne\n' }),
      step(2, { f: 'b\nc\nd\ne\n' }, moved),
      step(3, { f: 'b\nc\nd\n' }),
    ]);
    expect(told(gone)).toEqual([
      ['c1', 'b\nc\nd\ne\n'],
      ['c3', 'A\nb\nc\nd\n'],
    ]);
  });

  test('are none where all was undone, and lose what was', () => {
    expect(split(tree({ f: F }), [step(1, { f: 'x\n' }), step(2, { f: F })])).toEqual([]);
    const edits = split(tree({ f: F }), [
      step(1, { f: 'A\nb\nc\nd\nE\n' }),
      step(2, { f: 'a\nb\nc\nd\nE\n' }),
    ]);
    expect(told(edits)).toEqual([['c1', 'a\nb\nc\nd\nE\n']]);
  });

  test('are told by file where the file is binary, new, gone or of another mode', () => {
    const start = tree({ bin: 'a\0', gone: 'x', run: 'x' });
    const edits = split(start, [
      step(1, { bin: 'b\0', gone: 'x', run: 'x' }),
      step(2, { bin: 'b\0', run: 'x' }),
      step(3, { bin: 'b\0', run: ['x', '100755'] }),
      step(4, { bin: 'b\0', run: ['x', '100755'], made: 'x' }),
      step(5, { bin: 'c\0', run: ['x', '100755'], made: 'x' }),
    ]);
    expect(edits.map(({ commits, paths }) => [commits.join(), ...paths])).toEqual([
      ['c1,c5', 'bin'],
      ['c2', 'gone'],
      ['c3', 'run'],
      ['c4', 'made'],
    ]);
  });

  test('stay whose they were while the plan moves on', () => {
    const edits = split(tree({ f: F, g: '' }), [
      step(1, { f: 'A\nb\nc\nd\ne\n', g: '' }),
      step(2, { f: 'A\nb\nC\nd\ne\n', g: '1' }, { f: 'a\nb\nC\nd\ne\n', g: '1' }),
      step(3, { f: 'A\nb\nC\nd\nE\n', g: '1' }),
      step(4, { f: 'A\nb\nC\nd\nE\n', g: '2' }, { f: 'a\nb\nC\nd\nE\n', g: '2' }),
      step(5, { f: 'A\nb\nC\nE\n', g: '2' }),
      step(6, { f: 'A\nb\nC\nE\n', g: '3' }, { f: 'a\nb\nC\nd\nE\n', g: '3' }),
    ]);
    expect(told(edits)).toEqual([
      ['c1', 'A\nb\nC\nd\nE\n', '3'],
      ['c5', 'a\nb\nC\nE\n', '3'],
    ]);
  });

  test('without a history they are one of nobody', () => {
    const base = tree({ f: F });
    const edits = splitEdits({ start: base, steps: [], base, observed: tree({ f: '' }) });
    expect(edits).toMatchObject([{ commits: [], authors: [], paths: ['f'] }]);
  });
});

const lines = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n', 'end'), { maxLength: 7 });
const file = fc.oneof(
  { weight: 8, arbitrary: lines.map((all) => all.join('')) },
  fc.constantFrom('\0one', '\0two'),
);
const trees = fc
  .dictionary(fc.constantFrom('x', 'y', 'z'), fc.tuple(file, fc.constantFrom('100644', '100755')), {
    maxKeys: 3,
  })
  .map((files) => tree(files as Files));
/** Any commits, some of which bring a new desired tree in. */
const wildHistories = fc
  .tuple(trees, fc.array(fc.tuple(trees, fc.option(trees, { freq: 4 })), { maxLength: 5 }))
  .map(([start, all]) => ({
    start,
    steps: all.map(([found, base], index): EditStep => ({
      ...step(index + 1, found),
      ...(base && { base }),
    })),
  }));

/** Lines that take the place of some others, from a part of the text on. */
const change = fc.record({
  path: fc.constantFrom('x', 'y'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  removed: fc.nat(2),
  added: fc.array(fc.constantFrom('a\n', 'b\n', 'c\n'), { maxLength: 2 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function withChange(before: SiteTree, { path, at, removed, added }: Change): SiteTree {
  const all = texts(before);
  const text = (all[path] ?? '').match(/[^\n]*\n/g) ?? [];
  const kept = text.toSpliced(Math.floor(at * text.length), removed, ...added);
  return tree({ ...all, [path]: kept.join('') });
}

/** Commits that change a little each, of the site or of the plan, of texts whose lines are much alike. */
const calmHistories = fc
  .tuple(
    fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n'), { minLength: 4, maxLength: 12 }),
    fc.array(fc.tuple(change, fc.nat(3)), { maxLength: 6 }),
  )
  .map(([text, changes]) => {
    const start = tree({ x: text.join(''), y: text.toReversed().join('') });
    const steps: EditStep[] = [];
    let [base, found] = [start, start];
    for (const [index, [one, kind]] of changes.entries()) {
      const next = withChange(kind === 0 ? base : found, one);
      // What does not go together is not brought in.
      const merged = kind === 0 ? mergeTrees(base, found, next) : { tree: next, conflicts: [] };
      if (merged.conflicts.length > 0) continue;
      found = merged.tree;
      if (kind === 0) base = next;
      steps.push({ ...step(index + 1, found), ...(kind === 0 && { base }) });
    }
    return { start, steps };
  });

const histories = fc.oneof(wildHistories, { weight: 3, arbitrary: calmHistories });

describe('of any history', () => {
  test('Totality: all edits merged, in any order, are what was found', () => {
    fc.assert(
      fc.property(histories, fc.boolean(), ({ start, steps }, reverse) => {
        const base = steps.findLast((one) => one.base)?.base ?? start;
        const observed = steps.at(-1)?.tree ?? start;
        let all = base;
        const edits = splitEdits({ start, steps, base, observed });
        for (const edit of reverse ? edits.toReversed() : edits) {
          const merged = mergeTrees(base, all, edit.tree);
          expect(merged.conflicts).toEqual([]);
          all = merged.tree;
        }
        expect(changedPaths(all, observed)).toEqual([]);
      }),
    );
  });

  test('each edit can be taken back alone, and leaves the others', () => {
    fc.assert(
      fc.property(histories, ({ start, steps }) => {
        const base = steps.findLast((one) => one.base)?.base ?? start;
        const observed = steps.at(-1)?.tree ?? start;
        const edits = splitEdits({ start, steps, base, observed });
        for (const edit of edits) {
          expect(edit.paths.length).toBeGreaterThan(0);
          const rest = mergeTrees(edit.tree, observed, base);
          expect(rest.conflicts).toEqual([]);
          let others = base;
          for (const other of edits) {
            if (other !== edit) others = mergeTrees(base, others, other.tree).tree;
          }
          expect(changedPaths(rest.tree, others)).toEqual([]);
        }
      }),
    );
  });

  test('each commit is in one edit at most, and one commit is one edit', () => {
    fc.assert(
      fc.property(histories, ({ start, steps }) => {
        const commits = split(start, steps).flatMap((edit) => edit.commits);
        expect(new Set(commits).size).toBe(commits.length);
        const observed = steps.at(-1)?.tree ?? start;
        const one = splitEdits({
          start,
          steps: [step(1, observed)],
          base: start,
          observed,
        });
        expect(one).toHaveLength(changedPaths(start, observed).length === 0 ? 0 : 1);
      }),
    );
  });

  test('GetPut: what is as the plan has it is no edit', () => {
    fc.assert(
      fc.property(histories, ({ start, steps }) => {
        const last = { ...step(99, start), base: start };
        expect(split(start, [...steps, last])).toEqual([]);
      }),
    );
  });

  test('edits of unrelated places do not depend on their order', () => {
    const places = fc.uniqueArray(fc.nat(9), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(places, fc.infiniteStream(fc.nat()), (order, random) => {
        const start = textWith(new Set());
        const shuffled = order
          .map((place) => [place, random.next().value] as const)
          .toSorted(([, a], [, b]) => a - b)
          .map(([place]) => place);
        const [one, other] = [order, shuffled].map((all) => {
          const edits = split(
            start,
            all.map((place, index) => ({
              ...step(place, textWith(new Set(all.slice(0, index + 1)))),
            })),
          );
          return told(edits).map(String).toSorted();
        });
        expect(one).toEqual(other);
        expect(one).toHaveLength(order.length);
      }),
    );
  });
});

/** A text of ten places with a line between each two, some of them edited. */
function textWith(edited: ReadonlySet<number>): SiteTree {
  const all = Array.from({ length: 10 }, (_, place) =>
    edited.has(place) ? `place ${place} edited\n` : `place ${place}\n`,
  );
  return tree({ f: all.join('between\n') });
}
