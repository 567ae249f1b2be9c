import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { differingLines, editedRegions, type Stretch } from './regions.ts';

function regions(was: string, is: string, holes: Stretch[] = []): unknown {
  return editedRegions(was, is, holes)?.map(({ start, end, line, text }) => [
    line,
    was.slice(start, end),
    text,
  ]);
}

function hole(text: string, value: string): Stretch {
  const start = text.indexOf(value);
  return { start, end: start + value.length };
}

function fiveThousand(word: string): string {
  return Array.from({ length: 5000 }, (_, i) => `${word} ${i}\n`).join('');
}

describe('the edited regions of a text', () => {
  test('are single lines where no line came or went', () => {
    expect(regions('a\nb\nc\n', 'a\nB\nC\n')).toEqual([
      [2, 'b\n', 'B\n'],
      [3, 'c\n', 'C\n'],
    ]);
  });

  test('take the line for edited that was, even if it is like its neighbour now', () => {
    expect(regions('a\nb\nx\n', 'b\nb\nx\n')).toEqual([[1, 'a\n', 'b\n']]);
  });

  test('are empty where lines came, and have no text where lines went', () => {
    expect(regions('a\nb\n', 'a\nx\nb\n')).toEqual([[2, '', 'x\n']]);
    expect(regions('a\nb\nc\n', 'a\nc\n')).toEqual([[2, 'b\n', '']]);
  });

  test('see a missing end of the last line', () => {
    expect(regions('a\nb\n', 'a\nb')).toEqual([[2, 'b\n', 'b']]);
  });

  test('never cut a value that goes over several lines', () => {
    const was = 'top\nmotd: one\ntwo\nthree\nend\n';
    const holes = [hole(was, 'one\ntwo\nthree')];
    expect(regions(was, 'top\nmotd: one\n2\nthree\nend\n', holes)).toEqual([
      [2, 'motd: one\ntwo\nthree\n', 'motd: one\n2\nthree\n'],
    ]);
    expect(regions(was, 'TOP\nmotd: 1\ntwo\nand\nthree\nEND\n', holes)).toEqual([
      [1, 'top\n', 'TOP\n'],
      [2, 'motd: one\ntwo\nthree\n', 'motd: 1\ntwo\nand\nthree\n'],
      [5, 'end\n', 'END\n'],
    ]);
  });

  test('lead from the one text to the other', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 12 })
      .map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, text, fc.nat(20), fc.nat(20), (was, is, a, b) => {
        const [start, end] = [Math.min(a, b, was.length), Math.min(Math.max(a, b), was.length)];
        let [result, at] = ['', 0];
        for (const region of editedRegions(was, is, [{ start, end }])!) {
          expect(region.start).toBeGreaterThanOrEqual(at);
          result += was.slice(at, region.start) + region.text;
          at = region.end;
        }
        expect(result + was.slice(at)).toBe(is);
      }),
      { numRuns: 500 },
    );
  });

  test('are not sought in texts that have next to nothing in common', () => {
    expect(editedRegions(fiveThousand('a'), fiveThousand('b'), [])).toBeUndefined();
  });
});

test.each([
  ['a\nb\nc\n', 'a\nb\nc\n', 0],
  ['a\nb\nc\n', 'a\nX\nc\n', 1],
  ['a\nb\nc\n', 'a\nc\n', 1],
  ['a\nb\n', 'x\ny\nz\n', 3],
])('between %j and %j differ %i lines', (was, is, lines) => {
  expect(differingLines(was, is)).toBe(lines);
});
