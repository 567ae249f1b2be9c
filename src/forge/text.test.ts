import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { fitBody, fitLine, fitTitle, markedBody, mergeMessage } from './text.ts';

test('a title is one line of at most 256 code units, and says where it was cut', () => {
  expect(fitTitle('ntp_servers\nat\tlisbon-07\u0000')).toBe('ntp_servers at lisbon-07');
  const long = fitTitle('a'.repeat(300));
  expect(long).toHaveLength(256);
  expect(long.endsWith('a…')).toBe(true);
});

test('a short body stays as it is, apart from line ends and control characters', () => {
  const body = '# <script>alert(1)</script> & `a` @team #1\n\ttabbed\n';
  expect(fitBody(body)).toBe(body);
  expect(fitBody('a\r\nb\rc\u0000\u001b[31m')).toBe('a\nb\nc[31m');
});

test('a long body ends at the end of a line and says that it was shortened', () => {
  const fitted = fitBody('0123456789\n'.repeat(10_000));
  expect(fitted.length).toBeLessThanOrEqual(65_536);
  expect(fitted).toMatch(
    /\n0123456789\n\n\*This text was too long for a pull request and has been shortened here\.\*$/,
  );
});

test('a long body is cut with its fence and folds closed', () => {
  const body = `<details><summary>Diff</summary>\n\n~~~~diff\n${'+ <details>\n'.repeat(10_000)}`;
  expect(fitBody(body)).toMatch(/\+ <details>\n~~~~\n<\/details>\n\n\*This text/);
});

test('folds in code are none', () => {
  const line = '- `</details>` and `` </details> ` ``\n';
  const body = `<details>\n\n${line.repeat(4_000)}`;
  expect(fitBody(body).match(/^<\/details>$/gm)).toHaveLength(1);
});

test('no body is over the limit, broken or changed where it fits', () => {
  const piece = fc.constantFrom('```\n', '~~~', '<details>', '</details>', '\n', '😀', 'word ');
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 2000 }),
      fc.integer({ min: 700, max: 3000 }),
      (all, limit) => {
        const body = all.join('');
        const fitted = fitBody(body, limit);
        expect(fitted.length).toBeLessThanOrEqual(limit);
        expect(fitted.isWellFormed()).toBe(true);
        expect(fitted === body).toBe(body.length <= limit);
      },
    ),
  );
});

test('a line never ends in half a character', () => {
  expect(fitLine('😀😀😀', 4)).toBe('😀…');
  expect(fitLine('a\ud800b', 9)).toBe('a\ufffdb');
});

test('a marked body begins with its marker and keeps to the limit with it', () => {
  expect(markedBody('preview', 'Changed.')).toBe('<!-- trueup:preview -->\nChanged.');
  expect(markedBody('preview', 'x'.repeat(70_000)).length).toBeLessThanOrEqual(65_536);
});

test.each(['', '--', 'a--b', 'a b', 'a>', '-->', 'x\n', '🙂'])('%j is no marker', (marker) => {
  expect(() => markedBody(marker, '')).toThrow("can't mark a comment");
});

test('a merge says who decided it in one line', () => {
  expect(mergeMessage({ number: 7, title: 'ntp' }, 'alice\nSigned-off-by: mallory')).toEqual({
    subject: 'Merge pull request #7: ntp',
    body: 'Decided-by: alice Signed-off-by: mallory',
  });
});
