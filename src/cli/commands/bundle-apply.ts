import { mkdir, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';

import { z } from 'zod';

import { intakeDesired, type ReceivedDesired } from '../../bundle/bundle.ts';
import { SiteStore } from '../../git/site-store.ts';
import { UserError } from '../../model/errors.ts';
import { changedPaths, MANIFEST_PATH, type SiteTree } from '../../model/tree.ts';
import { secretValuesAt } from '../../plan/secrets.ts';
import { takeLock } from '../../store/lock.ts';
import { readTrusted, readWords } from '../bundle-file.ts';
import { type Output, styled } from '../output.ts';
import { readFolder } from '../plan-source.ts';
import { writeTree } from '../write-tree.ts';
import { runHere, tell } from './apply.ts';

export interface BundleApplyOptions {
  /** Allowed-signers file. */
  trust: string;
  /** Folder that keeps what came: `sites.git` with the history, and the tree in a folder of the site's name. */
  dir: string;
  site?: string;
  check?: boolean;
  /** Goes on where somebody edited the tree; the edit stays in the history. */
  overwrite?: boolean;
  vaultPasswordFile?: string;
}

/** How a tree is run, as its manifest says; the bundle is signed, and yet only its shape is taken for granted. */
const RunWords = z.object({
  run: z.object({
    playbooks: z.array(z.string()),
    outputs: z.record(z.string(), z.object({ secret: z.boolean() })),
    secrets: z.array(z.array(z.string())),
  }),
});

/** `trueup bundle apply FILE`: takes a bundle in and applies it here, with nothing but the file. */
export async function applyBundle(
  file: string,
  options: BundleApplyOptions,
  output: Output,
): Promise<number> {
  const trusted = await readTrusted(options.trust);
  const root = resolve(options.dir);
  await mkdir(root, { recursive: true, mode: 0o700 });
  const release = takeLock(join(root, 'lock.sqlite'));
  if (!release) throw new UserError(`another trueup works in ${options.dir}: let it finish first`);
  const trees = await SiteStore.open({ directory: join(root, 'sites.git') });
  try {
    const site = await siteOf(trees, file, options);
    const before = (await trees.allRefs()).get(`${site}/desired`) ?? null;
    const received = await intakeDesired({
      repository: trees.repository,
      site,
      file: resolve(file),
      trusted,
      generation: before === null ? 0 : (await trees.lineage.trailersOf(before)).generation,
      desired: before,
      now: Date.now(),
    });
    const tree = await trees.readTree(received.commit);
    if (!options.check) {
      const folder = join(root, site);
      await keepEdits(trees, { site, before, folder, next: tree }, options, output);
      await writeTree(folder, tree);
      await trees.moveRefs([{ site, ref: 'desired', to: received.commit, from: before }]);
    }
    return await runTree(trees, { site, received, tree }, options, output);
  } finally {
    await trees.close();
    release();
  }
}

/** Records what somebody edited in the folder, before anything is written over it (law 6). */
async function keepEdits(
  trees: SiteStore,
  of: { site: string; before: string | null; folder: string; next: SiteTree },
  { overwrite = false }: BundleApplyOptions,
  output: Output,
): Promise<void> {
  const { site, before, folder, next } = of;
  if (!(await stat(folder).catch(() => undefined))) return;
  const { tree } = await readFolder(folder);
  const desired = before === null ? new Map() : await trees.readTree(before);
  const changed = changedPaths(desired, tree);
  // It may be what comes now: an earlier try was ended in the middle.
  if (changed.length === 0 || changedPaths(next, tree).length === 0) return;
  const commit = await keep(trees, site, { before, tree, folder });
  const what = changed.slice(0, 5).join(', ');
  if (!overwrite)
    throw new UserError(
      `somebody edited ${what} in ${folder}: it is kept as commit ${commit.slice(0, 12)} of refs/sites/${site}/observed in sites.git; put the edit into the plan first, or go on with --overwrite`,
    );
  output.note(`what was edited (${what}) is kept as commit ${commit.slice(0, 12)}`);
}

/** Commits a tree as observed at the site, unless it is there as the newest one. */
async function keep(
  trees: SiteStore,
  site: string,
  { before, tree, folder }: { before: string | null; tree: SiteTree; folder: string },
): Promise<string> {
  const observed = (await trees.allRefs()).get(`${site}/observed`);
  if (observed !== undefined && changedPaths(await trees.readTree(observed), tree).length === 0)
    return observed;
  const { username } = userInfo();
  const [commit = ''] = await trees.writeCommits([
    {
      site,
      files: tree,
      parents: [...new Set([observed, before])].filter((id) => typeof id === 'string'),
      message: `Keep what was edited in ${folder}\n`,
      author: { name: username, email: `${username}@${site}` },
      time: Date.now(),
    },
  ]);
  await trees.moveRefs([{ site, ref: 'observed', to: commit, from: observed ?? null }]);
  return commit;
}

async function runTree(
  trees: SiteStore,
  of: { site: string; received: ReceivedDesired; tree: SiteTree },
  options: BundleApplyOptions,
  output: Output,
): Promise<number> {
  const { site, received, tree } = of;
  const { commit, generation, revision } = received;
  const { run } = RunWords.parse(JSON.parse(tree.get(MANIFEST_PATH)!.content.toString()));
  const report = await runHere(
    {
      kind: options.check ? 'check' : 'apply',
      site,
      tree,
      playbooks: run.playbooks,
      outputs: run.outputs,
      cause: `generation ${generation}, revision ${revision.slice(0, 10)}`,
      secrets: secretValuesAt(run.secrets, tree),
    },
    options,
    output,
  );
  if (report.kind === 'apply' && report.result === 'success')
    await trees.moveRefs([{ site, ref: 'applied', to: commit, from: undefined }]);
  output.document({ site, commit, generation, revision, report });
  output.line(
    `${styled('cyan', site)}  generation ${generation}  revision ${revision.slice(0, 12)}`,
  );
  return tell(report, output);
}

/** The site that the folder is of, or becomes. */
async function siteOf(
  trees: SiteStore,
  file: string,
  { site, dir }: BundleApplyOptions,
): Promise<string> {
  const [known] = [...(await trees.allRefs()).keys()].map((ref) => ref.split('/')[0]!);
  if (known !== undefined && site !== undefined && known !== site)
    throw new UserError(`${dir} is of the site ${known}, and not of ${site}`);
  if (site !== undefined || known !== undefined) return site ?? known!;
  const words = await readWords(file);
  if (words.fault) throw words.fault;
  if (words.site !== undefined) return words.site;
  throw new UserError(`${file} does not say which site it is for: name it with --site`);
}
