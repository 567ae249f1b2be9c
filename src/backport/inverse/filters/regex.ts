import { type Datum, elements } from '../../../render/template/values.ts';
import type { Inverse } from './step.ts';
import { ofText } from './text.ts';
import { transplants } from './transplant.ts';

/** What the expression left as it was is changed where it stands. */
const replaced = ofText(({ input, output, wanted }) => {
  const guesses = transplants(input, output, wanted);
  const inside = input === '' ? -1 : output.indexOf(input);
  if (inside >= 0) {
    const [head, tail] = [output.slice(0, inside), output.slice(inside + input.length)];
    if (wanted.startsWith(head) && wanted.endsWith(tail)) {
      guesses.unshift(wanted.slice(head.length, wanted.length - tail.length));
    }
  }
  const cut = output === '' ? -1 : input.indexOf(output);
  if (cut >= 0) guesses.push(input.slice(0, cut) + wanted + input.slice(cut + output.length));
  return [...guesses, wanted];
});

/** What was found becomes another text, where it was found. */
const found: Inverse = ({ input, output, wanted }) => {
  if (typeof input !== 'string') return [];
  const [before, after] = [textsOf(output), textsOf(wanted)];
  if (!before || before.length !== after?.length) return [];
  let text = '';
  let rest = input;
  for (const [i, old] of before.entries()) {
    const at = rest.indexOf(old);
    if (at < 0) return [];
    text += rest.slice(0, at) + (after[i] ?? '');
    rest = rest.slice(at + old.length);
  }
  return [text + rest];
};

function textsOf(value: Datum | undefined): string[] | undefined {
  if (typeof value === 'string') return [value];
  const items = value === undefined ? undefined : elements(value);
  return items?.every((item) => typeof item === 'string') ? [...items] : undefined;
}

/** Inverses of the filters with regular expressions. */
export const regexInverses: Readonly<Record<string, Inverse>> = {
  regex_replace: replaced,
  regex_search: found,
  regex_findall: found,
};
