import { Tagged, type Value, type YamlPath } from '../../plan/yaml/node.ts';
import type { Binding, Context } from './run.ts';
import type { Datum } from './values.ts';

type IsSecret = (path: YamlPath) => boolean;

/** The values that a template may ask for, by name; a `Map` is one. What it gives is never changed. */
export interface Names {
  get(name: string): Value | undefined;
  keys(): Iterable<string>;
  /** Whether a value was made for who asks alone: nothing that is found out about it is worth keeping. */
  isOwn?(name: string): boolean;
}

/** What templates see of a parameter's value, by the value: sites share most of them, and they never change. */
const ready = new WeakMap<object, Datum>();

/** What a template's names mean: the plan's values, `!unsafe` text as plain text, secrets as what cannot be used. */
export class PlanContext implements Context {
  private readonly values: Names;
  private readonly isSecret: IsSecret | undefined;
  private readonly bindings = new Map<string, Binding>();

  constructor(values: Names, isSecret?: IsSecret) {
    this.values = values;
    this.isSecret = isSecret;
  }

  get(name: string): Binding | undefined {
    const known = this.bindings.get(name);
    if (known) return known;
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    const binding: Binding = {
      value: this.datumOf(name, value),
      origin: { kind: 'context', name },
    };
    this.bindings.set(name, binding);
    return binding;
  }

  private datumOf(name: string, value: Value): Datum {
    if (this.isSecret) return conceal(value, [name], this.isSecret);
    return this.values.isOwn?.(name) ? made(value) : plainly(value);
  }
}

function plainly(value: Value): Datum {
  if (typeof value !== 'object' || value === null) return value;
  let result = ready.get(value);
  if (result === undefined) ready.set(value, (result = made(value)));
  return result;
}

function made(value: Value): Datum {
  return isPlain(value) ? value : textual(value);
}

/** Whether there is no `!unsafe` text in a value: then it can be used as it is. */
function isPlain(value: Value): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (value instanceof Tagged) return value.tag !== '!unsafe';
  if (Array.isArray(value)) return value.every(isPlain);
  if (value instanceof Map) for (const item of value.values()) if (!isPlain(item)) return false;
  return true;
}

function textual(value: Value): Datum {
  return convert(value, textual);
}

function conceal(value: Value, path: YamlPath, isSecret: IsSecret): Datum {
  if (isSecret(path)) return new Tagged('!secret', '');
  return convert(value, (item, key) => conceal(item, [...path, key], isSecret));
}

/** The value with its parts converted; the very same where nothing changes. */
function convert(value: Value, part: (item: Value, key: string | number) => Datum): Datum {
  if (value instanceof Tagged) return value.tag === '!unsafe' ? value.text : value;
  if (Array.isArray(value)) {
    const items = value.map((item, i) => part(item, i));
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]) => [key, part(item, key)] as const);
    return entries.some(([key, item]) => item !== value.get(key)) ? new Map(entries) : value;
  }
  return value;
}
