import { z } from 'zod';

/** What is told of a site's tree, line by line: the files that are rendered, and where each value comes from. */

const count = z.int().min(0);

export const SiteFileName = z
  .object({
    path: z.string(),
    executable: z.boolean(),
    size: count.meta({ description: 'Bytes.' }),
  })
  .meta({ id: 'SiteFileName' });
export type SiteFileName = z.output<typeof SiteFileName>;

export const SiteFiles = z
  .object({ commit: z.string(), files: z.array(SiteFileName) })
  .meta({ id: 'SiteFiles' });
export type SiteFiles = z.output<typeof SiteFiles>;

export const SiteFile = SiteFileName.extend({
  text: z.string().nullable().meta({ description: 'Without secrets; null for a binary file.' }),
  cut: z.boolean().meta({ description: 'There is more than is told.' }),
}).meta({ id: 'SiteFile' });
export type SiteFile = z.output<typeof SiteFile>;

const PlanPosition = z
  .object({ file: z.string(), line: z.int(), column: z.int() })
  .meta({ id: 'PlanPosition' });

const ExplainedValue = z
  .object({
    name: z.string(),
    value: z.string().nullable().meta({ description: '`(secret)` for secrets.' }),
    position: PlanPosition.nullable(),
    merge: z.string().nullable(),
    sources: z
      .array(
        z.object({
          kind: z.string(),
          file: z.string(),
          position: PlanPosition.nullable(),
          state: z.string(),
          value: z.string().nullable(),
        }),
      )
      .meta({ description: 'Highest first.' }),
    leaves: z.array(
      z.object({ name: z.string(), value: z.string(), position: PlanPosition.nullable() }),
    ),
  })
  .meta({ id: 'ExplainedValue' });
export type ExplainedValue = z.output<typeof ExplainedValue>;

export const ExplainedKey = z
  .object({
    kind: z.literal('key'),
    site: z.string(),
    value: ExplainedValue,
    uses: z.array(
      z.object({
        file: z.string(),
        position: PlanPosition,
        kind: z.string(),
        expression: z.string(),
      }),
    ),
    mentions: z
      .array(z.object({ file: z.string(), position: PlanPosition, count }))
      .meta({ description: 'Playbooks and roles that have its name in them.' }),
    failed: z
      .array(z.object({ file: z.string(), template: z.string(), reason: z.string() }))
      .meta({ description: 'Templates that do not render here, so that nobody knows.' }),
  })
  .meta({ id: 'ExplainedKey' });

export const ExplainedFile = z
  .object({
    kind: z.literal('file'),
    site: z.string(),
    file: z.string(),
    line: z.int().nullable(),
    text: z.string().nullable(),
    origin: z.string(),
    position: PlanPosition.nullable(),
    pieces: z.array(
      z.object({
        kind: z.string(),
        depth: count,
        text: z.string(),
        position: PlanPosition,
        source: z.string(),
        detail: z.string().nullable(),
      }),
    ),
    values: z.array(ExplainedValue),
  })
  .meta({ id: 'ExplainedFile' });

export const Explained = z
  .discriminatedUnion('kind', [ExplainedKey, ExplainedFile])
  .meta({ id: 'Explained' });
export type Explained = z.output<typeof Explained>;
