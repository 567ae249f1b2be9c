import * as fc from 'fast-check';

import { Dice, type Draft, member, scalar, word } from './random-blocks.ts';
import type { DraftLayer, DraftPlan, DraftSite } from './random-rich-plans.ts';

/** What somebody may have changed in the plan, sensibly. */
export const HIDDEN_KINDS = [
  'scalar',
  'insert first',
  'insert middle',
  'insert last',
  'remove first',
  'remove middle',
  'remove last',
  'move',
  'map added',
  'map removed',
  'field',
  'key added',
  'key deleted',
  'key renamed',
  'override removed',
  'condition flipped',
  'default set',
  'host variable',
  'address',
  'line changed',
  'line added',
  'line removed',
] as const;
export type HiddenKind = (typeof HIDDEN_KINDS)[number];

/** A choice of a change; the numbers count round what there is to change. */
export interface HiddenEdit {
  kind: HiddenKind;
  dice: number[];
}

export const hiddenEdit: fc.Arbitrary<HiddenEdit> = fc.record({
  kind: fc.constantFrom(...HIDDEN_KINDS),
  dice: fc.noBias(fc.array(fc.nat(9999), { minLength: 12, maxLength: 12 })),
});

/** A plan with a change made, and where. */
export interface HiddenChange {
  plan: DraftPlan;
  /** The plan file that was changed. */
  file: string;
}

/**
 * A drafted plan with one change made that may show at a site.
 * @returns undefined where the plan has nothing that can be so changed
 */
export function makeHidden(
  plan: DraftPlan,
  site: string,
  { kind, dice: numbers }: HiddenEdit,
): HiddenChange | undefined {
  const dice = new Dice(numbers);
  const after = structuredClone(plan);
  const own = after.sites.find(({ name }) => name === site)!;
  if (kind.startsWith('line')) return editTemplate(after, kind, dice);
  if (kind === 'address') own.address = `10.9.77.${1 + (dice.next() % 250)}`;
  else if (kind === 'host variable') {
    if (!own.hostParams['one']) return undefined;
    own.hostParams = { one: { role: scalar(dice) } };
  } else if (kind === 'default set') {
    const name = after.missing[dice.next() % Math.max(1, after.missing.length)];
    if (name === undefined) return undefined;
    own.params[name] = String(1 + dice.next());
  } else if (kind === 'override removed') return removeOverride(after, own, dice);
  else return editParams(after, own, kind, dice);
  return { plan: after, file: own.file };
}

/** Takes away what one of the site's layers, or the site, says over a layer below, which shows again then. */
function removeOverride(after: DraftPlan, own: DraftSite, dice: Dice): HiddenChange | undefined {
  const layers = [...after.layers.filter(({ file }) => applies(file, own)), own];
  const places = layers.flatMap((layer, at) =>
    overridesOf(
      layer.params,
      layers.slice(0, at).map(({ params }) => params),
    ).map((place) => ({ layer, ...place })),
  );
  const found = places[dice.next() % Math.max(1, places.length)];
  if (!found) return undefined;
  delete found.holder[found.key];
  return { plan: after, file: found.layer.file };
}

/** Keys of a map that one of the maps below has as well; of maps within, too, where that leaves them a key. */
function overridesOf(
  map: DraftLayer['params'],
  below: readonly DraftLayer['params'][],
): { holder: DraftLayer['params']; key: string }[] {
  return Object.entries(map).flatMap(([key, value]) => {
    const under = below.flatMap((one) => (one[key] === undefined ? [] : [one[key]]));
    if (under.length === 0) return [];
    const within = isMap(value) && Object.keys(value).length > 1;
    return [{ holder: map, key }, ...(within ? overridesOf(value, under.filter(isMap)) : [])];
  });
}

function isMap(value: Draft): value is { [key: string]: Draft } {
  return typeof value === 'object' && !Array.isArray(value);
}

/** Changes one of the layers that the site has, or its own parameters. */
function editParams(
  after: DraftPlan,
  own: DraftSite,
  kind: HiddenKind,
  dice: Dice,
): HiddenChange | undefined {
  const layers = [...after.layers.filter(({ file }) => applies(file, own)), own];
  const places = layers.flatMap((layer) =>
    Object.entries(layer.params)
      // What a layer above replaces does not show at the site.
      .filter(([name, value]) => !isHidden(after, layers, layer, name, value))
      .flatMap(([name]) => placesOf(layer.params, name).map((place) => ({ layer, ...place }))),
  );
  const fitting = places.filter((place) => fits(place, kind));
  const found = fitting[dice.next() % Math.max(1, fitting.length)];
  if (!found) return undefined;
  change(found, kind, dice);
  return { plan: after, file: found.layer.file };
}

/** Whether a layer's file is one of the site's. */
function applies(file: string, { labels }: DraftSite): boolean {
  const [, label = '', value = ''] = /^layers\/(\w+)\/(\w+)\.yaml$/.exec(file) ?? [];
  return label === '' || labels[label] === value;
}

function isHidden(
  { merge }: DraftPlan,
  layers: readonly DraftLayer[],
  layer: DraftLayer,
  name: string,
  value: Draft,
): boolean {
  if (merge[name] !== undefined && merge[name] !== 'by:name') return false;
  return layers.slice(layers.indexOf(layer) + 1).some((above) => {
    const other = above.params[name];
    return other !== undefined && (Array.isArray(value) || typeof value === 'string');
  });
}

