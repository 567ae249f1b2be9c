import { makeScalar } from '../plan/yaml/make.ts';
import { Float, type ScalarNode, Tagged, type YamlNode } from '../plan/yaml/node.ts';
import { floatText, isDate, resolvePlain } from '../plan/yaml/scalar.ts';
import { isDateNode } from '../plan/yaml/value.ts';

/** How a template prints a scalar, as Python's `str` does it; undefined for collections and what is never printed. */
export function printed(node: YamlNode): string | undefined {
  if (node.kind !== 'scalar') return undefined;
  const { value, tag } = node;
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Tagged) return tag === '!unsafe' ? value.text : undefined;
  return String(value);
}

/**
 * A value of the kind that a parameter has which templates print as `text`, written the way the old one was.
 * Undefined where no such value does: what was a number never becomes prose.
 */
export function valueLike(before: YamlNode, text: string): ScalarNode | undefined {
  if (before.kind !== 'scalar' || printed(before) === undefined) return undefined;
  const made = makeLike(before, text);
  return made && printed(made) === text ? made : undefined;
}

function makeLike(before: ScalarNode, text: string): ScalarNode | undefined {
  const { value } = before;
  if (isDateNode(before)) return isDate(text) ? plain(text, text) : undefined;
  if (typeof value === 'string') return makeScalar(text);
  if (value instanceof Tagged) return makeScalar(new Tagged(value.tag, text));
  if (typeof value === 'boolean') {
    if (text !== 'True' && text !== 'False') return undefined;
    return boolLike(before.token, text === 'True');
  }
  if (value instanceof Float) {
    return /^-?\d+\.\d+$/.test(text) ? makeScalar(new Float(Number(text))) : undefined;
  }
  if (value !== null && /^(?:0|-?[1-9]\d{0,17})$/.test(text)) {
    return numberLike(before.token, BigInt(text));
  }
  return undefined;
}

/** `no` for `yes`, `False` for `True`. */
function boolLike(token: string, value: boolean): ScalarNode {
  for (const pair of [
    ['yes', 'no'],
    ['on', 'off'],
    ['true', 'false'],
  ] as const) {
    if (!pair.some((word) => word === token.toLowerCase())) continue;
    const word = pair[value ? 0 : 1];
    const written =
      token === token.toLowerCase()
        ? word
        : token === token.toUpperCase()
          ? word.toUpperCase()
          : word.charAt(0).toUpperCase() + word.slice(1);
    return plain(written, value);
  }
  return makeScalar(value);
}

/** An octal number stays one, and its leading zero with it. */
function numberLike(token: string, number: bigint): ScalarNode {
  const octal = `0${number.toString(8)}`;
  const safe = number >= Number.MIN_SAFE_INTEGER && number <= Number.MAX_SAFE_INTEGER;
  const value = safe ? Number(number) : number;
  const isOctal = /^0[0-7]+$/.test(token) && number >= 0n && resolvePlain(octal) === value;
  return isOctal ? plain(octal.padStart(token.length, '0'), value) : makeScalar(value);
}

function plain(token: string, value: ScalarNode['value']): ScalarNode {
  return { ...makeScalar(value), token, style: 'plain' };
}
