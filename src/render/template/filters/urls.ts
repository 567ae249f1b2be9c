import { Fault } from '../errors.ts';
import { type Datum, given } from '../values.ts';
import { defineFilter, type Filter } from './filter.ts';
import { needText } from './text.ts';

const URL = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([!-~]*?)(\/[!-~]*?)?(?:\?([!-~]*?))?(?:#([!-~]*))?$/;
const AUTHORITY = /^(?:([^@:]*)(?::([^@]*))?@)?(\[[0-9A-Fa-f:.]+\]|[^@:[\]]*)(?::(\d{1,5}))?$/;

/** `urllib.parse.urlsplit` of a URL with a host, its parts by name as Ansible gives them. */
function urlSplit(text: string): Map<string, Datum> {
  const [, scheme, netloc = '', path = '', query = '', fragment = ''] = URL.exec(text) ?? [];
  const authority = AUTHORITY.exec(netloc);
  if (scheme === undefined || /[?#]/.test(netloc + path) || query.includes('#') || !authority) {
    throw new Fault(
      `urlsplit is supported for URLs like https://host/path, not ${JSON.stringify(text)}`,
    );
  }
  const [, username = null, password = null, host = '', port] = authority;
  if (port !== undefined && Number(port) > 65_535) throw new Fault('the port is too large');
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return new Map<string, Datum>([
    ['fragment', fragment],
    ['hostname', name === '' ? null : name],
    ['netloc', netloc],
    ['password', password],
    ['path', path],
    ['port', port === undefined ? null : Number(port)],
    ['query', query],
    ['scheme', scheme.toLowerCase()],
    ['username', username],
  ]);
}

function urlDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new Fault('the text is not well percent-encoded');
  }
}

export const urlFilters: Filter[] = [
  defineFilter({
    name: 'urlsplit',
    signature: ['query?'],
    inverse: 'several',
    implementation: (value, args, run) => {
      const text = needText(value, 'urlsplit');
      run.fuel.spend(text.length);
      const parts = urlSplit(text);
      const wanted = given(args.get(0), '');
      if (wanted === '') return parts;
      const part = typeof wanted === 'string' ? parts.get(wanted) : undefined;
      if (part === undefined)
        throw new Fault('urlsplit knows no such part', { hint: [...parts.keys()].join(', ') });
      return part;
    },
  }),
  defineFilter({
    name: 'urldecode',
    signature: [],
    inverse: 'exact',
    implementation: (value, _, run) => {
      const text = needText(value, 'urldecode');
      run.fuel.spend(text.length);
      return urlDecode(text);
    },
  }),
];
