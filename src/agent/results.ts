import type { SiteStore } from '../git/site-store.ts';
import {
  type AgentStatus,
  REPORTS_FOLDER,
  type SiteRun,
  STATUS_PATH,
} from '../model/agent-wire.ts';
import type { SiteTree, TreeFile } from '../model/tree.ts';
import type { RunRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { recall, remember } from './memory.ts';

const AUTHOR = { name: 'trueup agent', email: 'agent@localhost' };

/**
 * Brings the site's status and the reports of runs that ended onto the results branch, where they wait for the centre.
 * Reports that the centre has confirmed are left out of the tree from then on; the history keeps them.
 * @returns the newest commit of the branch; the same as before where there is nothing new to tell
 */
export async function reportResults(of: {
  store: Store;
  trees: SiteStore;
  site: string;
  status: AgentStatus;
  now: number;
}): Promise<string> {
  const { store, trees, site, status, now } = of;
  const before = (await recall(store, 'results')) ?? null;
  const unreported = (await recall(store, 'unreported')) ?? [];
  const tree: SiteTree = before === null ? new Map() : await trees.readTree(before);
  const confirmed = before !== null && (await recall(store, 'centre'))?.results === before;
  const files = new Map<string, TreeFile>();
  if (!confirmed) {
    for (const [path, file] of tree)
      if (path.startsWith(`${REPORTS_FOLDER}/`)) files.set(path, file);
  }
  for (const id of unreported) {
    const run = await store.runs.get(id);
    if (run?.report) files.set(`${REPORTS_FOLDER}/${id}.json`, json(siteRun(run)));
  }
  if (before !== null && unreported.length === 0 && sameStatus(tree.get(STATUS_PATH), status))
    return before;
  files.set(STATUS_PATH, json(status));
  const [commit] = await trees.writeCommits([
    {
      site,
      files: new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      parents: before === null ? [] : [before],
      message: `Report ${unreported.length === 0 ? 'how the site does' : `${unreported.length} runs`}\n`,
      author: AUTHOR,
      time: now,
    },
  ]);
  await store.transaction(async (tx) => {
    await remember(tx, 'results', commit!);
    const since = (await recall(tx, 'unreported')) ?? [];
    await remember(
      tx,
      'unreported',
      since.filter((id) => !unreported.includes(id)),
    );
  });
  trees.followRefs([{ site, ref: 'results', to: commit! }]);
  return commit!;
}

function siteRun({ id, cause, commit, desiredCommit, revision, report }: RunRow): SiteRun {
  return { id, cause, commit, desired: desiredCommit ?? commit, revision, report: report! };
}

/** Apart from when it was written. */
function sameStatus(file: TreeFile | undefined, status: AgentStatus): boolean {
  if (!file) return false;
  const before: unknown = JSON.parse(file.content.toString());
  return withoutTime(before) === withoutTime(status);
}

function json(value: unknown): TreeFile {
  return { mode: '100644', content: Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`) };
}

function withoutTime(status: unknown): string {
  return JSON.stringify(status, (key, part: unknown) => (key === 'at' ? 0 : part));
}
