import { Float, Tagged, type YamlPath } from '../../plan/yaml/node.ts';
import { type Datum, elements, Undefined } from '../../render/template/values.ts';
import { REMOVED, type Alternative, type Assignment } from './types.ts';
import { same } from './values.ts';

/** Where a value stands, and what it is now. */
export interface Place {
  path: YamlPath;
  local: boolean;
  value: Datum | undefined;
}

/**
 * The assignments that make the value at a place another, each as deep as it can be. Empty, with the reason told,
 * where the plan may not say it.
 */
export function assign(place: Place, wanted: Datum, why: (reason: string) => void): Alternative[] {
  const assignments: Assignment[] = [];
  const costs: Plausibility[] = [];
  const old = place.value instanceof Undefined ? undefined : place.value;
  const refusal = collect(place, old, wanted, assignments, costs);
  if (refusal !== undefined) {
    why(refusal);
    return [];
  }
  const doubt = costs.find((cost) => cost.doubt !== undefined)?.doubt;
  const cost = costs.reduce((sum, part) => sum + part.cost, 0);
  return [{ assignments, edits: [], cost, ...(doubt !== undefined && { doubt }) }];
}

/** The removal of the key at a place. */
export function remove(place: Place, why: (reason: string) => void): Alternative[] {
  const isSecret = place.value !== undefined && holdsSecret(place.value);
  const refusal = isSecret ? SECRET : place.local ? undefined : guarded(place.path);
  if (refusal === undefined && typeof place.path.at(-1) === 'string') {
    const { path, local } = place;
    return [{ assignments: [{ path, local, value: REMOVED }], edits: [], cost: 2 }];
  }
  why(refusal ?? 'an element of a list cannot be left undefined');
  return [];
}

