import { OpenAPIHono } from '@hono/zod-openapi';
import type { z } from 'zod';

import type { Env } from './env.ts';
import { refuseInvalid } from './problem.ts';
import { Problem } from './wire.ts';

/** An empty group of routes. */
export function routes(): OpenAPIHono<Env> {
  return new OpenAPIHono<Env>({ defaultHook: refuseInvalid });
}

/** The answers of a route: JSON of this schema, or a problem document. */
export function answers<T extends z.ZodType>(schema: T, description: string) {
  return {
    200: { description, content: { 'application/json': { schema } } },
    default: {
      description: 'What went wrong.',
      content: { 'application/problem+json': { schema: Problem } },
    },
  } as const;
}

/** Holds an answer to its schema: nothing that the schema does not name leaves the server. */
export function checked<T extends z.ZodType>(schema: T, value: z.input<T>): z.output<T> {
  return schema.parse(value);
}

/** Milliseconds since 1970 as they go over the wire. */
export function toTime(ms: number): string;
export function toTime(ms: number | null): string | null;
export function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
