import { Fault } from '../errors.ts';
import type { Fuel } from '../fuel.ts';
import type { Datum } from '../values.ts';

export interface YamlOptions {
  indent: number;
  width: number;
  sortKeys: boolean;
  flow: 'always' | 'leaves' | 'never';
  explicitStart: boolean;
}

export function dumpYaml(_value: Datum, _options: YamlOptions, _fuel: Fuel): string {
  throw new Fault('to_yaml is not supported yet');
}
