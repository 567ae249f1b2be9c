import { z } from 'zod';

import { PublicKey } from '../model/agent-wire.ts';
import { SiteName } from './wire.ts';

/** How people let agents in, and hand out tokens. Times are RFC 3339 text in UTC. */

const time = z.iso.datetime();

export const EnrollmentRequest = z
  .strictObject({
    publicKey: PublicKey.optional().meta({
      description:
        'Lets this key in at once, for a site that never comes here over the network: it gets no token.',
    }),
  })
  .meta({ id: 'EnrollmentRequest' });
export type EnrollmentRequest = z.output<typeof EnrollmentRequest>;

export const Enrollment = z
  .object({
    site: z.string(),
    code: z
      .string()
      .nullable()
      .meta({ description: 'Told this once; null where a key was given.' }),
    expiresAt: time.nullable(),
    allowedSigners: z
      .string()
      .meta({ description: "The centre's signing keys, for a site that never comes here." }),
  })
  .meta({ id: 'Enrollment' });
export type Enrollment = z.output<typeof Enrollment>;

const TokenRole = z.union([
  z.enum(['viewer', 'operator', 'admin', 'runner']),
  z.templateLiteral(['site:', z.string()]),
]);

export const Token = z
  .object({
    id: z.string(),
    name: z.string(),
    role: TokenRole,
    createdAt: time,
    revokedAt: time.nullable(),
  })
  .meta({ id: 'Token' });
export type Token = z.output<typeof Token>;

export const TokenRequest = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, 'is not a name of letters, digits and ._@-')
      .meta({ description: 'What decisions made with it are recorded under.' }),
    role: z
      .string()
      .max(80)
      .refine((role) => isRole(role), 'is not one of viewer, operator, admin, runner, site:NAME'),
  })
  .meta({ id: 'TokenRequest' });
export type TokenRequest = z.output<typeof TokenRequest>;

export const NewToken = Token.extend({
  token: z.string().meta({ description: 'Told this once.' }),
}).meta({ id: 'NewToken' });
export type NewToken = z.output<typeof NewToken>;

/** Whether a text names a role that a token can have. */
export function isRole(role: string): role is z.output<typeof TokenRole> {
  const [, site] = /^site:(.*)$/.exec(role) ?? [];
  return site === undefined
    ? ['viewer', 'operator', 'admin', 'runner'].includes(role)
    : SiteName.safeParse(site).success;
}
