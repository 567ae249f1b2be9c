import { bindArguments } from '../../../render/template/arguments.ts';
import { Arguments } from '../../../render/template/filters/filter.ts';
import { filters } from '../../../render/template/filters/registry.ts';
import { addressInverses } from './addresses.ts';
import { encodingInverses } from './encoding.ts';
import { listInverses, mapInverse } from './lists.ts';
import { mappingInverses } from './mappings.ts';
import { numberInverses } from './numbers.ts';
import { pathInverses } from './paths.ts';
import { regexInverses } from './regex.ts';
import type { Inverse, Step } from './step.ts';
import { textInverses } from './text.ts';
import { urlInverses } from './urls.ts';

const byName = new Map<string, Inverse>(
  [
    addressInverses,
    encodingInverses,
    listInverses,
    mappingInverses,
    numberInverses,
    pathInverses,
    regexInverses,
    textInverses,
    urlInverses,
  ].flatMap((group) => Object.entries(group)),
);
byName.set(
  'map',
  mapInverse((name) => byName.get(canonical(name)), nested),
);

/** The inverse of each filter whose input alone is looked for, by the filter's own name. */
export const inverses: ReadonlyMap<string, Inverse> = byName;

const aliases: Readonly<Record<string, string>> = {
  d: 'default',
  count: 'length',
  e: 'escape',
};

/** The name that a filter is declared with, of the short or full name that a template uses. */
export function canonical(name: string): string {
  const short = name.slice(name.lastIndexOf('.') + 1);
  return aliases[short] ?? short;
}

/** The filter that `map` applies to an element, as a step of its own. */
function nested(name: string, step: Step): Step | undefined {
  const filter = filters.get(name);
  if (!filter) return undefined;
  const [, ...rest] = step.args.rest;
  const bound = bindArguments(filter, rest, [...step.args.keywords]);
  const args = new Arguments(bound.values, bound.rest, bound.keywords);
  return {
    ...step,
    args,
    apply: (input) => {
      const result = step.apply([input]);
      return Array.isArray(result) ? result[0] : undefined;
    },
  };
}
