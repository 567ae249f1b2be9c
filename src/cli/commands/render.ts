import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { UserError } from '../../model/errors.ts';
import { renderSite, withManifest } from '../../render/render.ts';
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
  for (const name of names) {
    const site = renderSite(plan, name);
    const folder = join(out, name);
    await requireEmpty(folder);
    await writeTree(folder, withManifest(site, { plan: plan.name, revision, generation: 0 }));
    rendered.push({ site: name, folder, digest: site.digest, files: site.tree.size });
    output.line(
      `${styled('green', name)}  ${folder}  ${count(site.tree.size, 'file')}  ${site.digest.slice(0, 12)}`,
    );
  }
  output.document({ plan: plan.name, revision, sites: rendered });
  return EXIT.ok;
}

async function requireEmpty(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((): string[] => []);
  if (entries.length > 0 && !entries.includes('.trueup')) {
    throw new UserError(`${folder} holds files that are no rendered site: choose another --out`);
  }
}
