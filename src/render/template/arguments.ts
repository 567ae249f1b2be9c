import { Fault } from './errors.ts';

/** What a filter or test takes beside its input: names in order, `name?` where it may be left out, `*` for any more
 * by position, `**` for any more by name. */
export type Signature = readonly string[];

export interface Bound<Argument> {
  /** By the places of the signature; undefined where nothing is given. */
  values: (Argument | undefined)[];
  rest: Argument[];
  keywords: Map<string, Argument>;
}

/** Puts arguments in the places of a signature; throws a Fault (at `offset`, if given) where they do not fit. */
export function bindArguments<Argument>(
  definition: { name: string; signature: Signature },
  args: readonly Argument[],
  keywords: readonly (readonly [string, Argument])[],
  offset?: number,
): Bound<Argument> {
  const { name, signature } = definition;
  const fail = (message: string): Fault =>
    new Fault(message, { ...(offset !== undefined && { offset }), hint: usage(definition) });
  const places = signature.filter((place) => !place.startsWith('*'));
  const bound: Bound<Argument> = {
    values: places.map((_, i) => args[i]),
    rest: args.slice(places.length),
    keywords: new Map(),
  };
  if (bound.rest.length > 0 && !signature.includes('*'))
    throw fail(`"${name}" takes fewer arguments`);
  for (const [key, value] of keywords) {
    const place = places.findIndex((candidate) => candidate.replace('?', '') === key);
    if (place < 0) {
      if (!signature.includes('**')) throw fail(`"${name}" has no argument "${key}"`);
      bound.keywords.set(key, value);
    } else if (bound.values[place] !== undefined) {
      throw fail(`the argument "${key}" is given twice`);
    } else {
      bound.values[place] = value;
    }
  }
  const missing = places.find((place, i) => !place.endsWith('?') && bound.values[i] === undefined);
  if (missing !== undefined) throw fail(`"${name}" needs the argument "${missing}"`);
  return bound;
}

function usage({ name, signature }: { name: string; signature: Signature }): string {
  return signature.length === 0 ? `${name} takes none` : `${name}(${signature.join(', ')})`;
}
