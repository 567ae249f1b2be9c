import { mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { createSiteBundle, loadSigner, type Signer } from '../../bundle/bundle.ts';
import { isObjectId } from '../../git/names.ts';
import { runGit } from '../../git/process.ts';
import { readRef } from '../../git/refs.ts';
import { desiredMessage, SiteStore } from '../../git/site-store.ts';
import { parseSshSignature } from '../../git/ssh-signature.ts';
import { MAX_HAVE } from '../../model/agent-wire.ts';
import { UserError } from '../../model/errors.ts';
import { treeDigest } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import { renderSite, withManifest } from '../../render/render.ts';
import { runPlan } from '../../render/run-plan.ts';
import { takeLock } from '../../store/lock.ts';
import type { Client } from '../client.ts';
import { EXIT, type Output, styled } from '../output.ts';
import { openPlan, type PlanOptions } from '../plan-source.ts';
import { openKeys } from './key.ts';

const TRUEUP = { name: 'trueup', email: 'trueup@localhost' };

export interface BundleCreateOptions extends PlanOptions {
  out: string;
  /** Commits that the site has. */
  have?: string[];
}

export interface OwnBundleOptions extends BundleCreateOptions {
  /** A private key, or a folder of keys. */
  key: string;
  /** Milliseconds for which it may be taken in. */
  expires: number;
  generation?: number;
  /** Repository that keeps what was issued for each site. */
  store?: string;
}

interface Issued {
  commit: string;
  generation: number;
  digest: string;
}

/** `trueup bundle create SITE --key FILE`: renders a revision of the plan, and signs it, with no controller. */
export async function createBundle(
  site: string,
  options: OwnBundleOptions,
  output: Output,
): Promise<number> {
  const have = commits(options.have);
  const { plan, revision } = await openPlan({ ...options, rev: options.rev ?? 'HEAD' });
  if (!plan.sites.has(site))
    throw new UserError(
      `the plan has no site ${site}; it has ${[...plan.sites.keys()].join(', ')}`,
    );
  const signer = await signerOf(options.key);
  const directory = options.store ?? (await storeOf(options.plan));
  await mkdir(dirname(resolve(directory)), { recursive: true });
  const release = takeLock(`${resolve(directory)}.lock`);
  if (!release)
    throw new UserError(`another \`trueup bundle create\` works on ${directory}: try again`);
  const trees = await SiteStore.open({ directory });
  try {
    const issued = await issue(trees, { plan, revision, site, signer }, options.generation);
    const expires = Date.now() + options.expires;
    const to = resolve(options.out);
    const { commit } = issued;
    const made = await createSiteBundle({
      repository: trees.repository,
      site,
      commit,
      have,
      signer,
      expires,
      to,
    });
    tell(
      {
        site,
        revision,
        ...issued,
        expiresAt: new Date(expires).toISOString(),
        file: made.upToDate ? null : options.out,
        bytes: made.bytes ?? null,
      },
      output,
    );
    return EXIT.ok;
  } finally {
    await trees.close();
    release();
  }
}

/** `trueup bundle create SITE --server URL`: the bundle that a controller has for a site. */
export async function downloadBundle(
  site: string,
  options: BundleCreateOptions,
  client: Client,
  output: Output,
): Promise<number> {
  const have = commits(options.have);
  const query = have.length > 0 ? `?have=${have.join(',')}` : '';
  const there = await client.download(
    `/sites/${encodeURIComponent(site)}/bundle${query}`,
    resolve(options.out),
  );
  const bytes = there ? (await stat(options.out)).size : null;
  tell({ site, file: there ? options.out : null, bytes }, output);
  return EXIT.ok;
}

/** What is desired at the site: the commit that was issued before where it is the same, or a new one. */
async function issue(
  trees: SiteStore,
  of: { plan: Plan; revision: string; site: string; signer: Signer },
  wanted: number | undefined,
): Promise<Issued> {
  const { plan, revision, site, signer } = of;
  const rendered = renderSite(plan, site);
  const { digest } = rendered;
  const before = await readRef(trees.repository, `refs/sites/${site}/desired`);
  const last = before === undefined ? 0 : (await trees.lineage.trailersOf(before)).generation;
  if (before !== undefined && (wanted ?? last) === last && (await isBy(trees, before, signer))) {
    if (treeDigest(await trees.readTree(before)) === digest)
      return { commit: before, generation: last, digest };
  }
  const generation = wanted ?? last + 1;
  if (generation <= last)
    throw new UserError(
      `generation ${last} of ${site} was issued before: a site takes only newer ones, so let it be ${last + 1} or more`,
    );
  const files = withManifest(rendered, {
    plan: plan.name,
    revision,
    generation,
    run: runPlan(plan, site),
  });
  const [commit = ''] = await trees.writeCommits([
    {
      site,
      files,
      parents: before === undefined ? [] : [before],
      message: desiredMessage({ revision, site, generation }),
      author: TRUEUP,
      time: Date.now(),
      sign: (payload) => signer.sign(payload),
    },
  ]);
  await trees.moveRefs([{ site, ref: 'desired', to: commit, from: before ?? null }]);
  return { commit, generation, digest };
}

/** Whether this key has signed a commit: after a rotation what is desired is issued once more. */
async function isBy(trees: SiteStore, commit: string, signer: Signer): Promise<boolean> {
  const text = (await trees.repository.objects.content(commit)).toString('latin1');
  const [, header] = /^gpgsig (.+(?:\n .*)*)$/m.exec(text) ?? [];
  if (header === undefined) return false;
  return parseSshSignature(header.replaceAll('\n ', '\n'))?.key === signer.publicKey.split(' ')[1];
}

/** A private key, or the current one of a folder of keys. */
async function signerOf(path: string): Promise<Signer> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ? (await openKeys(path)).signer : loadSigner(path);
}

/** Where what was issued is kept if nobody says: beside the plan's own history, and no part of it. */
async function storeOf(plan: string): Promise<string> {
  const asked = ['rev-parse', '--path-format=absolute', '--git-common-dir'];
  const { stdout } = await runGit(['-C', resolve(plan), ...asked]);
  return join(stdout.toString().trim(), 'trueup', 'sites.git');
}

function commits(have: readonly string[] = []): readonly string[] {
  const wrong = have.find((id) => !isObjectId(id));
  if (wrong !== undefined)
    throw new UserError(
      `${JSON.stringify(wrong)} is no full commit id: \`git rev-parse HEAD\` at the site tells it`,
    );
  if (have.length > MAX_HAVE) throw new UserError(`name ${MAX_HAVE} commits at most with --have`);
  return have;
}

function tell(
  made: {
    site: string;
    file: string | null;
    bytes: number | null;
    revision?: string;
    generation?: number;
    commit?: string;
    digest?: string;
    expiresAt?: string;
  },
  output: Output,
): void {
  const { site, file, bytes, generation, expiresAt } = made;
  output.document({ ...made, upToDate: file === null });
  if (file === null) {
    output.line(`${site} has all that is desired there: no bundle is needed`);
    return;
  }
  const what = generation === undefined ? '' : `  generation ${generation}`;
  const until = expiresAt === undefined ? '' : `  until ${expiresAt}`;
  output.line(`${styled('green', site)}  ${file}  ${bytes} bytes${what}${until}`);
}
