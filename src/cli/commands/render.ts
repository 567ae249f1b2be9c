import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { missingImports, missingText } from '../../plan/exports.ts';
import type { Plan } from '../../plan/plan.ts';
import { renderSite, withManifest } from '../../render/render.ts';
import { runPlan } from '../../render/run-plan.ts';
import { count, EXIT, type Output, styled } from '../output.ts';
import { openPlan, type PlanOptions } from '../plan-source.ts';
import { writeTree } from '../write-tree.ts';

/** `trueup render`: site trees as folders. */
export async function render(
  sites: readonly string[],
  options: PlanOptions & { all?: boolean; out: string },
  output: Output,
): Promise<number> {
  const { plan, revision } = await openPlan(options);
  const names = options.all ? [...plan.sites.keys()].toSorted() : sites;
  if (names.length === 0)
    throw new UserError('name the sites to render, or render them all with --all');
  for (const name of names) {
    if (!plan.sites.has(name))
      throw new UserError(
        `the plan has no site ${name}; it has ${[...plan.sites.keys()].join(', ')}`,
      );
  }
  const out = resolve(options.out);
  await mkdir(out, { recursive: true });
  const rendered = [];
  const waiting: { site: string; waitsFor: string }[] = [];
  for (const name of names) {
    const waitsFor = options.all ? waitsForOthers(plan, name) : undefined;
    if (waitsFor !== undefined) {
      waiting.push({ site: name, waitsFor });
      output.line(`${styled('cyan', name)}  waits for ${waitsFor}`);
      continue;
    }
    const site = renderSite(plan, name);
    const folder = join(out, name);
    await requireEmpty(folder);
    await writeTree(
      folder,
      withManifest(site, {
        plan: plan.name,
        revision,
        generation: 0,
        run: runPlan(plan, site.site),
      }),
    );
    rendered.push({ site: name, folder, digest: site.digest, files: site.tree.size });
    output.line(
      `${styled('green', name)}  ${folder}  ${count(site.tree.size, 'file')}  ${site.digest.slice(0, 12)}`,
    );
  }
  output.document({ plan: plan.name, revision, sites: rendered, waiting });
  return EXIT.ok;
}

/** What a site waits for that others have to gather, in words; undefined if it can be rendered. */
export function waitsForOthers(plan: Plan, site: string): string | undefined {
  const missing = missingImports(plan, site).filter(({ from }) => from !== site);
  return missing.length > 0 ? missingText(missing) : undefined;
}

async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((): string[] => []);
  if (entries.length > 0 && !entries.includes('.trueup')) {
    throw new UserError(`${folder} holds files that are no rendered site: choose another --out`);
  }
}
