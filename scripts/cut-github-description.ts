/**
 * Cuts the operations that our emulation of GitHub answers, and the webhooks that it sends, out of GitHub's published OpenAPI description, and
 * writes them to test/support/github/openapi-slice.json. To be run again when an operation is added, or to take
 * up a newer description:
 *
 *     node scripts/cut-github-description.ts
 *
 * The package @octokit/openapi unpacks to 385 MB, so it is no dependency: one file of it is fetched with
 * `npm pack` into a temporary folder, and removed afterwards.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { OPERATIONS, WEBHOOKS } from '../test/support/github/operations.ts';

const PACKAGE = '@octokit/openapi@23.0.2';
const DESCRIPTION = 'package/generated/api.github.com.json';
const OUTPUT = new URL('../test/support/github/openapi-slice.json', import.meta.url);

type Json = null | boolean | number | string | Json[] | JsonObject;
interface JsonObject {
  [key: string]: Json;
}

/** Words about a schema, which validate nothing. */
const PROSE = new Set([
  'deprecated',
  'description',
  'discriminator',
  'example',
  'examples',
  'externalDocs',
  'summary',
  'title',
]);

function readDescription(): JsonObject {
  const folder = mkdtempSync(join(tmpdir(), 'github-description-'));
  try {
    execFileSync('npm', ['pack', PACKAGE, '--silent', '--pack-destination', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const archive = `octokit-openapi-${PACKAGE.split('@').at(-1)}.tgz`;
    execFileSync('tar', ['-xzf', archive, DESCRIPTION], { cwd: folder });
    const description: JsonObject = JSON.parse(readFileSync(join(folder, DESCRIPTION), 'utf8'));
    return description;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The fields of an object; of anything else, none. */
function fields(node: Json | undefined): JsonObject {
  return node !== null && typeof node === 'object' && !Array.isArray(node) ? node : {};
}

function child(node: Json | undefined, key: string): Json | undefined {
  return fields(node)[key];
}

/** What a local reference (`#/components/…`) points to. */
function follow(description: JsonObject, reference: string): Json {
  let node: Json | undefined = description;
  for (const key of reference.slice(2).split('/')) node = child(node, key);
  if (node === undefined) throw new Error(`${reference} points to nothing`);
  return node;
}

/** A parameter or response, with a reference to one resolved. */
function resolve(description: JsonObject, node: Json): Json {
  const reference = child(node, '$ref');
  return typeof reference === 'string' ? follow(description, reference) : node;
}

/** A schema without prose; what may be null says so in a way that validators of JSON Schema understand. */
function lean(node: Json): Json {
  if (Array.isArray(node)) return node.map(lean);
  if (node === null || typeof node !== 'object') return node;
  const out: JsonObject = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'properties' && typeof value === 'object' && value !== null) {
      // The keys in here are names of fields; one of them may well be "description".
      out[key] = Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name, lean(each)]),
      );
    } else if (!PROSE.has(key) && !key.startsWith('x-')) {
      out[key] = lean(value);
    }
  }
  if (out.nullable === true && Array.isArray(out.enum) && !out.enum.includes(null)) {
    out.enum.push(null);
  }
  if (out.nullable === true && out.type === undefined) {
    delete out.nullable;
    return { anyOf: [out, { type: 'null' }] };
  }
  return out;
}

function jsonContent(node: Json | undefined): JsonObject {
  const schema = child(child(child(node, 'content'), 'application/json'), 'schema');
  return schema === undefined ? {} : { content: { 'application/json': { schema: lean(schema) } } };
}

function cutOperation(description: JsonObject, operation: Json): JsonObject {
  const parameters = Object.values(child(operation, 'parameters') ?? []);
  const responses = Object.entries(fields(child(operation, 'responses')));
  const body = child(operation, 'requestBody');
  return {
    operationId: child(operation, 'operationId')!,
    parameters: parameters.map((parameter) => lean(resolve(description, parameter))),
    ...(body === undefined ? {} : { requestBody: jsonContent(body) }),
    responses: Object.fromEntries(
      responses.map(([status, response]) => [status, jsonContent(resolve(description, response))]),
    ),
  };
}

/** Names of the schemas that a node refers to. */
function referredSchemas(node: Json): string[] {
  return [...JSON.stringify(node).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name!,
  );
}

function cut(description: JsonObject): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const operation of OPERATIONS) {
    const [method = '', path = ''] = operation.split(' ');
    const found = child(child(description.paths, path), method.toLowerCase());
    if (found === undefined) throw new Error(`${PACKAGE} does not describe ${operation}`);
    (paths[path] ??= {})[method.toLowerCase()] = cutOperation(description, found);
  }
  const webhooks: JsonObject = {};
  for (const name of WEBHOOKS) {
    const found = child(child(description['x-webhooks'], name), 'post');
    if (found === undefined) throw new Error(`${PACKAGE} does not describe the webhook ${name}`);
    webhooks[name] = jsonContent(child(found, 'requestBody'));
  }
  const schemas: JsonObject = {};
  const wanted = [...referredSchemas(paths), ...referredSchemas(webhooks)];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (name in schemas) continue;
    const schema = lean(follow(description, `#/components/schemas/${name}`));
    schemas[name] = schema;
    wanted.push(...referredSchemas(schema));
  }
  return {
    openapi: description.openapi!,
    info: { title: `A slice of ${PACKAGE}`, version: child(description.info, 'version')! },
    paths,
    'x-webhooks': webhooks,
    components: { schemas },
  };
}

const text = `${JSON.stringify(cut(readDescription()))}\n`;
writeFileSync(OUTPUT, text);
console.log(`${OPERATIONS.length} operations, ${WEBHOOKS.length} webhooks, ${text.length} bytes`);
