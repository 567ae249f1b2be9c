import { elements } from '../../../render/template/values.ts';
import { printed, valueLike } from '../values.ts';
import type { Inverse } from './step.ts';
import { transplants } from './transplant.ts';

/** Filters that take any value as text: the texts that may go in, each also as a value of the old kind. */
export function ofText(
  guesses: (
    texts: { input: string; output: string; wanted: string },
    step: Parameters<Inverse>[0],
  ) => readonly string[],
): Inverse {
  return (step) => {
    const { input, output, wanted } = step;
    const text = printed(input);
    if (typeof wanted !== 'string' || text === undefined) return [];
    const texts = guesses({ input: text, output: printed(output) ?? '', wanted }, step);
    if (typeof input === 'string') return texts;
    return texts.flatMap((guess) => [valueLike(input, guess), guess]);
  };
}

/** The letters' case is lost: what did not change keeps its own. */
const caseLost = ofText(({ input, output, wanted }) => {
  const isLower = input === input.toLowerCase();
  const moved = transplants(input, output, wanted);
  const lowered = moved.map((text) => text.toLowerCase());
  return isLower ? [...lowered, wanted.toLowerCase(), ...moved, wanted] : [...moved, wanted];
});

/** What surrounds the text stays. */
const trimmed = ofText(({ input, output, wanted }) => {
  const at = output === '' ? -1 : input.indexOf(output);
  if (at < 0) return [wanted];
  return [input.slice(0, at) + wanted + input.slice(at + output.length), wanted];
});

const replaced = ofText(({ input, output, wanted }, { args }) => {
  const [from, to] = [args.get(0), args.get(1)].map((part) => printed(part) ?? '');
  const back = from !== undefined && to ? [wanted.replaceAll(to, () => from)] : [];
  return [...transplants(input, output, wanted), ...back, wanted];
});

const indented: Inverse = ({ wanted, args }) => {
  if (typeof wanted !== 'string') return [];
  const width = args.get(0) ?? 4;
  const indention = typeof width === 'string' ? width : ' '.repeat(Math.max(0, Number(width)));
  const withFirst = args.flag(1);
  const lines = wanted.split('\n').map((line, i) => {
    if (i === 0 && !withFirst) return line;
    return line.startsWith(indention) ? line.slice(indention.length) : line;
  });
  return [lines.join('\n')];
};

const quoted = ofText(({ wanted }) => {
  const inner = /^'(.*)'$/s.exec(wanted)?.[1]?.replaceAll(`'"'"'`, "'");
  return [inner ?? wanted];
});

const split: Inverse = ({ input, wanted, args }) => {
  const parts = elements(wanted);
  const separator = args.get(0) ?? null;
  if (!parts?.every((part) => typeof part === 'string')) return [];
  if (typeof separator === 'string') return [parts.join(separator)];
  const spaces = typeof input === 'string' ? input.trim().match(/\s+/g) : null;
  const joined = parts.reduce((text, part, i) => text + (spaces?.[i - 1] ?? ' ') + part);
  return [joined, parts.join(' ')];
};

const truncated = ofText(({ input, output, wanted }) => [
  ...transplants(input, output, wanted),
  wanted,
]);

const centered = ofText(({ input, output, wanted }) => [
  wanted.trim(),
  ...transplants(input, output, wanted),
  wanted,
]);

const unescaped = ofText(({ wanted }) => [wanted.replace(/\\([\s\S])/g, '$1')]);

/** `comment`: the decoration goes from every line. */
const comment: Inverse = ({ input, output, wanted, apply }) => {
  if (typeof input !== 'string' || typeof output !== 'string' || typeof wanted !== 'string')
    return [];
  // What the filter adds shows where it is given a text that stands nowhere else.
  const mark = '\u0001';
  const [one, two] = [apply(mark), apply(`${mark}\n${mark}`)];
  if (typeof one !== 'string' || typeof two !== 'string') return [];
  const [head = '', tail = ''] = one.split(mark);
  const between = two.split(mark)[1] ?? '';
  if (!wanted.startsWith(head) || !wanted.endsWith(tail) || between === '') return [];
  const body = wanted.slice(head.length, wanted.length - tail.length);
  const edge = between.trimEnd();
  const lines = body.split('\n').map((line, i) => {
    const full = i === 0 ? line : `\n${line}`;
    if (i === 0) return line;
    if (full.startsWith(between)) return full.slice(between.length);
    return full === edge ? '' : line;
  });
  return [lines.join('\n')];
};

/** Inverses of the filters on text. */
export const textInverses: Readonly<Record<string, Inverse>> = {
  upper: caseLost,
  lower: caseLost,
  capitalize: caseLost,
  title: caseLost,
  string: ({ input, wanted }) =>
    typeof wanted === 'string' ? [valueLike(input, wanted), wanted] : [],
  trim: trimmed,
  replace: replaced,
  indent: indented,
  center: centered,
  truncate: truncated,
  quote: quoted,
  split,
  regex_escape: unescaped,
  comment,
};
