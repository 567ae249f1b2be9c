import { readFile } from 'node:fs/promises';

import { Validator } from '@seriousme/openapi-schema-validator';
import formats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { createApp } from '../../src/server/app.ts';
import { OPERATOR, startApi, seed } from '../support/api.ts';

/** As much of an OpenAPI document as these tests look at. */
const Content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.unknown()) }));
const Operation = z.looseObject({
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  responses: z.record(z.string(), z.looseObject({ content: Content.optional() })),
});
const Document = z.looseObject({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
});

const UNDOCUMENTED = ['GET /api/v1/openapi.json'];

test('the OpenAPI document is a valid one of 3.1', async () => {
  const api = await startApi();
  const response = await api.get('/api/v1/openapi.json');
  expect(response.status).toBe(200);
  const document = Document.parse(await response.json());
  expect(document.openapi).toMatch(/^3\.1\./);
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
  const broken = await new Validator().validate({ ...structuredClone(document), paths: [] });
  expect(broken.valid).toBe(false);
});

test('every route of the application is in the document, and no other', async () => {
  const { document, app } = await both();
  const served = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    .filter((route) => !UNDOCUMENTED.includes(route));
  const told = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  // A route stands among the application's once for each of its validators too.
  expect(told.toSorted()).toEqual([...new Set(served)].toSorted());
  expect(told.length).toBeGreaterThan(15);
});

test('docs/api.md lists every route of the document, and no other', async () => {
  const { document } = await both();
  const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
  const listed = text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => routesOf(line.split('|')[1]!));
  const told = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(listed.toSorted()).toEqual(told.toSorted());
});

/**
 * The routes that a cell of the table names: methods, then paths, where `…` stands for the path before up to its
 * last parameter, and what stands in capitals is one.
 */
function routesOf(cell: string): string[] {
  const methods: string[] = [];
  const paths: string[] = [];
  for (const [, word] of cell.matchAll(/`([^`]+)`/g)) {
    const [, method, path] = /^([A-Z]+)? ?(.*)$/.exec(word!)!;
    if (method) methods.push(method);
    if (!path) continue;
    const before = paths.at(-1) ?? '';
    const whole = path.replace('…', before.replace(/[^}]*$/, ''));
    const root = /^\/api\/v1/.exec(before)?.[0] ?? '';
    const named = whole.replaceAll(/\b[A-Z]+\b/g, (name) => `{${name.toLowerCase()}}`);
    paths.push(path.startsWith('…') ? named : `${root}${named}`);
  }
  return paths.flatMap((path) => methods.map((method) => `${method} ${path}`));
}

test('every decision is told to need a token', async () => {
  const { document } = await both();
  const posts = Object.entries(document.paths)
    // A one-time code takes the place of the token there.
    .filter(([path]) => path !== '/api/v1/enroll')
    .flatMap(([, { post }]) => post ?? []);
  expect(posts.map(({ security }) => security)).toEqual(posts.map(() => [{ bearer: [] }]));
  expect(posts.length).toBeGreaterThan(4);
});

test('what the server answers is what the document says', async () => {
  const { api, document } = await both();
  await seed(api.store);
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const keys: Record<string, string> = {
    '/api/v1/sites/{name}': 'lisbon-07',
    '/api/v1/runs/{id}': 'run-1',
    '/api/v1/proposals/{id}': 'proposal-1',
    '/api/v1/previews/{number}': '12',
  };
  const queries: Record<string, string> = {
    '/api/v1/sites/{name}/file': '?path=README',
    '/api/v1/sites/{name}/explain': '?key=x',
  };
  const checked: string[] = [];
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (get === undefined) continue;
    const base = Object.keys(keys).find((each) => path.startsWith(each));
    const key = base === undefined ? '' : keys[base]!;
    const address = path.replace(/\{\w+\}/, key) + (queries[path] ?? '');
    const headers = { authorization: `Bearer ${OPERATOR}` };
    const response = await api.get(address, { headers });
    // The site has what is desired: its bundles are looked at where they are made.
    if (response.status === 204) continue;
    expect(response.status).toBe(200);
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
    const pointer = [path, 'get', 'responses', '200', 'content', type, 'schema'].map(escape);
    expect(get.responses['200']?.content).toHaveProperty([type]);
    if (type !== 'application/json') {
      await response.body?.cancel();
      continue;
    }
    const validate = ajv.compile({ $ref: `openapi#/paths/${pointer.join('/')}` });
    const valid = validate(await response.json());
    expect({ path, valid, errors: validate.errors }).toEqual({ path, valid: true, errors: null });
    checked.push(path);
  }
  expect(checked.length).toBeGreaterThan(10);
});

async function both() {
  const api = await startApi();
  const document = Document.parse(await (await api.get('/api/v1/openapi.json')).json());
  return { api, document, app: createApp(api.options) };
}

/** A step of a JSON pointer in a URI fragment. */
function escape(step: string): string {
  return encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'));
}