interface Place {
  holder: Draft[] | { [key: string]: Draft };
  key: string;
  /** Whether it lies in an element of a list. */
  inList: boolean;
}

function placesOf(holder: Place['holder'], key: string, inList = false): Place[] {
  const value = valueAt(holder, key);
  const here = { holder, key, inList };
  if (typeof value === 'string') return [here];
  const within = inList || Array.isArray(value);
  return [here, ...Object.keys(value).flatMap((one) => placesOf(value, one, within))];
}

function valueAt(holder: Place['holder'], key: string): Draft {
  return Array.isArray(holder) ? holder[Number(key)]! : holder[key]!;
}

const FLAG = /^(?:yes|no|true|false)$/;

function fits({ holder, key, inList }: Place, kind: HiddenKind): boolean {
  const value = valueAt(holder, key);
  if (typeof value === 'string') {
    if (kind === 'condition flipped') return FLAG.test(value);
    if (FLAG.test(value)) return false;
    if (kind === 'scalar') return !inList;
    return kind === 'field' && inList && !Array.isArray(holder) && key !== 'name';
  }
  const count = Object.keys(value).length;
  if (!Array.isArray(value)) {
    // Maps that a template goes through; of others it needs each key.
    const isFree = !inList && /^(?:document|options|entries)/.test(key) && count > 0;
    return isFree && kind.startsWith('key') && (kind !== 'key deleted' || count > 1);
  }
  if (value.some((one) => typeof one !== 'string')) {
    if (kind === 'map removed') return count > 1;
    return kind === 'map added' && value.every((one) => typeof one === 'object' && 'host' in one);
  }
  if (kind.startsWith('insert')) return count > 0;
  return (kind === 'move' || kind.startsWith('remove')) && count > 1;
}

function change({ holder, key }: Place, kind: HiddenKind, dice: Dice): void {
  const value = valueAt(holder, key);
  const put = (now: Draft): void => {
    if (Array.isArray(holder)) holder[Number(key)] = now;
    else holder[key] = now;
  };
  if (typeof value === 'string') put(FLAG.test(value) ? flipped(value) : likeToken(value, dice));
  else if (Array.isArray(value)) changeList(value, kind, dice);
  else put(changedMap(value, kind, dice));
}

function flipped(token: string): string {
  return { yes: 'no', no: 'yes', true: 'false', false: 'true' }[token]!;
}

/** Another token of the same kind; a level stays one of the levels. */
function likeToken(token: string, dice: Dice): string {
  if (/^(?:debug|info|warn)$/.test(token))
    return dice.pick(['debug', 'info', 'warn'].filter((one) => one !== token));
  if (/^\d+$/.test(token)) return String(10_000 + dice.next());
  if (/^[\d.]+$/.test(token)) return token.replace(/\d+$/, () => String(1 + (dice.next() % 98)));
  const made = `${word(dice)}-${dice.next() % 100}`;
  const quote = /^["']/.exec(token)?.[0] ?? '';
  return `${quote}${made}${quote}`;
}

function changeList(items: Draft[], kind: HiddenKind, dice: Dice): void {
  const at = kind.endsWith('first') ? 0 : kind.endsWith('last') ? items.length : items.length >> 1;
  if (kind === 'move') {
    const [from, by] = [dice.next() % items.length, 1 + (dice.next() % (items.length - 1))];
    const [moved] = items.splice(from, 1);
    items.splice((from + by) % (items.length + 1), 0, moved!);
  } else if (kind === 'map added')
    items.splice(dice.next() % (items.length + 1), 0, {
      ...member(dice),
      name: `${word(dice)}-new`,
    });
  else if (kind === 'map removed') items.splice(dice.next() % items.length, 1);
  else if (kind.startsWith('remove')) items.splice(Math.min(at, items.length - 1), 1);
  else {
    const [like] = items;
    items.splice(at, 0, typeof like === 'string' ? likeToken(like, dice) : word(dice));
  }
}

function changedMap(map: { [key: string]: Draft }, kind: HiddenKind, dice: Dice): Draft {
  const entries = Object.entries(map);
  const at = dice.next() % entries.length;
  if (kind === 'key deleted') entries.splice(at, 1);
  else if (kind === 'key added') entries.push([`added_${word(dice)}`, scalar(dice)]);
  else entries[at] = [`renamed_${word(dice)}`, entries[at]![1]];
  return Object.fromEntries(entries);
}

/** Changes a line of a template that is the same at every site. */
function editTemplate(after: DraftPlan, kind: HiddenKind, dice: Dice): HiddenChange | undefined {
  const places = Object.entries(after.templates).flatMap(([file, text]) =>
    text
      .split('\n')
      .slice(0, -1)
      .flatMap((line, at) => (/\{[{%#]/.test(line) || line === '' ? [] : [{ file, at }])),
  );
  const found = places[dice.next() % Math.max(1, places.length)];
  if (!found) return undefined;
  const lines = after.templates[found.file]!.split('\n');
  const line = lines[found.at]!;
  const words = line.split(' ');
  words[dice.next() % words.length] = `${word(dice)}-${dice.next() % 100}`;
  const now: Partial<Record<HiddenKind, string[]>> = {
    'line changed': [words.join(' ')],
    'line added': [line, `${word(dice)} ${dice.next()}`],
    'line removed': [],
  };
  lines.splice(found.at, 1, ...now[kind]!);
  after.templates[found.file] = lines.join('\n');
  return { plan: after, file: found.file };
}
