import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { MARKUP, shown } from '../../test/support/markdown.ts';
import { cell, code, codes, fence, folded, section, unlinked } from './markdown.ts';

/** Characters that mean something in Markdown or HTML, and lines of them. */
const hostile = fc.oneof(
  fc.constant(MARKUP),
  fc
    .array(fc.constantFrom(...'`~<>!-[]()@#|\\*_\n\r\t ax/&;:"\'='.split('')), { maxLength: 60 })
    .map((all) => all.join('')),
);

test('text as code is shown as code alone, wherever it stands', () => {
  fc.assert(
    fc.property(hostile, hostile, (one, other) => {
      const text = [
        code(one),
        `- ${code(one)}: ${codes([one, other], 5)}`,
        `| a | b |\n| --- | --- |\n| x | ${cell(code(other))} |`,
        section('Ours', folded('Ours too', `${code(one)}\n\n${fence('diff', other)}`)),
      ].join('\n\n');
      const { elements, hidden, links, prose } = shown(text);
      expect(elements.join(' ')).toBe(
        'p code ul li code code code table thead tr th th tbody tr td td code h3 details summary p code pre',
      );
      expect([hidden, links]).toEqual([[], []]);
      expect(prose.replaceAll(/\s+/g, ' ').trim()).toBe(': , a b x Ours Ours too');
    }),
  );
});

test('a title mentions nobody, and closes no issue', () => {
  const text =
    'motd: a → fixes #1, GH-2, acme/plan#3, https://github.com/acme/plan/issues/4 @acme/all';
  const title = unlinked(text);
  expect(title).not.toMatch(/@\w|#\d|GH-\d|:\/\//);
  expect(title.replaceAll('\u2060', '')).toBe(text);
  const plain = 'ntp_servers at lisbon-07: 10.20.7.1 → 10.20.7.9 # a note, a @ b, C#';
  expect(unlinked(plain)).toBe(plain);
});
