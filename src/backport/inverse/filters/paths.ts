import { joinPaths, normalPath } from '../../../render/template/python/paths.ts';
import { type Datum, elements } from '../../../render/template/values.ts';
import type { Inverse } from './step.ts';
import { transplants } from './transplant.ts';

type TextStep = { input: string; output: string; wanted: string };

function onPaths(guesses: (texts: TextStep) => readonly string[]): Inverse {
  return ({ input, output, wanted }) =>
    typeof input === 'string' && typeof output === 'string' && typeof wanted === 'string'
      ? guesses({ input, output, wanted })
      : [];
}

const lastPart = onPaths(({ input, output, wanted }) => [
  input.slice(0, input.length - output.length) + wanted,
]);

const firstPart = onPaths(({ input, output, wanted }) => {
  const rest = input.slice(output.length);
  const slashed = /^[\\/]/.test(rest) ? rest : `/${rest}`;
  return [wanted + rest, wanted.replace(/\/$/, '') + slashed];
});

/** `splitext` and `win_splitdrive`: both parts together. */
const bothParts: Inverse = ({ wanted }) => {
  const parts = elements(wanted);
  const [first, second] = parts ?? [];
  return typeof first === 'string' && typeof second === 'string' ? [first + second] : [];
};

const normal = onPaths(({ input, output, wanted }) => [
  ...transplants(input, output, wanted),
  wanted,
]);

/** `path_join`: one of the parts changes, the others stay. */
const joined: Inverse = ({ input, output, wanted }) => {
  const parts = elements(input ?? null);
  if (typeof wanted !== 'string') return [];
  if (!parts?.every((part) => typeof part === 'string')) return [wanted];
  const changed = parts.flatMap((part, i): Datum[] => {
    const before = i === 0 ? '' : joinPaths(parts.slice(0, i)).replace(/\/?$/, '/');
    const after = parts.slice(i + 1).join('/');
    const tail = after === '' ? '' : `/${after}`;
    const own: string[] = [];
    if (wanted.startsWith(before) && wanted.endsWith(tail)) {
      own.push(wanted.slice(before.length, wanted.length - tail.length));
    }
    own.push(...transplants(part, typeof output === 'string' ? output : '', wanted));
    return own.map((text) => parts.map((other, j) => (j === i ? text : other)));
  });
  return changed;
};

/** `relpath`: the path that is reached from where it starts. */
const reached: Inverse = ({ wanted, args }) => {
  const start = args.get(0);
  return typeof wanted === 'string' && typeof start === 'string'
    ? [normalPath(joinPaths([start, wanted]))]
    : [];
};

/** Inverses of the filters on paths. */
export const pathInverses: Readonly<Record<string, Inverse>> = {
  relpath: reached,
  basename: lastPart,
  win_basename: lastPart,
  dirname: firstPart,
  win_dirname: firstPart,
  splitext: bothParts,
  win_splitdrive: bothParts,
  normpath: normal,
  path_join: joined,
};
