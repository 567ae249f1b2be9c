import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * What Gitea's published API says, as the types of gitea-js (MIT) carry it: they are made from Gitea's own
 * `swagger.v1.json`, routes, names of parameters, bodies and answers with them. Every field is optional there, and what
 * is optional may be null in Go's JSON, so this holds names and types, and what a request must have.
 */
const TYPES = readFileSync(
  fileURLToPath(import.meta.resolve('gitea-js')).replace(/\.m?js$/, '.d.ts'),
  'utf8',
);

interface Field {
  type: string;
  required: boolean;
}

interface Operation {
  method: string;
  pattern: RegExp;
  query: Set<string>;
  body: string | undefined;
  answer: string;
}

const interfaces = new Map(
  [...TYPES.matchAll(/^interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name, text]) => [
    name!,
    fieldsOf(text!),
  ]),
);
const aliases = new Map(
  [...TYPES.matchAll(/^type (\w+) = ([^;]+);/gm)].map(([, name, type]) => [name!, type!]),
);
const operations = [
  ...TYPES.matchAll(
    /@request (\w+):(\S+)\n[\s\S]*?\*\/\s*\w+: \(([\s\S]*?)\) => Promise<HttpResponse<(.+?), \w+>>;/g,
  ),
].map(([, method, path, parameters, answer]) => operationOf(method!, path!, parameters!, answer!));

/** What is wrong with a request by the published API. `path` is the URL's below `/api/v1`. */
export function requestFaults(
  method: string,
  path: string,
  query: URLSearchParams,
  body: unknown,
): string[] {
  const operation = find(method, path);
  if (!operation) return [`${method} ${path} is not described`];
  const faults = [...query.keys()]
    .filter((name) => !operation.query.has(name))
    .map((name) => `the parameter ${name} is not described`);
  if (operation.body === undefined) {
    return body === undefined ? faults : [...faults, 'a body is not described'];
  }
  return [...faults, ...valueFaults(operation.body, body ?? {}, 'body')];
}

/** What is wrong with the body of a good answer by the published API. */
export function answerFaults(method: string, path: string, body: unknown): string[] {
  const operation = find(method, path);
  if (!operation) return [];
  if (operation.answer === 'void') return body === undefined ? [] : ['a body is not described'];
  return valueFaults(operation.answer, body, 'answer');
}

function operationOf(method: string, path: string, parameters: string, answer: string): Operation {
  const [, query = ''] = /query\??: \{([\s\S]*?)\n\s*\}/.exec(parameters) ?? [];
  const [, body] = /\bbody: (\w+)/.exec(parameters) ?? [];
  return {
    method,
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    query: new Set(fieldsOf(query).keys()),
    body,
    answer,
  };
}

/** The routes without variables come first. */
function find(method: string, path: string): Operation | undefined {
  const fitting = operations.filter((one) => one.method === method && one.pattern.test(path));
  return fitting.toSorted((a, b) => variables(a.pattern.source) - variables(b.pattern.source))[0];
}

function variables(source: string): number {
  return source.split('[^/]+').length;
}

function fieldsOf(text: string): Map<string, Field> {
  const bare = text.replaceAll(/\/\*[\s\S]*?\*\//g, '');
  return new Map(
    [...bare.matchAll(/^\s+'?([\w-]+)'?(\??): ([^;]+);/gm)].map(([, name, optional, type]) => [
      name!,
      { type: type!, required: optional === '' },
    ]),
  );
}

function valueFaults(type: string, value: unknown, where: string): string[] {
  if (type === 'any') return [];
  if (type.endsWith('[]')) {
    if (!Array.isArray(value)) return [`${where} must be an array`];
    return value.flatMap((one, i) => valueFaults(type.slice(0, -2), one, `${where}[${i}]`));
  }
  if (['string', 'number', 'boolean'].includes(type)) {
    return typeof value === type ? [] : [`${where} must be a ${type}`];
  }
  if (type.includes("'")) {
    return type.includes(`'${String(value)}'`) ? [] : [`${where} must be one of ${type}`];
  }
  const alias = aliases.get(type);
  if (alias !== undefined) return valueFaults(alias, value, where);
  const fields = interfaces.get(type);
  if (!fields) throw new Error(`gitea-js has no type ${type} (${where})`);
  return objectFaults(fields, value, where);
}

function objectFaults(fields: Map<string, Field>, value: unknown, where: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${where} must be an object`];
  const entries = Object.entries(value);
  const missing = [...fields].filter(([name, { required }]) => required && !(name in value));
  return [
    ...missing.map(([name]) => `${where}.${name} is missing`),
    ...entries.flatMap(([name, each]) => {
      const field = fields.get(name);
      if (!field) return [`${where}.${name} is not described`];
      return each === null ? [] : valueFaults(field.type, each, `${where}.${name}`);
    }),
  ];
}
