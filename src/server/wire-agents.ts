import { z } from 'zod';

import { PublicKey } from '../model/agent-wire.ts';
import { SiteName } from './wire.ts';

/** What people see of the agents at sites, and how they let one in. Times are RFC 3339 text in UTC. */

const time = z.iso.datetime();
const count = z.int().min(0);

export const AGENT_CONTACTS = ['connected', 'late', 'never'] as const;

export const SiteAgent = z
  .object({
    contact: z
      .enum(AGENT_CONTACTS)
      .meta({ description: 'Heard of lately, not lately, or never since a key was let in.' }),
    enrolled: z.boolean().meta({ description: 'Whether a key and token of it are in force.' }),
    key: z.string().nullable().meta({ description: 'SHA-256 fingerprint of its public key.' }),
    lastContactAt: time.nullable(),
    lastReturnAt: time.nullable().meta({
      description: 'When a bundle of it was last taken in, over HTTPS or by hand.',
    }),
    generation: count.meta({ description: 'Newest desired tree that the site is known to have.' }),
    lag: count.meta({ description: 'Desired trees that are newer than that.' }),
    owed: count.nullable().meta({
      description: 'Commits and reports that the agent still has for us, by its own word.',
    }),
    carried: count.meta({ description: 'Decisions on edits that the site is not known to have.' }),
    conflicts: z.array(z.string()).meta({
      description: 'Paths that plan and site changed in ways that do not go together.',
    }),
    clockSkew: z.number().nullable().meta({
      description: 'Seconds by which its clock is ahead of the one here.',
    }),
    hold: z.string().nullable().meta({ description: 'Why nothing is applied there.' }),
    guard: z
      .string()
      .nullable()
      .meta({ description: 'What the lock-out guard last did, and why.' }),
    message: z.string(),
    version: z.string().nullable(),
  })
  .meta({ id: 'SiteAgent' });
export type SiteAgent = z.output<typeof SiteAgent>;

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
