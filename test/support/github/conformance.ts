import { readFileSync } from 'node:fs';

import { Ajv, type ValidateFunction } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';

interface Content {
  content?: { 'application/json'?: { schema: object } };
}

interface OperationDescription {
  parameters: { name: string; in: 'path' | 'query'; required?: boolean; schema: object }[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

interface Description {
  paths: Record<string, Record<string, OperationDescription>>;
  'x-webhooks': Record<string, Content>;
  components: { schemas: Record<string, object> };
}

/** Statuses that every operation may answer with, whether or not its description lists them. */
const EVERYWHERE = new Set([301, 400, 401, 403, 404, 422, 429, 500, 502, 503]);

const description: Description = JSON.parse(
  readFileSync(new URL('openapi-slice.json', import.meta.url), 'utf8'),
);

// The description is OpenAPI 3.0, which has keywords that JSON Schema has not.
const options = { strict: false, allErrors: true, formats: fullFormats, logger: false } as const;
const bodies = new Ajv(options).addSchema(description, 'github');
const parameters = new Ajv({ ...options, coerceTypes: true });

const routes = Object.entries(description.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    pattern: new RegExp(`^${path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
  })),
);

const compiled = new Map<string, ValidateFunction>();

/** What is wrong with a request by GitHub's description. `path` is the URL's, as sent. */
export function requestFaults(
  method: string,
  path: string,
  query: URLSearchParams,
  body: unknown,
): string[] {
  const route = findRoute(method, path);
  if (!route) return [`${method} ${path} is not described`];
  const values = { ...route.pattern.exec(path)?.groups, ...Object.fromEntries(query) };
  const faults = run(parametersOf(route), values);
  const pointer = `${pointerTo(route)}/requestBody`;
  const schema = route.operation.requestBody?.content?.['application/json']?.schema;
  if (schema === undefined)
    return body === undefined ? faults : [...faults, 'a body is not described'];
  return [...faults, ...run(schemaAt(pointer), body ?? {}), ...unknownFields(schema, body)];
}

/** What is wrong with an answer by GitHub's description. */
export function responseFaults(
  method: string,
  path: string,
  status: number,
  body: unknown,
): string[] {
  const route = findRoute(method, path);
  // That nothing is described there was said of the request.
  if (!route) return [];
  const response = route.operation.responses[status];
  if (!response) {
    if (!EVERYWHERE.has(status)) return [`status ${status} is not described`];
    return run(schemaOf('basic-error'), body);
  }
  if (!response.content) return body === undefined ? [] : ['a body is not described'];
  return run(schemaAt(`${pointerTo(route)}/responses/${status}`), body);
}

/** What is wrong with a webhook's payload by GitHub's description, e.g. of `pull-request-opened`. */
export function webhookFaults(name: string, payload: unknown): string[] {
  if (!(name in description['x-webhooks'])) return [`the webhook ${name} is not described`];
  return run(schemaAt(`/x-webhooks/${name}`), payload);
}

type Route = (typeof routes)[number];

function findRoute(method: string, path: string): Route | undefined {
  return routes.find((route) => route.method === method && route.pattern.test(path));
}

function pointerTo(route: Route): string {
  const path = route.path.replaceAll('~', '~0').replaceAll('/', '~1');
  return `/paths/${path}/${route.method.toLowerCase()}`;
}

function schemaAt(pointer: string): ValidateFunction {
  const reference = `github#${pointer}/content/application~1json/schema`;
  return remember(reference, () => bodies.compile({ $ref: encodeURI(reference) }));
}

function schemaOf(name: string): ValidateFunction {
  const reference = `github#/components/schemas/${name}`;
  return remember(reference, () => bodies.compile({ $ref: reference }));
}

function parametersOf(route: Route): ValidateFunction {
  return remember(`${route.method} ${route.path}`, () =>
    parameters.compile({
      type: 'object',
      additionalProperties: false,
      required: route.operation.parameters.filter((one) => one.required).map((one) => one.name),
      properties: Object.fromEntries(
        route.operation.parameters.map((one) => [one.name, one.schema]),
      ),
    }),
  );
}

function remember(key: string, compile: () => ValidateFunction): ValidateFunction {
  const validate = compiled.get(key) ?? compile();
  compiled.set(key, validate);
  return validate;
}

function run(validate: ValidateFunction, value: unknown): string[] {
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message}`);
}

/** The description allows fields that it does not name; we send none. */
function unknownFields(schema: object, body: unknown): string[] {
  if (!('properties' in schema) || typeof schema.properties !== 'object') return [];
  const known = schema.properties ?? {};
  return Object.keys(body ?? {})
    .filter((key) => !(key in known))
    .map((key) => `/${key} is not described`);
}
