/** Block scalars (`|` and `>`), read as PyYAML's scanner reads them (lib/yaml/scanner.py, scan_block_scalar). */

export interface BlockScalar {
  value: string;
  /** Where the token ends: after the last line that belongs to the value, its newline not included. */
  end: number;
  /** How many spaces each line is indented by. */
  indent: number;
}

const HEADER = /^([|>])(?:([1-9])([-+]?)|([-+])([1-9]?))?/;

interface Header {
  folded: boolean;
  chomping: string;
  /** Explicit indentation, 0 where there is none. */
  increment: number;
}

function readHeader(line: string): Header {
  const [, style, digitFirst, chompingLast, chompingFirst, digitLast] = HEADER.exec(line) ?? [];
  return {
    folded: style === '>',
    chomping: chompingFirst ?? chompingLast ?? '',
    increment: Number(digitFirst ?? digitLast ?? 0),
  };
}

/**
 * Reads the block scalar whose header (`|`, `>-`, `|2+`) stands at `start`.
 * `parent`: column (from 0) of the block collection around it, -1 at the top of a document.
 */
export function readBlockScalar(text: string, start: number, parent: number): BlockScalar {
  const headerEnd = lineEnd(text, start);
  const header = readHeader(text.slice(start, headerEnd));
  const minimum = Math.max(parent + 1, 1);
  const indent = header.increment
    ? minimum + header.increment - 1
    : Math.max(minimum, detectIndent(text, headerEnd + 1));

  let value = '';
  let end = headerEnd;
  let position = headerEnd + 1;
  let breaks = 0; // blank lines since the last line with content
  let newline = ''; // the line break after the last line with content, not yet written
  let plainBefore = false; // that line did not start with white space
  while (position < text.length) {
    const eol = lineEnd(text, position);
    const spaces = countSpaces(text, position, indent);
    const at = position + spaces;
    if (at < eol && spaces < indent) break;
    if (at === eol) {
      if (eol === text.length) break;
      breaks += 1;
      if (header.chomping === '+') end = eol;
    } else {
      const plain = text[at] !== ' ' && text[at] !== '\t';
      const folds = header.folded && newline !== '' && plainBefore && plain;
      value += (folds ? (breaks > 0 ? '' : ' ') : newline) + '\n'.repeat(breaks);
      value += text.slice(at, eol);
      newline = eol < text.length ? '\n' : '';
      plainBefore = plain;
      breaks = 0;
      end = eol;
    }
    position = eol + 1;
  }
  if (header.chomping !== '-') value += newline;
  if (header.chomping === '+') value += '\n'.repeat(breaks);
  return { value, end, indent };
}

/**
 * A block scalar's token with its lines moved to another indentation.
 * `indent`: spaces before its lines where it stood; `parent` and `newIndent`: column of the collection around it
 * and spaces before its lines where it will stand. A value that ended with the file, without a newline, gets a
 * header that keeps it so.
 */
export function reindentBlockScalar(
  token: string,
  value: string,
  indent: number,
  parent: number,
  newIndent: number,
): string {
  const [first = '', ...lines] = token.split('\n');
  const tag = /^!\S+ +/.exec(first)?.[0] ?? '';
  const old = first.slice(tag.length);
  const { folded, chomping, increment } = readHeader(old);
  const unterminated = chomping !== '-' && value !== '' && !value.endsWith('\n');
  const head =
    unterminated || increment
      ? (folded ? '>' : '|') +
        (increment ? newIndent - Math.max(parent, 0) : '') +
        (unterminated ? '-' : chomping) +
        old.replace(HEADER, '')
      : old;
  const pad = ' '.repeat(newIndent);
  let result = tag + head;
  for (const line of lines) {
    result += line.length > indent ? `\n${pad}${line.slice(indent)}` : '\n';
  }
  return result;
}

/**
 * A `|` block scalar for a text, or undefined where only quotes can hold it.
 * `indent`: spaces before each line; `parent`: column of the collection around it.
 */
export function writeBlockScalar(text: string, parent: number, indent: number): string | undefined {
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/.test(text)) {
    return undefined;
  }
  const body = text.replace(/\n+$/, '');
  if (body === '' || !text.isWellFormed()) return undefined;
  const trailing = text.length - body.length;
  const pad = ' '.repeat(indent);
  // A first line that starts with a space hides how far the lines are indented; so does a blank one before it.
  const increment = /^\n*[ \t]/.test(body) ? String(indent - Math.max(parent, 0)) : '';
  if (increment.length > 1 || increment === '0') return undefined;
  const header = `|${increment}${trailing === 0 ? '-' : trailing === 1 ? '' : '+'}`;
  const lines = body.split('\n').map((line) => (line === '' ? '' : pad + line));
  return [header, ...lines].join('\n') + '\n'.repeat(Math.max(trailing - 1, 0));
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

function countSpaces(text: string, start: number, limit: number): number {
  let count = 0;
  while (count < limit && text.charCodeAt(start + count) === 0x20) count += 1;
  return count;
}

/** The most spaces that stand before the first line with content, that line's own included. */
function detectIndent(text: string, start: number): number {
  let widest = 0;
  for (let position = start; position < text.length;) {
    const spaces = countSpaces(text, position, Infinity);
    widest = Math.max(widest, spaces);
    if (text[position + spaces] !== '\n') break;
    position += spaces + 1;
  }
  return widest;
}
