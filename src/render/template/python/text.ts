import { Fault } from '../errors.ts';
import { SPACE, stripEnd, stripStart } from './whitespace.ts';

/** The characters of a text as Python counts them: code points. */
export function characters(text: string): string[] {
  return Array.from(text);
}

/** Whether a text's UTF-16 code units are its characters. */
export function isSimple(text: string): boolean {
  return !/[\ud800-\udfff]/.test(text);
}

/** `len(text)`. */
export function countCharacters(text: string): number {
  return isSimple(text) ? text.length : characters(text).length;
}

export function upper(text: string): string {
  return text.toUpperCase();
}

export function lower(text: string): string {
  return text.toLowerCase();
}

/** Characters with a title case apart from their upper case, which the host language does not know. */
function titleCase(character: string): string {
  const result = character.toUpperCase();
  if (
    character > '\x7f' &&
    (characters(result).length > 1 || /[\u01c4-\u01cc\u01f1-\u01f3]/.test(character))
  ) {
    throw new Fault(`"${character}" has no simple capital letter`);
  }
  return result;
}

/** `str.capitalize()`. */
export function capitalize(text: string): string {
  const [first = '', ...rest] = characters(text);
  return (first && titleCase(first)) + rest.join('').toLowerCase();
}

const wordBeginning = new RegExp(`([-${SPACE}({\\[<]+)`);

/** Jinja2's `title`: every word after white space or an opening bracket. */
export function title(text: string): string {
  return text
    .split(wordBeginning)
    .map((part) => {
      const [first = '', ...rest] = characters(part);
      return first.toUpperCase() + rest.join('').toLowerCase();
    })
    .join('');
}

/** `str.title()`: every run of letters that have a case. */
export function titleWords(text: string): string {
  return text.replace(/[\p{Lu}\p{Ll}\p{Lt}]+/gu, capitalize);
}

/** `str.center(width)`: an odd space goes to the left where the width is odd. */
export function center(text: string, width: number): string {
  const gap = width - characters(text).length;
  if (gap <= 0) return text;
  const left = Math.floor(gap / 2) + (gap & width & 1);
  return ' '.repeat(left) + text + ' '.repeat(gap - left);
}

/** `str.strip(chars)`, `lstrip` and `rstrip`; null stands for white space. */
export function stripCharacters(
  text: string,
  chars: string | null,
  side: 'both' | 'start' | 'end' = 'both',
): string {
  if (chars === null) {
    const started = side === 'end' ? text : stripStart(text);
    return side === 'start' ? started : stripEnd(started);
  }
  const set = new Set(chars);
  const all = characters(text);
  let start = 0;
  let end = all.length;
  if (side !== 'end') while (start < end && set.has(all[start] ?? '')) start += 1;
  if (side !== 'start') while (end > start && set.has(all[end - 1] ?? '')) end -= 1;
  return all.slice(start, end).join('');
}

/** `str.isupper()` and `str.islower()`: at least one letter with case, and none of the other. */
export function isUpper(text: string): boolean {
  return /\p{Lu}/u.test(text) && !/\p{Ll}|\p{Lt}/u.test(text);
}

export function isLower(text: string): boolean {
  return /\p{Ll}/u.test(text) && !/\p{Lu}|\p{Lt}/u.test(text);
}
