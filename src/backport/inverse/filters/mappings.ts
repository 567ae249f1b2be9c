import { type Datum, elements, Tuple } from '../../../render/template/values.ts';
import { pairOf } from '../names.ts';
import { mapOfPairs } from '../sequences.ts';
import { same } from '../values.ts';
import type { Inverse } from './step.ts';

/** `items` and `dictsort`: the pairs, in the order that the mapping has. */
const ofPairs: Inverse = ({ input, wanted }) => {
  const pairs = elements(wanted);
  return input instanceof Map && pairs ? [mapOfPairs(input, pairs)] : [];
};

const dict2items: Inverse = ({ input, wanted, args }) => {
  const items = elements(wanted);
  const [keyName, valueName] = [args.text(0, 'key'), args.text(1, 'value')];
  if (!(input instanceof Map) || !items) return [];
  const pairs = items.map((item) => {
    const [key, value] = item instanceof Map ? [item.get(keyName), item.get(valueName)] : [];
    return key === undefined || value === undefined ? null : new Tuple([key, value]);
  });
  return [mapOfPairs(input, pairs)];
};

const items2dict: Inverse = ({ input, wanted, args }) => {
  const items = input === undefined ? undefined : elements(input);
  const [keyName, valueName] = [args.text(0, 'key'), args.text(1, 'value')];
  if (!items || !(wanted instanceof Map)) return [];
  const old = items.flatMap((item) => {
    const pair =
      item instanceof Map
        ? pairOf([item.get(keyName) ?? null, item.get(valueName) ?? null])
        : undefined;
    return pair ? [pair] : [];
  });
  if (old.length !== items.length) return [];
  const now = mapOfPairs(
    new Map(old),
    [...wanted].map((entry) => new Tuple(entry)),
  );
  const added = [...(now ?? [])].map(([key, value], i) => {
    const at = old.findIndex(([name]) => name === key);
    const item = items[at >= 0 ? at : i];
    const isRenamed = at < 0 && now?.size === old.length;
    const base: Map<string, Datum> =
      item instanceof Map && (at >= 0 || isRenamed) ? new Map(item) : new Map();
    if (item instanceof Map && at >= 0 && same(item.get(valueName) ?? null, value)) return item;
    return base.set(keyName, key).set(valueName, value);
  });
  return [added];
};

/** Inverses of the filters on mappings. */
export const mappingInverses: Readonly<Record<string, Inverse>> = {
  items: ofPairs,
  dictsort: ofPairs,
  dict2items,
  items2dict,
};
