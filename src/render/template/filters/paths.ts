import { Fault } from '../errors.ts';
import {
  baseName,
  dirName,
  joinPaths,
  normalPath,
  splitDrive,
  splitExtension,
  windowsBaseName,
  windowsDirName,
} from '../python/paths.ts';
import { type Datum, elements, Tuple } from '../values.ts';
import { defineFilter, type Filter } from './filter.ts';
import { needText } from './text.ts';

function pathFilter(name: string, change: (path: string) => Datum): Filter {
  return defineFilter({
    name,
    signature: [],
    inverse: 'several',
    implementation: (value, _, run) => {
      const path = needText(value, name);
      run.fuel.spend(path.length);
      if (name.startsWith('win_') && /^[\\/]{2}/.test(path)) {
        throw new Fault(`${name} does not take network paths`);
      }
      return change(path);
    },
  });
}

export const pathFilters: Filter[] = [
  pathFilter('basename', baseName),
  pathFilter('dirname', dirName),
  pathFilter('splitext', (path) => new Tuple(splitExtension(path))),
  pathFilter('normpath', normalPath),
  pathFilter('win_basename', windowsBaseName),
  pathFilter('win_dirname', windowsDirName),
  pathFilter('win_splitdrive', (path) => new Tuple(splitDrive(path))),
  defineFilter({
    name: 'path_join',
    signature: [],
    inverse: 'several',
    implementation: (value, _, run) => {
      if (typeof value === 'string') return value;
      const paths = elements(value)?.map((part) => needText(part, 'path_join'));
      if (!paths || paths.length === 0) throw new Fault('path_join needs a list of paths');
      const joined = joinPaths(paths);
      run.fuel.spend(joined.length);
      return joined;
    },
  }),
];
