import { z } from 'zod';

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
