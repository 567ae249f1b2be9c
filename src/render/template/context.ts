import { Tagged, type Value, type YamlPath } from '../../plan/yaml/node.ts';
import type { Binding, Context } from './run.ts';
import type { Datum } from './values.ts';

type IsSecret = (path: YamlPath) => boolean;

/** Values that hold nothing to make ready, once looked at; values of the plan are never changed. */
const ready = new WeakMap<object, Datum>();

/** What a template's names mean: the plan's values, `!unsafe` text as plain text, secrets as what cannot be used. */
export class PlanContext implements Context {
  private readonly values: ReadonlyMap<string, Value>;
  private readonly isSecret: IsSecret | undefined;
  private readonly bindings = new Map<string, Binding>();

  constructor(values: ReadonlyMap<string, Value>, isSecret?: IsSecret) {
    this.values = values;
    this.isSecret = isSecret;
  }

  get(name: string): Binding | undefined {
    const known = this.bindings.get(name);
    if (known) return known;
    const value = this.values.get(name);
    if (value === undefined) return undefined;
    const binding: Binding = {
      value: this.isSecret ? conceal(value, [name], this.isSecret) : plainly(value),
      origin: { kind: 'context', name },
    };
    this.bindings.set(name, binding);
    return binding;
  }
}

function plainly(value: Value): Datum {
  if (typeof value !== 'object' || value === null) return value;
  const known = ready.get(value);
  if (known !== undefined) return known;
  const result = convert(value, (item) => plainly(item));
  ready.set(value, result);
  return result;
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
