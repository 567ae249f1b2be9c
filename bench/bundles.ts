import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSiteBundle, intakeDesired } from '../src/bundle/desired.ts';
import { desiredMessage } from '../src/git/site-store.ts';
import { blobId } from '../src/model/tree.ts';
import type { Plan, PlanFiles } from '../src/plan/plan.ts';
import { loadPlanAndTemplates } from '../src/render/open.ts';
import { renderSite, withManifest } from '../src/render/render.ts';
import { runPlan } from '../src/render/run-plan.ts';
import { BundleWorld, DAY, NOW, SOMEBODY } from '../test/support/bundles.ts';
import { planFiles } from '../test/support/plan-files.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';

// Size and time of a site's bundles, from the plan of the other benches (25 files, 200 values, 8 templates): all of it,
// and one changed value. Usage: npm run bench:bundles

const REVISION = 'ab'.repeat(20);
const files = planFiles(syntheticPlan({ sites: 10, layers: 6, templates: 8, leaves: 200 }));
const root = await mkdtemp(join(tmpdir(), 'trueup-bundles-'));
const world = await BundleWorld.create(root);
try {
  const site = [...loaded(files).sites.keys()][0]!;
  const path = loaded(files).sites.get(site)!.file;
  const content = Buffer.from(
    files.get(path)!.content.toString().replace('address: 10.', 'address: 11.'),
  );
  const changed = new Map(files).set(path, { mode: '100644', content, hash: blobId(content) });
  let before: string | undefined;
  for (const [generation, plan] of [files, changed].entries()) {
    const commit = await desired(plan, site, generation + 1, before);
    await bundle(site, commit, generation + 1, before);
    before = commit;
  }
} finally {
  await world.close();
  await rm(root, { recursive: true });
}

async function desired(
  plan: PlanFiles,
  site: string,
  generation: number,
  before?: string,
): Promise<string> {
  const current = loaded(plan);
  const tree = withManifest(renderSite(current, site), {
    plan: current.name,
    revision: REVISION,
    generation,
    run: runPlan(current, site),
  });
  const [commit] = await world.centre.writeCommits([
    {
      site,
      files: tree,
      parents: before === undefined ? [] : [before],
      message: desiredMessage({ revision: REVISION, site, generation, decided: [] }),
      author: SOMEBODY,
      time: NOW,
      sign: (payload: Buffer) => world.signer.sign(payload),
    },
  ]);
  return commit!;
}

/** Makes the bundle that brings a commit, and takes it in at the site. */
async function bundle(
  site: string,
  commit: string,
  generation: number,
  before?: string,
): Promise<void> {
  const { centre, site: there, signer, trusted } = world;
  const to = world.path(`${generation}.bundle`);
  const have = before === undefined ? [] : [before];
  const expires = NOW + DAY;
  const { repository } = centre;
  const about = { site, commit, have, signer, expires, now: NOW, to };
  const [made, making] = await timed(() => createSiteBundle({ repository, ...about }));
  const bytes = 'bytes' in made ? made.bytes : 0;
  const [, taking] = await timed(() =>
    intakeDesired({
      repository: there.repository,
      site,
      file: to,
      trusted,
      generation: generation - 1,
      now: NOW,
    }),
  );
  await there.moveRefs([{ site, ref: 'desired', to: commit, from: undefined }]);
  const { size } = await there.readTree(commit);
  console.log(
    `${before === undefined ? 'all' : 'one changed value'} of ${size} files: ${bytes} bytes, ` +
      `made in ${making} ms, taken in in ${taking} ms`,
  );
}

function loaded(plan: PlanFiles): Plan {
  const { plan: read, problems } = loadPlanAndTemplates(plan);
  if (!read) throw new Error(problems[0]!.message);
  return read;
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, string]> {
  const start = performance.now();
  const result = await work();
  return [result, (performance.now() - start).toFixed(0)];
}
