import { createHash } from 'node:crypto';

import { Fault } from '../errors.ts';
import { iterate } from '../python/access.ts';
import { show } from '../python/show.ts';
import type { Run } from '../run.ts';
import { type Datum, elements, View } from '../values.ts';
import { type Arguments, defineFilter, type Filter } from './filter.ts';
import { needText } from './text.ts';

const hashes = new Set(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']);

function digest(value: Datum, algorithm: string, run: Run): string {
  if (!hashes.has(algorithm)) {
    throw new Fault(`the hash "${algorithm}" is not supported`, { hint: [...hashes].join(', ') });
  }
  const text = show(value, run.fuel);
  run.fuel.spend(text.length);
  return createHash(algorithm).update(text).digest('hex');
}

function hashFilter(name: string, algorithm: string): Filter {
  return defineFilter({
    name,
    signature: [],
    inverse: 'none',
    implementation: (value, _, run) => digest(value, algorithm, run),
  });
}

const encodings = new Map<string, BufferEncoding>([
  ['utf-8', 'utf8'],
  ['utf8', 'utf8'],
  ['utf-16-le', 'utf16le'],
]);

function encoding(args: Arguments): BufferEncoding {
  const name = args.text(0, 'utf-8');
  const found = encodings.get(name.toLowerCase());
  if (!found) throw new Fault(`the encoding "${name}" is not supported`);
  return found;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBase64(value: Datum, args: Arguments, run: Run): string {
  const text = needText(value, 'b64decode');
  run.fuel.spend(text.length);
  const standard = args.flag(1)
    ? text.replaceAll('-', '+').replaceAll('_', '/')
    : text.replaceAll('\n', '');
  if (!base64.test(standard)) throw new Fault('the text is not base64');
  try {
    const decoder = new TextDecoder(encoding(args) === 'utf8' ? 'utf-8' : 'utf-16le', {
      fatal: true,
      ignoreBOM: true,
    });
    return decoder.decode(Buffer.from(standard, 'base64'));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('what the base64 stands for is not text');
  }
}

/** `urllib.parse.quote` of UTF-8. */
function percentEncode(text: string, forQuery: boolean): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return forQuery ? encoded.replaceAll('%20', '+') : encoded.replaceAll('%2F', '/');
}

function urlEncode(value: Datum, run: Run): string {
  if (!(value instanceof Map) && !elements(value))
    return percentEncode(show(value, run.fuel), false);
  const pairs = iterate(value instanceof Map ? new View('items', value) : value, run.fuel);
  return pairs
    .map((pair) => {
      const parts = iterate(pair, run.fuel).map((part) =>
        percentEncode(show(part, run.fuel), true),
      );
      if (parts.length !== 2) throw new Fault('urlencode needs pairs of a name and a value');
      return parts.join('=');
    })
    .join('&');
}

export const encodingFilters: Filter[] = [
  defineFilter({
    name: 'hash',
    signature: ['hashtype?'],
    inverse: 'none',
    implementation: (value, args, run) => digest(value, args.text(0, 'sha1'), run),
  }),
  hashFilter('md5', 'md5'),
  hashFilter('sha1', 'sha1'),
  hashFilter('checksum', 'sha1'),
  defineFilter({
    name: 'b64encode',
    signature: ['encoding?', 'urlsafe?'],
    inverse: 'exact',
    implementation: (value, args, run) => {
      const text = show(value, run.fuel);
      run.fuel.spend(text.length * 2);
      const encoded = Buffer.from(text, encoding(args)).toString('base64');
      return args.flag(1) ? encoded.replaceAll('+', '-').replaceAll('/', '_') : encoded;
    },
  }),
  defineFilter({
    name: 'b64decode',
    signature: ['encoding?', 'urlsafe?'],
    inverse: 'exact',
    implementation: decodeBase64,
  }),
  defineFilter({
    name: 'urlencode',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) => urlEncode(value, run),
  }),
];
