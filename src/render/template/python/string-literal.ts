import { Fault } from '../errors.ts';

const escape = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/g;
const simple: Record<string, string> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * The text of a string literal without its quotes, by Python's `unicode-escape`: unknown escapes stay as they are.
 * `offset` is where it begins, for the Fault of what is not valid.
 */
export function unescape(text: string, offset: number): string {
  if (!text.includes('\\')) return text;
  return text.replace(escape, (whole, octal, x, u, U, other: string | undefined, at: number) => {
    if (other !== undefined) {
      if ('xuUN'.includes(other) || other > '\x7f') {
        throw new Fault(`"\\${other}" is not a complete escape`, { offset: offset + at });
      }
      return simple[other] ?? whole;
    }
    const code = octal === undefined ? parseInt(x ?? u ?? U, 16) : parseInt(octal, 8);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      throw new Fault('the escape stands for no character', { offset: offset + at });
    }
    return String.fromCodePoint(code);
  });
}
