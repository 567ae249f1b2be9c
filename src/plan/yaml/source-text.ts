import type { Problem } from '../../model/problem.ts';
import type { Source } from './node.ts';

/** Larger files are refused unread. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** A token as messages show it: whole if it is short. */
export function excerpt(token: string): string {
  return token.length > 60 ? `${token.slice(0, 60)}…` : token;
}

/** Turns offsets of one file's text into ranges with line and column. */
export class Locator {
  readonly #file: string;
  readonly #lineStarts: number[] = [0];

  constructor(file: string, text: string) {
    this.#file = file;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.#lineStarts.push(at + 1);
    }
  }

  source(start: number, end: number): Source {
    let low = 0;
    let high = this.#lineStarts.length;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= start) low = middle;
      else high = middle;
    }
    const column = start - this.#lineStarts[low]! + 1;
    return { file: this.#file, start, end, line: low + 1, column };
  }

  problem(offset: number, message: string, hint?: string): Problem {
    const { file, line, column } = this.source(offset, offset);
    return { message, position: { file, line, column }, ...(hint ? { hint } : {}) };
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The text of a YAML file's bytes; UTF-8 without a byte order mark is the only encoding accepted.
 * A fault is told with the line and column at which it stands.
 */
export function decodeUtf8(
  file: string,
  bytes: Uint8Array,
): { text: string; problem?: never } | { problem: Problem; text?: never } {
  const at = { file, line: 1, column: 1 };
  if (bytes.length > MAX_FILE_BYTES) {
    return { problem: { message: tooLarge(bytes.length), position: at } };
  }
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return {
      problem: {
        message: 'the file starts with a byte order mark',
        position: at,
        hint: 'save it as UTF-8 without one',
      },
    };
  }
  try {
    return { text: UTF8.decode(bytes) };
  } catch {
    return { problem: firstBadByte(file, bytes) };
  }
}

function firstBadByte(file: string, bytes: Uint8Array): Problem {
  // A bad byte decodes to U+FFFD; a U+FFFD that is really there has its own three bytes (EF BF BD).
  const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const encoder = new TextEncoder();
  let offset = decoded.indexOf('\ufffd');
  for (; offset >= 0; offset = decoded.indexOf('\ufffd', offset + 1)) {
    const byte = encoder.encode(decoded.slice(0, offset)).length;
    if (!(bytes[byte] === 0xef && bytes[byte + 1] === 0xbf && bytes[byte + 2] === 0xbd)) break;
  }
  return new Locator(file, decoded).problem(
    Math.max(offset, 0),
    'the file is not valid UTF-8',
    'save it as UTF-8',
  );
}

function tooLarge(size: number): string {
  return `the file is ${size} bytes long; at most ${MAX_FILE_BYTES} are read`;
}

// What PyYAML refuses (lib/yaml/reader.py), and the three characters that it alone takes for line breaks.
const UNREADABLE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Finds what makes a text unusable before it is parsed: size, line ends, characters that may not stand in it. */
export function textProblem(file: string, text: string): Problem | undefined {
  const size = text.length > MAX_FILE_BYTES / 3 ? Buffer.byteLength(text) : text.length;
  if (size > MAX_FILE_BYTES) {
    return { message: tooLarge(size), position: { file, line: 1, column: 1 } };
  }
  const bad = UNREADABLE.exec(text);
  if (!bad) return undefined;
  const [character] = bad;
  const locator = new Locator(file, text);
  if (character === '\r') {
    return locator.problem(
      bad.index,
      'the line ends with a carriage return',
      'save the file with LF line ends',
    );
  }
  if (character === '\ufeff') {
    return locator.problem(bad.index, 'a byte order mark may not stand in the file', 'remove it');
  }
  const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  return locator.problem(
    bad.index,
    `the character U+${code} may not stand in a YAML file`,
    `write it as "\\u${code.toLowerCase()}" in double quotes`,
  );
}
