import { Float, Tagged, type ScalarValue } from './node.ts';
import { isDate, resolvePlain } from './scalar.ts';
import { excerpt } from './source-text.ts';

/** Local tags that plan files may carry. */
const LOCAL_TAGS = new Set(['!vault', '!unsafe', '!unset']);

type TaggedRead =
  | { tag: string; value: ScalarValue; problem?: never; hint?: never }
  | { problem: string; hint?: string; tag?: never; value?: never };

/**
 * Reads a scalar that carries a tag: Ansible's own and ours stay tags, YAML's standard ones (`!!str`, `!!int` …)
 * decide the type. `text`: the scalar's text without quotes, lines folded.
 */
export function readTagged(tag: string, text: string): TaggedRead {
  if (tag === '!unset') {
    return text === ''
      ? { tag, value: new Tagged(tag, '') }
      : { problem: 'nothing may follow !unset', hint: 'it removes the key that it stands at' };
  }
  if (LOCAL_TAGS.has(tag)) return { tag, value: new Tagged(tag, text) };
  if (tag === '!!str') return { tag: '', value: text };
  const value = readStandard(tag, text);
  if (value !== undefined) return { tag: '', value };
  if (tag.startsWith('!!')) {
    return { problem: `the tag ${excerpt(tag)} does not fit its value, or is not supported` };
  }
  return {
    problem: `unknown tag ${excerpt(tag)}`,
    hint: tag === '!vault-encrypted' ? 'write !vault' : 'known are !vault, !unsafe and !unset',
  };
}

function readStandard(tag: string, text: string): ScalarValue | undefined {
  const value = resolvePlain(text);
  switch (tag) {
    case '!!null':
      return value === null ? null : undefined;
    case '!!bool':
      return typeof value === 'boolean' ? value : undefined;
    case '!!int':
      return typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
    case '!!float':
      if (value instanceof Float) return value;
      return typeof value === 'number' && /^[-+]?[0-9]+$/.test(text)
        ? new Float(Number(text))
        : undefined;
    case '!!timestamp':
      return isDate(text) ? value : undefined;
    default:
      return undefined;
  }
}