/** Adds what has to be assigned; gives the reason where that is not allowed. */
function collect(
  place: Pick<Place, 'path' | 'local'>,
  old: Datum | undefined,
  wanted: Datum,
  assignments: Assignment[],
  costs: Plausibility[],
): string | undefined {
  if (old !== undefined && same(old, wanted, true)) return undefined;
  const { path, local } = place;
  const deeper = (key: string | number): Pick<Place, 'path' | 'local'> => ({
    path: [...path, key],
    local,
  });
  if (old instanceof Map && wanted instanceof Map && keepsOrder(old, wanted)) {
    for (const [key, value] of wanted) {
      const refusal = collect(deeper(key), old.get(key), value, assignments, costs);
      if (refusal !== undefined) return refusal;
    }
    for (const [key, value] of old) {
      if (wanted.has(key)) continue;
      const refusal = holdsSecret(value) ? SECRET : local ? undefined : guarded([...path, key]);
      if (refusal !== undefined) return refusal;
      assignments.push({ path: [...path, key], local, value: REMOVED });
      costs.push({ cost: 0.5 });
    }
    return undefined;
  }
  const [before, after] = [old === undefined ? undefined : elements(old), elements(wanted)];
  if (before && after && before.length === after.length && !isReordered(before, after)) {
    for (const [i, item] of after.entries()) {
      const refusal = collect(deeper(i), before[i], item, assignments, costs);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }
  const refusal = (local ? undefined : guarded(path)) ?? unfit(old, wanted);
  if (refusal !== undefined) return refusal;
  assignments.push({ path, local, value: plainData(wanted) });
  costs.push(plausibility(old, wanted));
  return undefined;
}

/** Whether a mapping becomes the other by changing, removing and appending keys. */
function keepsOrder(old: Map<string, Datum>, wanted: Map<string, Datum>): boolean {
  const kept = [...old.keys()].filter((key) => wanted.has(key));
  const now = [...wanted.keys()];
  return kept.every((key, i) => key === now[i]);
}

/** Whether several elements changed places, and none its content. */
function isReordered(before: readonly Datum[], after: readonly Datum[]): boolean {
  const changed = before.flatMap((item, i) => (same(item, after[i] ?? null) ? [] : [i]));
  const left = changed.map((i) => after[i] ?? null);
  return (
    changed.length > 1 &&
    changed.every((i) => {
      const at = left.findIndex((item) => same(item, before[i] ?? null));
      if (at >= 0) left.splice(at, 1);
      return at >= 0;
    })
  );
}

const SECRET = 'the value is a secret';

/** Why a place is none that an edit at a site may change. */
function guarded([first, second]: YamlPath): string | undefined {
  if (first === 'imports') return 'what is imported from another site is changed there';
  if (first !== 'site') return undefined;
  if (second === undefined) return 'the site itself is not a value';
  if (second === 'labels')
    return 'the labels of a site decide what it is given, and are left alone';
  return second === 'name' ? 'the name of a site is left alone' : undefined;
}

/** Why a value is none that the plan may hold. */
function unfit(old: Datum | undefined, wanted: Datum): string | undefined {
  if (holdsSecret(wanted) || (old !== undefined && holdsSecret(old))) return SECRET;
  if (!isPlain(wanted)) return 'the value exists only while a template is rendered';
  const known = new Set(old === undefined ? [] : textsOf(old));
  const template = textsOf(wanted).find((text) => !known.has(text) && /\{[{%#]/.test(text));
  if (template === undefined) return undefined;
  return 'a parameter may not hold "{{", "{%" or "{#": Ansible would take it for a template';
}

/** Whether there is a secret in a value. */
export function holdsSecret(value: Datum): boolean {
  if (value instanceof Tagged) return true;
  const parts = value instanceof Map ? [...value.values()] : (elements(value) ?? []);
  return parts.some((part) => holdsSecret(part));
}

function isPlain(value: Datum): boolean {
  if (typeof value !== 'object' || value === null || value instanceof Float) return true;
  const parts = value instanceof Map ? [...value.values()] : elements(value);
  return parts !== undefined && parts.every((part) => isPlain(part));
}

function plainData(value: Datum): Datum {
  if (value instanceof Map) {
    return new Map([...value].map(([key, part]) => [key, plainData(part)]));
  }
  return elements(value)?.map((part) => plainData(part)) ?? value;
}

function textsOf(value: Datum): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Map) return [...value].flatMap(([key, part]) => [key, ...textsOf(part)]);
  return (elements(value) ?? []).flatMap((part) => textsOf(part));
}

interface Plausibility {
  cost: number;
  doubt?: string;
}

/** How likely it is that somebody meant the one value to become the other. */
function plausibility(old: Datum | undefined, wanted: Datum): Plausibility {
  if (old === undefined) return { cost: 1 };
  if (typeof wanted === 'string' && typeof old === 'string') return textPlausibility(old, wanted);
  if (kindOf(old) === kindOf(wanted)) {
    const isEmptied = elements(wanted)?.length === 0 || (wanted instanceof Map && !wanted.size);
    return isEmptied ? { cost: 1 } : { cost: 0 };
  }
  if (old === null) return { cost: 1 };
  if (kindOf(old) === 'number' && kindOf(wanted) === 'float') return { cost: 1 };
  if (kindOf(old) === 'float' && kindOf(wanted) === 'number') return { cost: 1 };
  return { cost: 5, doubt: `${NAMES[kindOf(old)]} would become ${NAMES[kindOf(wanted)]}` };
}

function textPlausibility(old: string, wanted: string): Plausibility {
  if (wanted.trim() === '' && old.trim() !== '') {
    return { cost: 3, doubt: 'a value would become empty' };
  }
  if (wanted.includes('\n') && !old.includes('\n')) {
    return { cost: 4, doubt: 'a value would become several lines' };
  }
  if (countWords(old) === 1 && countWords(wanted) > 1) {
    return { cost: 1, doubt: 'a value would become several words' };
  }
  return { cost: 0 };
}

function countWords(text: string): number {
  return text.trim().split(/\s+/).length;
}

const NAMES = {
  null: 'null',
  boolean: 'a boolean',
  number: 'a number',
  float: 'a decimal number',
  text: 'text',
  list: 'a list',
  mapping: 'a mapping',
} as const;

function kindOf(value: Datum): keyof typeof NAMES {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  if (value instanceof Float) return 'float';
  if (typeof value === 'string') return 'text';
  return value instanceof Map ? 'mapping' : 'list';
}
