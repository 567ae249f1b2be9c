import { Tagged, type MapEntry, type ScalarNode, type YamlNode } from './node.ts';
import { floatText } from './scalar.ts';

/** The entry of a mapping that a key and a value make. */
export function toEntry(key: ScalarNode, value: YamlNode): MapEntry {
  const entry: MapEntry = {
    key: keyText(key),
    keyToken: key.token,
    keySource: key.source,
    value,
  };
  const { value: keyValue } = key;
  if (typeof keyValue !== 'string' && !(keyValue instanceof Tagged)) entry.keyValue = keyValue;
  return entry;
}

/** A key's text; keys that are no strings as Python's `str` writes them, for that is what templates print. */
function keyText(key: ScalarNode): string {
  const { value } = key;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'object') return 'value' in value ? floatText(value.value) : value.text;
  return String(value);
}

/** Equal for keys that Python takes for the same: True, 1 and 1.0 are one, `80` and `"80"` are two. */
export function keyIdentity({ key, keyValue }: MapEntry): string {
  if (keyValue === undefined || keyValue === null) return `text ${key}`;
  const number = typeof keyValue === 'object' ? keyValue.value : keyValue;
  return `number ${typeof number === 'bigint' ? number : Number(number)}`;
}
