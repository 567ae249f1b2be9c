import { ObjectReader } from '../git/object-reader.ts';
import { runGit } from '../git/process.ts';
import { readFiles } from '../git/read-files.ts';
import { UserError } from '../model/errors.ts';
import type { BackportResult } from '../model/proposal.ts';
import { MANIFEST_PATH, type SiteTree } from '../model/tree.ts';
import { readFolder } from './plan-source.ts';

export interface ObservedTree {
  observed: SiteTree;
  /** What stands there and can be no part of a tree. */
  refused: BackportResult['unexplained'];
}

/**
 * Reads the edited tree of a site: a folder, or `git:DIR@REV` for a commit of a repository (bare or not; of a folder
 * within one that folder's part).
 * @param desired the site's tree as the plan has it
 * @throws UserError if there is no such folder or commit, or if it is empty or another site's
 */
export async function readObserved(
  where: string,
  site: string,
  desired: SiteTree,
): Promise<ObservedTree> {
  const { tree, refused } = where.startsWith('git:')
    ? await readCommit(where.slice('git:'.length))
    : await readFolder(where);
  if (tree.size === 0) throw new UserError(`${where} is empty: name the site's edited tree`);
  const other = siteOfTree(tree);
  if (other !== undefined && other !== site)
    throw new UserError(`${where} is the tree of the site ${other}, and not of ${site}`);
  const observed = new Map(tree);
  // A link in the place of a file is no word on whether the site should have the file.
  for (const { path } of refused) {
    for (const [known, file] of desired)
      if (known === path || known.startsWith(`${path}/`)) observed.set(known, file);
  }
  return { observed, refused };
}

async function readCommit(
  where: string,
): Promise<{ tree: SiteTree; refused: BackportResult['unexplained'] }> {
  // Folders may have an @ in their names; in revisions it is rare, and then as in HEAD@{1}.
  const [, folder, rev] = /^(.+)@([^@{].*)$/s.exec(where) ?? [];
  if (folder === undefined || rev === undefined)
    throw new UserError(`git:${where} names no commit: write git:DIR@REV`);
  const asked = ['--path-format=absolute', '--git-dir', '--show-prefix'];
  const found = await runGit(['-C', folder, 'rev-parse', ...asked], { exitCodes: [0, 128] });
  const [directory, prefix = ''] = found.stdout.toString().split('\n');
  if (found.exitCode !== 0 || !directory) throw new UserError(`${folder} is in no git repository`);
  const commit = await runGit(
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${rev}^{commit}`],
    { directory, exitCodes: [0, 1, 128] },
  );
  if (commit.exitCode !== 0) throw new UserError(`${rev} is no revision of ${folder}`);
  const objects = new ObjectReader({ directory });
  try {
    const path = prefix.replace(/\/$/, '');
    const { files, refused } = await readFiles(objects, commit.stdout.toString().trim(), { path });
    return {
      tree: files,
      refused: refused.map((one) => ({ path: one.path, reason: `it ${one.reason}` })),
    };
  } finally {
    await objects.close();
  }
}

/** The site that a tree says it is of. */
function siteOfTree(tree: SiteTree): string | undefined {
  try {
    const manifest: unknown = JSON.parse(tree.get(MANIFEST_PATH)?.content.toString() ?? '');
    const named = typeof manifest === 'object' && manifest !== null && 'site' in manifest;
    return named && typeof manifest.site === 'string' ? manifest.site : undefined;
  } catch {
    return undefined;
  }
}
