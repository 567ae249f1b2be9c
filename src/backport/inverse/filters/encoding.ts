import { parseYamlValue } from '../../../plan/yaml/parse.ts';
import { toValue } from '../../../plan/yaml/value.ts';
import { Fuel } from '../../../render/template/fuel.ts';
import { parseJson } from '../../../render/template/python/json-parse.ts';
import { dumpJson } from '../../../render/template/python/json.ts';
import { dumpYaml } from '../../../render/template/python/yaml-dump.ts';
import { type Datum, elements, Tuple } from '../../../render/template/values.ts';
import { pairOf } from '../names.ts';
import { attempt, inOrderOf, valueLike } from '../values.ts';
import type { Inverse, Step } from './step.ts';

function bytes(step: Step): BufferEncoding {
  const name = step.args.get(0);
  return typeof name === 'string' && /^utf-16/i.test(name) ? 'utf16le' : 'utf8';
}

const decoded: Inverse = (step) => {
  const { input, wanted } = step;
  if (typeof wanted !== 'string') return [];
  const text = Buffer.from(wanted.replaceAll('-', '+').replaceAll('_', '/'), 'base64').toString(
    bytes(step),
  );
  return [valueLike(input, text), text];
};

const encoded: Inverse = (step) => {
  if (typeof step.wanted !== 'string') return [];
  const text = Buffer.from(step.wanted, bytes(step)).toString('base64');
  return [step.args.flag(1) ? text.replaceAll('+', '-').replaceAll('/', '_') : text];
};

function percentDecoded(text: string): string | undefined {
  return attempt(() => decodeURIComponent(text));
}

const urlEncoded: Inverse = ({ input, wanted }) => {
  if (typeof wanted !== 'string') return [];
  if (input instanceof Map || (input !== undefined && elements(input))) {
    const pairs = wanted === '' ? [] : wanted.split('&').map((pair) => pair.split('='));
    const old =
      input instanceof Map ? [...input] : (elements(input) ?? []).map((pair) => pairOf(pair));
    const now = pairs.map(([name = '', value = ''], i) => {
      const [key, content] = [name, value].map(
        (part) => percentDecoded(part.replaceAll('+', ' ')) ?? part,
      );
      const before = old.find((entry) => entry?.[0] === key)?.[1] ?? old[i]?.[1];
      return [key ?? '', valueLike(before, content ?? '')] as [string, Datum];
    });
    return [input instanceof Map ? new Map(now) : now.map((pair) => new Tuple(pair))];
  }
  const text = percentDecoded(wanted);
  return text === undefined ? [] : [valueLike(input, text), text];
};

const urlDecoded: Inverse = ({ wanted }) => {
  if (typeof wanted !== 'string') return [];
  return [
    encodeURI(wanted),
    encodeURIComponent(wanted).replaceAll('%20', '+'),
    encodeURIComponent(wanted),
  ];
};

/** The edited JSON, read; keys in the order that the parameter has them, where it was sorted. */
const fromJsonText: Inverse = ({ input, wanted }) => {
  if (typeof wanted !== 'string') return [];
  const value = attempt(() => parseJson(wanted, new Fuel()));
  return value === undefined ? [] : [inOrderOf(input, value), value];
};

const fromYamlText: Inverse = ({ input, wanted }) => {
  if (typeof wanted !== 'string') return [];
  const value = attempt(() => readYaml(wanted));
  return value === undefined ? [] : [inOrderOf(input, value), value];
};

/** YAML as the plan is read; throws where it is none. */
function readYaml(text: string): Datum {
  const { root, problems } = parseYamlValue('the text', text);
  if (!root || problems.length > 0) throw new SyntaxError('not YAML');
  return toValue(root);
}

/** `from_json`: the value is written again, indented as the old text was. */
const toJsonText: Inverse = ({ input, wanted }) => {
  const indent = typeof input === 'string' ? /\n(\s+)/.exec(input)?.[1] : undefined;
  const isTight = typeof input === 'string' && !/[,:]\s/.test(input);
  const options = { indent, sortKeys: false, ascii: false };
  return [
    attempt(() =>
      dumpJson(
        wanted,
        {
          ...options,
          itemSeparator: isTight || indent !== undefined ? ',' : ', ',
          keySeparator: isTight ? ':' : ': ',
        },
        new Fuel(),
      ),
    ),
  ];
};

const toYamlText: Inverse = ({ wanted }) => {
  const options = {
    indent: 2,
    width: 80,
    sortKeys: false,
    flow: 'never',
    explicitStart: false,
  } as const;
  return [attempt(() => dumpYaml(wanted, options, new Fuel()))];
};

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&#39;': "'",
  '&#34;': '"',
};

/** `escape`: what its characters stand for. */
const unescaped: Inverse = ({ input, wanted }) => {
  if (typeof wanted !== 'string') return [];
  const text = wanted.replace(/&(?:amp|lt|gt|#39|#34);/g, (entity) => ENTITIES[entity] ?? entity);
  return [valueLike(input, text), text];
};

const asItIs: Inverse = ({ input, wanted }) =>
  typeof wanted === 'string' ? [valueLike(input, wanted), wanted] : [];

/** Inverses of the filters that write and read formats. */
export const encodingInverses: Readonly<Record<string, Inverse>> = {
  b64encode: decoded,
  b64decode: encoded,
  urlencode: urlEncoded,
  urldecode: urlDecoded,
  escape: unescaped,
  forceescape: unescaped,
  safe: asItIs,
  tojson: fromJsonText,
  to_json: fromJsonText,
  to_nice_json: fromJsonText,
  to_yaml: fromYamlText,
  to_nice_yaml: fromYamlText,
  from_json: toJsonText,
  from_yaml: toYamlText,
};
