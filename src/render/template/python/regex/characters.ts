import { SPACE } from '../whitespace.ts';

export type CharacterTest = (code: number) => boolean;

const digit = /\p{Nd}/u;
const wordCharacter = /[\p{L}\p{N}_]/u;
const space = new RegExp(`[${SPACE}]`, 'u');

function matching(pattern: RegExp): CharacterTest {
  return (code) => pattern.test(String.fromCodePoint(code));
}

export const isWord: CharacterTest = (code) =>
  code < 0x80
    ? (code >= 0x30 && code <= 0x39) ||
      ((code | 32) - 0x61 < 26 && (code | 32) >= 0x61) ||
      code === 0x5f
    : wordCharacter.test(String.fromCodePoint(code));

/** The classes that `\d`, `\w` and `\s` stand for in a pattern of text, and their opposites. */
export const classes: Readonly<Record<string, CharacterTest>> = {
  d: matching(digit),
  w: isWord,
  s: matching(space),
  D: (code) => !digit.test(String.fromCodePoint(code)),
  W: (code) => !isWord(code),
  S: (code) => !space.test(String.fromCodePoint(code)),
};

/** The other case of an ASCII letter; anything else as it is. */
export function otherCase(code: number): number {
  const lower = code | 32;
  return lower >= 0x61 && lower <= 0x7a ? code ^ 32 : code;
}
