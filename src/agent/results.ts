import type { SiteStore } from '../git/site-store.ts';
import {
  type AgentStatus,
  REPORTS_FOLDER,
  type SiteRun,
  STATUS_PATH,
} from '../model/agent-wire.ts';
import type { TreeFile } from '../model/tree.ts';
import type { RunRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { recall, remember } from './memory.ts';

const AUTHOR = { name: 'trueup agent', email: 'agent@localhost' };
/** Of one commit, so that a line of them can be brought to the centre in parts of a bearable size. */
const REPORTS = 100;
const REPORT_BYTES = 4 * 1024 * 1024;

interface Reporting {
  store: Store;
  trees: SiteStore;
  site: string;
  status: AgentStatus;
  now: number;
}

/**
 * Brings the site's status and the reports of runs that ended onto the results branch, where they wait for the centre.
 * A commit holds what is new with it alone: whoever lacks reports lacks the commits that hold them, and is brought all
 * of the line that it does not have.
 * @returns the newest commit of the branch; the same as before where there is nothing new to tell
 */
export async function reportResults(of: Reporting): Promise<string> {
  for (;;) {
    const { commit, more } = await reportSome(of);
    if (!more) return commit;
  }
}

async function reportSome(of: Reporting): Promise<{ commit: string; more: boolean }> {
  const { store, trees, site, status, now } = of;
  const before = (await recall(store, 'results')) ?? null;
  const unreported = (await recall(store, 'unreported')) ?? [];
  if (before !== null && unreported.length === 0) {
    const tree = await trees.readTree(before);
    if (sameStatus(tree.get(STATUS_PATH), status)) return { commit: before, more: false };
  }
  const files = new Map<string, TreeFile>([[STATUS_PATH, json(status)]]);
  const told = new Set<string>();
  let bytes = 0;
  for (const id of unreported.slice(0, REPORTS)) {
    if (bytes >= REPORT_BYTES) break;
    told.add(id);
    const run = await store.runs.get(id);
    if (!run?.report) continue;
    const file = json(siteRun(run));
    files.set(`${REPORTS_FOLDER}/${id}.json`, file);
    bytes += file.content.length;
  }
  const [commit] = await trees.writeCommits([
    {
      site,
      files: new Map([...files].toSorted(([a], [b]) => (a < b ? -1 : 1))),
      parents: before === null ? [] : [before],
      message: `Report ${told.size === 0 ? 'how the site does' : `${told.size} runs`}\n`,
      author: AUTHOR,
      time: now,
    },
  ]);
  const left = await store.transaction(async (tx) => {
    await remember(tx, 'results', commit!);
    const since = ((await recall(tx, 'unreported')) ?? []).filter((id) => !told.has(id));
    await remember(tx, 'unreported', since);
    return since.length;
  });
  trees.followRefs([{ site, ref: 'results', to: commit! }]);
  return { commit: commit!, more: told.size > 0 && left > 0 };
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
