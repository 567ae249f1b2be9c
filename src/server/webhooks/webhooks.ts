import { createHmac, timingSafeEqual } from 'node:crypto';

import type { Context, MiddlewareHandler } from 'hono';

import { limitBody } from '../body-limit.ts';
import type { Env } from '../env.ts';
import { limit, Limiter } from '../limiter.ts';
import type { Limits, ServerOptions, WebhookForge, WebhookOptions } from '../options.ts';
import { HttpProblem } from '../problem.ts';
import { routes } from '../route.ts';
import { eventLabel, nudgesOf } from './payload.ts';

/** Bytes of a webhook; GitHub sends 25 MB at most, but never so much of what is of use here. */
const MOST_BYTES = 2 ** 20;
/** So many at once that their bodies take no more than 16 MiB, whoever sends them. */
const AT_ONCE = 16;

/** How a forge names its events and signs them: with HMAC-SHA256, in hexadecimal. */
const FORGES: Record<WebhookForge, { event: string; signature: string; prefix: string }> = {
  github: { event: 'x-github-event', signature: 'x-hub-signature-256', prefix: 'sha256=' },
  gitea: { event: 'x-gitea-event', signature: 'x-gitea-signature', prefix: '' },
};

/** What became of a webhook, for metrics. */
export type WebhookResult =
  | 'accepted'
  | 'ignored'
  | 'refused'
  | 'malformed'
  | 'too-large'
  | 'error';

/**
 * Where forges tell of what happened. A webhook is believed no more than that there is something to look at: what it
 * says is not used, so that one which is lost, doubled or late does no harm (law 8). It is refused, before its body is
 * read, where there is no secret, and before it is parsed, where the signature is not that of its bytes.
 */
export function webhookRoutes(options: ServerOptions, limits: Limits) {
  const group = routes();
  const { webhooks } = options;
  if (!webhooks) return group;
  const limiter = new Limiter({ ...limits, concurrent: AT_ONCE, concurrentTotal: AT_ONCE });
  for (const forge of ['github', 'gitea'] as const) {
    group.post(
      `/webhooks/${forge}`,
      count(forge, webhooks),
      limit(limiter),
      refuseWithoutSecret(forge, webhooks),
      limitBody(MOST_BYTES),
      (c) => receive(c, forge, options, webhooks),
    );
  }
  return group;
}

function count(forge: WebhookForge, { onWebhook }: WebhookOptions): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    const event = eventLabel(c.req.header(FORGES[forge].event));
    const result = c.error ? resultOf(c.error) : c.res.status === 202 ? 'accepted' : 'ignored';
    onWebhook(forge, event, result);
  };
}

function resultOf(error: Error): WebhookResult {
  const status = error instanceof HttpProblem ? error.status : 500;
  if (status === 413) return 'too-large';
  if (status === 400 || status === 415) return 'malformed';
  return status < 500 ? 'refused' : 'error';
}

function refuseWithoutSecret(
  forge: WebhookForge,
  { secret }: WebhookOptions,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    const signature = c.req.header(FORGES[forge].signature);
    if (signature === undefined || (await secret(forge)) === undefined) throw refusal();
    return next();
  };
}

async function receive(
  c: Context<Env>,
  forge: WebhookForge,
  { log }: ServerOptions,
  { secret, subject, nudge }: WebhookOptions,
): Promise<Response> {
  const names = FORGES[forge];
  const bytes = Buffer.from(await c.req.arrayBuffer());
  const key = await secret(forge);
  if (key === undefined || !isSigned(bytes, c.req.header(names.signature), names.prefix, key)) {
    log.warn({ forge }, 'refused a webhook: it is not signed with the secret that is set here');
    throw refusal();
  }
  // From here on it comes from the forge, or from somebody who knows the secret.
  if (!c.req.header('content-type')?.startsWith('application/json')) {
    const detail = "set the webhook's content type to application/json";
    throw new HttpProblem(415, { detail });
  }
  const nudges = nudgesOf(c.req.header(names.event) ?? '', parse(bytes), subject(forge));
  if (!nudges) throw new HttpProblem(400, { detail: 'this is no payload of a webhook' });
  for (const each of nudges) nudge(each);
  return nudges.length > 0 ? c.json({ result: 'accepted' }, 202) : c.json({ result: 'ignored' });
}

/** Compares in constant time, whatever was sent. */
function isSigned(
  bytes: Buffer,
  signature: string | undefined,
  prefix: string,
  key: string,
): boolean {
  const wanted = createHmac('sha256', key).update(bytes).digest();
  const hex = signature?.startsWith(prefix) ? signature.slice(prefix.length) : '';
  const given = /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(wanted.length);
  return timingSafeEqual(given, wanted);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new HttpProblem(400, { detail: 'the body is not JSON' });
  }
}

/** The same whether there is no secret or the signature is wrong: who has neither learns nothing. */
function refusal(): HttpProblem {
  return new HttpProblem(403, { detail: 'webhooks are taken only with the signature of a secret' });
}
