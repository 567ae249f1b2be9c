import { AgentStatus, REPORTS_FOLDER, SiteRun, STATUS_PATH } from '../model/agent-wire.ts';
import { type BundleKind, type Inspected, openBundle, requireTag, takeIn } from './intake.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { signedTag, trailer } from './signed.ts';
import type { Created, ReceivedReturn, ReturnBundleOptions, ReturnIntake } from './types.ts';
import type { NewCommit } from './walk.ts';
import { reachable, writeBundle } from './write-bundle.ts';

export const RETURN_KIND: BundleKind = {
  refs: ['refs/heads/observed', 'refs/heads/applied', 'refs/heads/results'],
  tags: 'return',
};

const NAMES = { observed: 'Observed', applied: 'Applied', results: 'Results' } as const;

/**
 * Writes the bundle that brings back what a site observed and did, signed by the site's own key. Nothing new (the
 * centre has all of it) is no error.
 */
export async function createReturnBundle(options: ReturnBundleOptions): Promise<Created> {
  const { repository, site, have, signer, sequence, to, now = Date.now() } = options;
  const refs = (['observed', 'applied', 'results'] as const).flatMap((name) => {
    const commit = options[name];
    return commit === null ? [] : [{ name, commit }];
  });
  const [first] = refs;
  const tips = refs.map(({ commit }) => commit);
  if (!first || tips.every((commit) => have.includes(commit))) return { upToDate: true };
  const tag = `${RETURN_KIND.tags}/${site}/${sequence}`;
  const content = signedTag(
    { commit: first.commit, name: tag, time: now, subject: `Back from ${site}` },
    {
      Site: site,
      Sequence: sequence,
      ...Object.fromEntries(refs.map(({ name, commit }) => [NAMES[name], commit])),
    },
    signer,
  );
  return writeBundle({
    repository,
    refs: refs.map(({ name, commit }) => [`refs/heads/${name}`, commit]),
    tag: { name: `refs/tags/${tag}`, content },
    without: await reachable(repository, tips, have),
    to,
  });
}

/**
 * Takes the objects of a return bundle in, if all of it is good. Moves no ref. The same bundle again is no error, and
 * an older one neither: its `sequence` says which it is.
 * @param options.trusted the keys of that site, and of no other
 * @throws InvalidBundle with the reason; then nothing has changed
 */
export async function intakeReturn(options: ReturnIntake): Promise<ReceivedReturn> {
  const { repository, site, file, trusted, tips = [] } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const bundle = await openBundle(file, RETURN_KIND, limits);
  requireTag(bundle, { site, trusted });
  const sequence = Number(trailer(bundle.tag.message, 'Sequence'));
  if (!Number.isSafeInteger(sequence) || sequence < 1)
    throw new InvalidBundle('mismatch', 'its tag does not say which of the site’s bundles it is');
  const tipOf = (name: string): string | null =>
    bundle.header.refs.get(`refs/heads/${name}`) ?? null;
  const [observed, applied, results] = [tipOf('observed'), tipOf('applied'), tipOf('results')];
  return takeIn({ repository, site, bundle, tips, limits }, async (inspected) => {
    for (const commit of [observed, applied])
      if (commit !== null && inspected.commits.has(commit)) await inspected.treeAt(commit);
    const said =
      results === null ? { runs: [], status: null } : await readResults(inspected, results);
    return { observed, applied, results, sequence, ...said };
  });
}

/** Reports of all results commits that are new, also of those that a later one has left out again. */
async function readResults(
  { quarantine, commits }: Inspected,
  tip: string,
): Promise<{ runs: SiteRun[]; status: AgentStatus | null }> {
  const { objects, base } = quarantine;
  const line: NewCommit[] = [];
  for (let at = commits.get(tip); at; at = commits.get(at.parents[0] ?? '')) line.unshift(at);
  const runs = new Map<string, SiteRun>();
  let status: AgentStatus | null = null;
  const seen = new Set<string>();
  for (const { tree } of line) {
    const entries = await objects.tree(tree);
    const folder = entries.find(({ name, mode }) => name === REPORTS_FOLDER && mode === '40000');
    for (const { name, id } of folder ? await objects.tree(folder.id) : []) {
      if (base.has(id) || seen.has(id)) continue;
      seen.add(id);
      const parsed = SiteRun.safeParse(parseJson(await objects.content(id), name));
      if (!parsed.success || `${parsed.data.id}.json` !== name)
        throw new InvalidBundle('bad-report', `${REPORTS_FOLDER}/${name} is no run report`);
      runs.set(parsed.data.id, parsed.data);
    }
    const file = entries.find(({ name, mode }) => name === STATUS_PATH && mode !== '40000');
    if (tree !== line.at(-1)!.tree || !file) continue;
    const parsed = AgentStatus.safeParse(parseJson(await objects.content(file.id), STATUS_PATH));
    if (!parsed.success) throw new InvalidBundle('bad-report', `${STATUS_PATH} cannot be read`);
    status = parsed.data;
  }
  return {
    runs: [...runs.values()].toSorted((a, b) => a.report.startedAt - b.report.startedAt),
    status,
  };
}

function parseJson(content: Buffer, name: string): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    throw new InvalidBundle('bad-report', `${JSON.stringify(name)} is no JSON`);
  }
}
