import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import { item } from '../python/access.ts';
import { type Datum, nameOfType, Undefined, usable } from '../values.ts';

/** Looks something up in an element, as Jinja2's `attribute=` arguments do. May give what is undefined. */
export type Getter = (element: Datum) => Datum;

/** What `attribute='a.b.0'` asks for; without one, the element itself. Not given is `null` or `undefined`. */
export function getter(attribute: Datum | undefined, fuel: Fuel, fallback?: Datum): Getter {
  const parts = partsOf(attribute);
  return (element) => {
    let result = element;
    for (const part of parts) {
      result = item(result, part, fuel);
      if (result instanceof Undefined && fallback !== undefined && fallback !== null)
        result = fallback;
    }
    return result;
  };
}

/** As `getter`, of several attributes with commas between them. */
export function getters(attribute: Datum | undefined, fuel: Fuel): Getter[] {
  if (typeof attribute !== 'string') return [getter(attribute, fuel)];
  return attribute.split(',').map((part) => getter(part, fuel));
}

function partsOf(attribute: Datum | undefined): (string | number)[] {
  if (attribute === undefined || attribute === null) return [];
  if (typeof attribute === 'number') return [attribute];
  if (typeof attribute !== 'string') {
    throw new Fault(`an attribute is named by text or a number, not by ${nameOfType(attribute)}`);
  }
  return attribute.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
}

/** Lower case for text, anything else as it is: how Jinja2 compares unless told otherwise. */
export function ignoreCase(value: Datum): Datum {
  usable(value);
  return typeof value === 'string' ? value.toLowerCase() : value;
}
