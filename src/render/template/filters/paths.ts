import { Fault } from '../errors.ts';
import {
  baseName,
  commonPath,
  dirName,
  joinPaths,
  normalPath,
  relativeTo,
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

const HERE = 'it would depend on the folder that Ansible runs in; start both paths with /';

/** `os.path.relpath` of absolute paths. */
function relativePath(value: Datum, start: Datum | undefined): string {
  const path = needText(value, 'relpath');
  const from = start === undefined || start === null ? '.' : needText(start, 'relpath');
  if (path === '') throw new Fault('relpath needs a path');
  if (path.startsWith('/') !== from.startsWith('/') || !path.startsWith('/')) {
    throw new Fault('relpath needs absolute paths', { hint: HERE });
  }
  return relativeTo(normalPath(path), normalPath(from));
}

export const pathFilters: Filter[] = [
  defineFilter({
    name: 'commonpath',
    signature: [],
    inverse: 'none',
    implementation: (value, _, run) => {
      const paths = elements(value)?.map((part) => needText(part, 'commonpath'));
      if (!paths || paths.length === 0) throw new Fault('commonpath needs a list of paths');
      run.fuel.spend(paths.reduce((size, path) => size + path.length, 0));
      if (new Set(paths.map((path) => path.startsWith('/'))).size > 1) {
        throw new Fault('commonpath takes either absolute or relative paths');
      }
      return commonPath(paths);
    },
  }),
  defineFilter({
    name: 'relpath',
    signature: ['start?'],
    inverse: 'several',
    implementation: (value, args) => relativePath(value, args.get(0)),
  }),
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
