import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { blobId, type TrackedFile } from '../../src/model/tree.ts';
import { loadPlanAndTemplates } from '../../src/render/open.ts';
import { renderSite, withManifest } from '../../src/render/render.ts';
import { runPlan } from '../../src/render/run-plan.ts';

// Prints, as JSON, the digest and the manifest of every site of the plan in a folder:
// node render-digests.ts FOLDER [reversed]
const [folder = '.', order] = process.argv.slice(2);
const entries = await readdir(folder, { recursive: true, withFileTypes: true });
const files = new Map<string, TrackedFile>();
for (const entry of order === 'reversed' ? entries.toReversed() : entries) {
  if (!entry.isFile()) continue;
  const full = join(entry.parentPath, entry.name);
  const content = await readFile(full);
  files.set(full.slice(folder.length + 1), { mode: '100644', content, hash: blobId(content) });
}
const { plan, problems } = loadPlanAndTemplates(files);
if (!plan) throw new Error(JSON.stringify(problems));
const sites = [...plan.sites.keys()].map((site) => {
  const rendered = renderSite(plan, site);
  const tree = withManifest(rendered, {
    plan: plan.name,
    revision: '',
    generation: 0,
    run: runPlan(plan, site),
  });
  return [site, rendered.digest, tree.get('.trueup/manifest.json')!.content.toString()];
});
process.stdout.write(JSON.stringify(sites));
