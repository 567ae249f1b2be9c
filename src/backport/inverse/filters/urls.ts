import { printed, same } from '../values.ts';
import type { Inverse } from './step.ts';

interface Url {
  scheme: string;
  username: string | undefined;
  password: string | undefined;
  hostname: string;
  port: string | undefined;
  path: string;
  query: string | undefined;
  fragment: string | undefined;
}

const URL =
  /^([A-Za-z][\w+.-]*):\/\/(?:([^@/:]*)(?::([^@/]*))?@)?(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/;

function read(text: string): Url | undefined {
  const [, scheme, username, password, hostname = '', port, path = '', query, fragment] =
    URL.exec(text) ?? [];
  return scheme === undefined
    ? undefined
    : { scheme, username, password, hostname, port, path, query, fragment };
}

function write(url: Url): string {
  const { scheme, username, password, hostname, port, path, query, fragment } = url;
  const user =
    username === undefined ? '' : `${username}${password === undefined ? '' : `:${password}`}@`;
  const authority = `${user}${hostname}${port === undefined ? '' : `:${port}`}`;
  const rest = `${query === undefined ? '' : `?${query}`}${fragment === undefined ? '' : `#${fragment}`}`;
  return `${scheme}://${authority}${path}${rest}`;
}

/** The URL with one part replaced. */
function withPart(url: Url, part: string, text: string): Url | undefined {
  switch (part) {
    case 'scheme':
    case 'username':
    case 'password':
    case 'port':
    case 'path':
    case 'query':
    case 'fragment':
      return { ...url, [part]: text };
    case 'hostname':
      return { ...url, hostname: url.hostname.startsWith('[') ? `[${text}]` : text };
    case 'netloc': {
      const authority = read(`${url.scheme}://${text}`);
      return (
        authority && { ...authority, path: url.path, query: url.query, fragment: url.fragment }
      );
    }
    default:
      return undefined;
  }
}

const urlsplit: Inverse = ({ input, output, wanted, args }) => {
  const url = typeof input === 'string' ? read(input) : undefined;
  if (!url) return [];
  const part = args.get(0);
  const changes: [string, string][] = [];
  if (typeof part === 'string' && part !== '') changes.push([part, printed(wanted) ?? '']);
  else if (wanted instanceof Map && output instanceof Map) {
    for (const [name, value] of wanted) {
      if (!same(output.get(name) ?? null, value)) changes.push([name, printed(value) ?? '']);
    }
  }
  let now: Url | undefined = url;
  for (const [name, text] of changes) now = now && withPart(now, name, text);
  return [now && write(now)];
};

/** Inverses of the filters on URLs. */
export const urlInverses: Readonly<Record<string, Inverse>> = { urlsplit };
