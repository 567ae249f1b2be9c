import type { Decided } from '../git/site-store.ts';
import { UserError } from '../model/errors.ts';
import { MANIFEST_PATH, type SiteTree, treeDigest } from '../model/tree.ts';
import { type BundleKind, openBundle, requireTag, takeIn } from './intake.ts';
import { InvalidBundle } from './invalid-bundle.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { parseCommit, requireSignature, signedTag, trailer } from './signed.ts';
import type { Created, DesiredIntake, ReceivedDesired, SiteBundleOptions } from './types.ts';
import type { NewCommit } from './walk.ts';
import { reachable, writeBundle } from './write-bundle.ts';

export const DESIRED_KIND: BundleKind = { refs: ['HEAD', 'refs/heads/desired'], tags: 'bundle' };

const DECIDED = /^Decided: ([0-9a-f]{40}) (adopted|rejected) (\S{1,200})$/gm;

/**
 * Writes the bundle that brings a site what is desired there: the desired commit and its history without what the
 * site has, and a signed tag with site, generation and expiry. `git clone` checks it out.
 * @throws UserError if the commit is not signed, or is no desired commit
 */
export async function createSiteBundle(options: SiteBundleOptions): Promise<Created> {
  const { repository, site, commit, have, signer, expires, to, now = Date.now() } = options;
  if (have.includes(commit)) return { upToDate: true };
  const { message, signature } = parseCommit(await repository.objects.content(commit));
  const generation = generationOf(message);
  if (signature === undefined || generation === undefined || trailer(message, 'Site') !== site)
    throw new UserError(`${commit} is no signed desired commit of ${site}`);
  const name = `${DESIRED_KIND.tags}/${site}/${generation}`;
  const content = signedTag(
    { commit, name, time: now, subject: `Bundle for ${site}` },
    {
      Site: site,
      Generation: generation,
      'Plan-Revision': trailer(message, 'Plan-Revision') ?? '',
      Desired: commit,
      Expires: new Date(expires).toISOString(),
    },
    signer,
  );
  return writeBundle({
    repository,
    refs: [
      ['refs/heads/desired', commit],
      ['HEAD', commit],
    ],
    tag: { name: `refs/tags/${name}`, content },
    without: await reachable(repository, [commit], have),
    to,
  });
}

/**
 * Takes the objects of a bundle in, if all of it is good: signed by a trusted key, for this site, not older than what
 * the site has, not expired, and in every object sound. Moves no ref. The same bundle again is no error.
 * @throws InvalidBundle with the reason; then nothing has changed
 */
export async function intakeDesired(options: DesiredIntake): Promise<ReceivedDesired> {
  const { repository, site, file, trusted, generation: had, now, tips = [] } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const bundle = await openBundle(file, DESIRED_KIND, limits);
  requireTag(bundle, { site, trusted });
  const { message } = bundle.tag;
  const commit = bundle.header.refs.get('refs/heads/desired');
  if (commit === undefined) throw new InvalidBundle('missing-ref', 'it lacks refs/heads/desired');
  const generation = generationOf(message) ?? 0;
  const expires = Date.parse(trailer(message, 'Expires') ?? '');
  if (generation < had) {
    throw new InvalidBundle(
      'older',
      `it is of generation ${generation}, and the site has ${had} already`,
    );
  }
  if (Number.isNaN(expires) || expires <= now) {
    const when = Number.isNaN(expires) ? 'at no time it says' : new Date(expires).toISOString();
    throw new InvalidBundle(
      'expired',
      `it expired ${when}, and the clock here says ${new Date(now).toISOString()}`,
    );
  }
  if (generation === had && options.desired && options.desired !== commit)
    throw new InvalidBundle('older', `it is another tree of generation ${had}, which the site has`);
  return takeIn(
    { repository, site, bundle, tips, limits },
    async ({ quarantine, commits, treeAt }) => {
      if (!commits.has(commit))
        throw new InvalidBundle('mismatch', 'refs/heads/desired leads to nothing in it');
      const tip = parseCommit(await quarantine.objects.content(commit));
      requireSignature(tip, trusted, 'its desired commit');
      const says = (name: string): string | undefined => trailer(tip.message, name);
      if (says('Site') !== site)
        throw new InvalidBundle('other-site', `its desired commit is not one for ${site}`);
      if (generationOf(tip.message) !== generation)
        throw new InvalidBundle('mismatch', 'its desired commit is of another generation');
      const revision = says('Plan-Revision') ?? '';
      const tree = await treeAt(commit);
      const digest = treeDigest(tree);
      requireManifest(tree, { site, generation, revision, digest });
      return {
        commit,
        generation,
        revision,
        digest,
        expires,
        ...wordsSince(commits, commit, had),
      };
    },
  );
}

/** What the new desired commits tell the site, oldest first: decisions on its edits, and why it is to apply. */
function wordsSince(
  commits: ReadonlyMap<string, NewCommit>,
  tip: string,
  had: number,
): { decisions: Decided[]; apply: string | null } {
  const decisions = new Map<string, Decided>();
  let apply: string | null = null;
  const line: NewCommit[] = [];
  for (let at = commits.get(tip); at; at = commits.get(at.parents[0] ?? '')) line.unshift(at);
  for (const { message } of line) {
    if ((generationOf(message) ?? 0) <= had) continue;
    for (const [, observed = '', decision, fingerprint = ''] of message.matchAll(DECIDED)) {
      const decided = decision === 'adopted' ? 'adopted' : 'rejected';
      decisions.set(`${observed} ${fingerprint}`, { observed, decision: decided, fingerprint });
    }
    apply = trailer(message, 'Apply') ?? apply;
  }
  return { decisions: [...decisions.values()], apply };
}

function requireManifest(
  tree: SiteTree,
  about: { site: string; generation: number; revision: string; digest: string },
): void {
  let manifest: unknown;
  try {
    manifest = JSON.parse(tree.get(MANIFEST_PATH)?.content.toString() ?? '');
  } catch {
    throw new InvalidBundle('mismatch', `its tree has no ${MANIFEST_PATH} that can be read`);
  }
  const says = new Map(Object.entries(manifest ?? {}));
  for (const name of ['site', 'generation', 'revision', 'digest'] as const) {
    if (says.get(name) !== about[name])
      throw new InvalidBundle(
        'mismatch',
        `its tree does not fit what ${MANIFEST_PATH} says (${name})`,
      );
  }
}

function generationOf(message: string): number | undefined {
  const number = Number(trailer(message, 'Generation'));
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
