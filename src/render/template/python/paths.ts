/** `posixpath`: pure functions on the text of paths. */

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function dirName(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/*$/.test(head) ? head : head.replace(/\/+$/, '');
}

export function splitExtension(path: string): [string, string] {
  const name = path.lastIndexOf('/') + 1;
  const dot = path.lastIndexOf('.');
  const leadingDots = /^\.*/.exec(path.slice(name))?.[0].length ?? 0;
  return dot >= name + leadingDots && dot > name
    ? [path.slice(0, dot), path.slice(dot)]
    : [path, ''];
}

export function joinPaths(paths: readonly string[]): string {
  let result = paths[0] ?? '';
  for (const part of paths.slice(1)) {
    if (part.startsWith('/')) result = part;
    else if (result === '' || result.endsWith('/')) result += part;
    else result += `/${part}`;
  }
  return result;
}

export function normalPath(path: string): string {
  if (path === '') return '.';
  const root =
    path.startsWith('//') && !path.startsWith('///') ? '//' : path.startsWith('/') ? '/' : '';
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..' || (root === '' && parts.length === 0) || parts.at(-1) === '..')
      parts.push(part);
    else parts.pop();
  }
  return root + parts.join('/') || '.';
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

/** `commonpath` of paths that are all absolute or all relative. */
export function commonPath(paths: readonly string[]): string {
  const [first = [], ...rest] = paths.map(partsOf);
  const end = first.findIndex((part, i) => rest.some((other) => other[i] !== part));
  const root = paths[0]?.startsWith('/') ? '/' : '';
  return root + (end < 0 ? first : first.slice(0, end)).join('/');
}

/** `relpath` of absolute normal paths. */
export function relativeTo(path: string, start: string): string {
  const [to, from] = [partsOf(path), partsOf(start)];
  const differs = from.findIndex((part, i) => part !== to[i]);
  const shared = differs < 0 ? from.length : differs;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/') || '.';
}

export function windowsBaseName(path: string): string {
  return splitDrive(path)[1].replace(/^.*[\\/]/s, '');
}

export function windowsDirName(path: string): string {
  const [drive, rest] = splitDrive(path);
  const head = /^.*[\\/]/s.exec(rest)?.[0] ?? '';
  return drive + (head.replace(/[\\/]+$/, '') || head);
}

export function splitDrive(path: string): [string, string] {
  return path[1] === ':' ? [path.slice(0, 2), path.slice(2)] : ['', path];
}
