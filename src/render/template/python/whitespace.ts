/** The characters that Python's `str.isspace` and `\s` take for white space, as the inside of a character class. */
export const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;

const leading = new RegExp(`^[${SPACE}]+`);
const space = new RegExp(`[${SPACE}]`);

export function isSpace(character: string): boolean {
  return space.test(character);
}

/** `str.lstrip()`, `str.rstrip()`, `str.strip()` without arguments. */
export function stripStart(text: string): string {
  return text.replace(leading, '');
}

export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && space.test(text[end - 1] ?? '')) end -= 1;
  return text.slice(0, end);
}

export function strip(text: string): string {
  return stripEnd(stripStart(text));
}

// oxlint-disable-next-line no-control-regex -- Python breaks lines at these
const lineBreak = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** `str.splitlines()`. */
export function splitLines(text: string): string[] {
  const lines = text.split(lineBreak);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
