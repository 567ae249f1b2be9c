import { describe, expect, test } from 'vitest';

import { type Part, solve } from './solve.ts';

/** `<a=1>` is a value of the parameter a that was printed as 1; the rest is fixed text. */
function parts(line: string): Part[] {
  return line
    .split(/(<\w+=[^>]*>)/)
    .filter((part) => part !== '')
    .map((part) => {
      const [, name, text] = /^<(\w+)=([^>]*)>$/.exec(part) ?? [];
      return name === undefined ? { text: part } : { text: text!, path: [name] };
    });
}

function solved(line: string, now: string): string | undefined {
  return solve(parts(line), now)
    ?.map(({ path, text, doubt }) => `${path.join('.')}=${text}${doubt ? ` (${doubt})` : ''}`)
    .join('; ');
}

describe('what values make a line read as it does now', () => {
  test.each([
    ['server <a=one> iburst\n', 'server two iburst\n', 'a=two'],
    ['<a=one>\n', 'two\n', 'a=two'],
    ['<a=one>:<b=80>\n', 'one:81\n', 'b=81'],
    ['<a=one>:<b=80>\n', 'two:80\n', 'a=two'],
    ['<a=one>:<b=80>\n', 'two:81\n', 'a=two; b=81'],
    ['<a=1> <b=1> <c=1>\n', '1 2 1\n', 'b=2'],
    ['<a=x>, <a=x>\n', 'y, y\n', 'a=y'],
    ['<a=x>-<b=1>, <a=x>\n', 'y-2, y\n', 'a=y; b=2'],
    ['a = <a=>\n', 'a = 5\n', 'a=5'],
    ['"<a=one>" <b=two>\n', '"one more" two\n', 'a=one more'],
    ['name: <a=one>\n', 'name: one and all\n', 'a=one and all'],
  ])('%j reads %j: %s', (line, now, expected) => {
    expect(solved(line, now)).toBe(expected);
  });

  test.each([
    ['fixed text', 'server <a=one> iburst\n', 'server one burst\n'],
    ['one use of two', '<a=x>, <a=x>\n', 'y, x\n'],
    ['two values side by side', '<a=one><b=two>\n', 'three\n'],
    ['fixed text that is gone', '<a=one>:<b=80>\n', 'two 81\n'],
    ['more behind the last value', '<a=one>:<b=80> end\n', 'two:81 stop\n'],
    ['another line below', 'server <a=one>\n', 'server two\nserver three\n'],
    ['a line without values', 'fixed\n', 'changed\n'],
  ])('%s: no values do', (_name, line, now) => {
    expect(solved(line, now)).toBeUndefined();
  });

  test.each([
    [
      'server <a=one>\n',
      'server one prefer\n',
      'a=one prefer (a value would become several words)',
    ],
    ['server <a=one> x\n', 'server  x\n', 'a= (a value would become empty)'],
  ])('%j reads %j: a bold reading says so', (line, now, expected) => {
    expect(solved(line, now)).toBe(expected);
  });

  test('a long line full of what stands between the values takes no time to speak of', () => {
    const line = Array.from({ length: 40 }, (_, i) => `<p${i}=v>`).join(' ');
    expect(solved(`${line};\n`, `${' '.repeat(200_000)}\n`)).toBeUndefined();
  });
});
