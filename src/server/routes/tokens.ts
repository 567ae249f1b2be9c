import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';

import type { TokenRow } from '../../store/rows.ts';
import { forbidden } from '../auth.ts';
import { decide } from '../decide.ts';
import type { Env } from '../env.ts';
import type { ServerOptions } from '../options.ts';
import { checkAfter, PageQuery, readPage } from '../paging.ts';
import { HttpProblem } from '../problem.ts';
import { answers, checked, routes, toTime } from '../route.ts';
import { isRole, NewToken, Token, TokenRequest } from '../wire-agents.ts';
import { pageOf } from '../wire.ts';

const TokenPage = pageOf('TokenPage', Token);

const listTokens = createRoute({
  method: 'get',
  path: '/tokens',
  tags: ['tokens'],
  summary: 'Tokens by name, revoked ones too; what they are is told once, when they are made',
  request: { query: PageQuery },
  responses: answers(TokenPage, 'A page of tokens.'),
});

const createToken = createRoute({
  method: 'post',
  path: '/tokens',
  tags: ['tokens'],
  summary: 'Make a token; for admins',
  security: [{ bearer: [] }],
  request: {
    body: { required: true, content: { 'application/json': { schema: TokenRequest } } },
  },
  responses: answers(NewToken, 'The token.'),
});

const revokeToken = createRoute({
  method: 'post',
  path: '/tokens/{id}/revoke',
  tags: ['tokens'],
  summary: 'End the use of a token; for admins',
  security: [{ bearer: [] }],
  request: {
    params: z.object({
      id: z.string().max(200).meta({ description: 'The id of the token, or its name.' }),
    }),
  },
  responses: answers(Token, 'The token, revoked.'),
});

export function tokenRoutes({ store }: ServerOptions) {
  return routes()
    .openapi(listTokens, async (c) => {
      const { after, limit } = c.req.valid('query');
      await checkAfter(after, (id) => store.tokens.get(id));
      const page = await readPage({
        limit,
        read: (count) => store.tokens.page({ limit: count, ...(after !== undefined && { after }) }),
        key: (row) => row.id,
        item: toToken,
      });
      return c.json(checked(TokenPage, page), 200);
    })
    .openapi(createToken, async (c) => {
      assertAdmin(c);
      const { name, role } = c.req.valid('json');
      if (!isRole(role)) throw new Error('the schema lets no other role pass');
      const { token, row } = await decide(c, (by) =>
        store.transaction(async (tx) => {
          const made = await tx.tokens.create(name, role);
          await tx.audit.append({
            at: made.row.createdAt,
            actor: by,
            action: 'token.created',
            subject: name,
            detail: { role, id: made.row.id },
          });
          return made;
        }),
      );
      return c.json(checked(NewToken, { ...toToken(row), token }), 200);
    })
    .openapi(revokeToken, async (c) => {
      assertAdmin(c);
      const { id } = c.req.valid('param');
      const row = await decide(c, (by) =>
        store.transaction(async (tx) => {
          const found = await tx.tokens.get(id);
          if (!found) throw new HttpProblem(404, { detail: `there is no token "${id}"` });
          if (found.revokedAt !== null) return found;
          await tx.tokens.revokeById(found.id);
          const revoked = (await tx.tokens.get(found.id))!;
          await tx.audit.append({
            at: revoked.revokedAt ?? 0,
            actor: by,
            action: 'token.revoked',
            subject: found.name,
            detail: { role: found.role, id: found.id },
          });
          return revoked;
        }),
      );
      return c.json(checked(Token, toToken(row)), 200);
    });
}

function assertAdmin(c: Context<Env>): void {
  const { identity } = c.var;
  if (identity && identity.role !== 'admin') throw forbidden(identity.role, ['admin']);
}

function toToken(row: TokenRow): Token {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: toTime(row.createdAt),
    revokedAt: toTime(row.revokedAt),
  };
}
