import type { YamlNode } from '../../../plan/yaml/node.ts';
import { parseYamlValue } from '../../../plan/yaml/parse.ts';
import { isDateNode, toValue } from '../../../plan/yaml/value.ts';
import { Fault } from '../errors.ts';
import { truthy } from '../python/compare.ts';
import { type JsonOptions, dumpJson } from '../python/json.ts';
import { dumpYaml, type YamlOptions } from '../python/yaml-dump.ts';
import type { Run } from '../run.ts';
import { type Datum, elements, given } from '../values.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';
import { needText } from './text.ts';

const jsonArguments = ['indent?', 'sort_keys?', 'ensure_ascii?', 'separators?'];

/** `to_json` and `to_nice_json`; the places of `jsonArguments` come first or by name. */
function toJson(value: Datum, args: Arguments, run: Run, nice: boolean): string {
  const indent = indentation(
    given(args.keywords.get('indent'), given(args.get(0), nice ? 4 : null)),
  );
  const separators = args.keywords.get('separators');
  const options: JsonOptions = {
    indent,
    sortKeys: truthy(given(args.keywords.get('sort_keys'), given(args.get(1), nice))),
    ascii: truthy(given(args.keywords.get('ensure_ascii'), true)),
    itemSeparator: indent === undefined && !nice ? ', ' : ',',
    keySeparator: ': ',
  };
  if (separators !== undefined && separators !== null && !nice) {
    const [item, key] = elements(separators) ?? [];
    if (typeof item !== 'string' || typeof key !== 'string')
      throw new Fault('separators are two texts');
    options.itemSeparator = item;
    options.keySeparator = key;
  }
  for (const name of args.keywords.keys()) {
    if (!jsonArguments.includes(`${name}?`))
      throw new Fault(`the argument "${name}" is not supported`);
  }
  return dumpJson(value, options, run.fuel);
}

export function indentation(value: Datum): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && value <= 100) return ' '.repeat(Math.max(0, value));
  throw new Fault('indent is a number up to 100');
}

const yamlArguments = [
  'indent',
  'width',
  'sort_keys',
  'default_flow_style',
  'explicit_start',
  'allow_unicode',
];

/** `to_yaml` and `to_nice_yaml`. */
function toYaml(value: Datum, args: Arguments, run: Run, nice: boolean): string {
  const { keywords } = args;
  for (const name of keywords.keys()) {
    if (!yamlArguments.includes(name)) throw new Fault(`the argument "${name}" is not supported`);
  }
  const number = (name: string, positional: Datum | undefined, fallback: number): number => {
    const found = given(keywords.get(name), given(positional, fallback));
    if (typeof found !== 'number') throw new Fault(`${name} must be an integer`);
    return found;
  };
  const flow = given(keywords.get('default_flow_style'), nice ? false : null);
  const options: YamlOptions = {
    indent: number('indent', nice ? args.get(0) : undefined, nice ? 4 : 2),
    width: number('width', undefined, 80),
    sortKeys: truthy(given(keywords.get('sort_keys'), true)),
    flow: flow === null ? 'leaves' : truthy(flow) ? 'always' : 'never',
    explicitStart: truthy(given(keywords.get('explicit_start'), false)),
  };
  if (keywords.get('allow_unicode') === false) throw new Fault('allow_unicode is always true');
  return dumpYaml(value, options, run.fuel);
}

/** Ansible's `from_yaml`; dates, which become Python's own there, are refused. */
function fromYaml(value: Datum, run: Run): Datum {
  if (value === null) return null;
  const text = needText(value, 'from_yaml');
  run.fuel.spend(text.length * 4);
  const { root, problems } = parseYamlValue('the text', text);
  const [problem] = problems;
  if (!root) throw new Fault(`the text is not YAML${problem ? `: ${problem.message}` : ''}`);
  refuseDates(root);
  return toValue(root);
}

function refuseDates(node: YamlNode): void {
  if (node.kind === 'sequence') node.items.forEach(refuseDates);
  else if (node.kind === 'map') for (const { value } of node.entries.values()) refuseDates(value);
  else if (isDateNode(node))
    throw new Fault('from_yaml is not supported for dates', { hint: 'quote them' });
}

export const serialFilters: Filter[] = [
  defineFilter({
    name: 'from_yaml',
    signature: [],
    inverse: 'several',
    implementation: (value, _, run) => fromYaml(value, run),
  }),
  defineFilter({
    name: 'to_json',
    signature: ['**'],
    inverse: 'exact',
    implementation: (value, args, run) => toJson(value, args, run, false),
  }),
  defineFilter({
    name: 'to_nice_json',
    signature: ['indent?', 'sort_keys?', '**'],
    inverse: 'exact',
    implementation: (value, args, run) => toJson(value, args, run, true),
  }),
  defineFilter({
    name: 'to_yaml',
    signature: ['**'],
    inverse: 'exact',
    implementation: (value, args, run) => toYaml(value, args, run, false),
  }),
  defineFilter({
    name: 'to_nice_yaml',
    signature: ['indent?', '**'],
    inverse: 'exact',
    implementation: (value, args, run) => toYaml(value, args, run, true),
  }),
];
