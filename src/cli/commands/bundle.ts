import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { parseAllowedKeys } from '../../bundle/allowed-keys.ts';
import { createSiteBundle, DESIRED_KIND, intakeDesired } from '../../bundle/desired.ts';
import { readBundle } from '../../bundle/header.ts';
import { type OpenBundle, openBundle, requireTag } from '../../bundle/intake.ts';
import { fingerprint, loadSigner } from '../../bundle/keys.ts';
import { RETURN_KIND } from '../../bundle/returned.ts';
import { trailer } from '../../bundle/signed.ts';
import { runGit } from '../../git/process.ts';
import { readRef } from '../../git/refs.ts';
import { desiredMessage, SiteStore } from '../../git/site-store.ts';
import { parseSshSignature } from '../../git/ssh-signature.ts';
import { UserError } from '../../model/errors.ts';
import { renderSite, withManifest } from '../../render/render.ts';
import { runPlan } from '../../render/run-plan.ts';
import { count, EXIT, type Output, styled } from '../output.ts';
import { openPlan, type PlanOptions } from '../plan-source.ts';

const DAY = 24 * 60 * 60 * 1000;
const TRUEUP = { name: 'trueup', email: 'trueup@localhost' };

export interface CreateOptions extends PlanOptions {
  key: string;
  out: string;
  have?: string;
  /** Days. */
  expires: number;
  generation?: number;
}

/** `trueup bundle create`: the file that brings a site what the plan asks for, with no controller. */
export async function createBundle(
  site: string,
  options: CreateOptions,
  output: Output,
): Promise<number> {
  const { plan, revision } = await openPlan(options);
  if (revision === '')
    throw new UserError(
      `${options.plan} is not as its last commit has it: commit the plan, or name a revision with --rev`,
    );
  const signer = await loadSigner(options.key);
  const generation = options.generation ?? (await commitsUpTo(options.plan, revision));
  const rendered = renderSite(plan, site);
  const scratch = await mkdtemp(join(tmpdir(), 'trueup-bundle-'));
  const store = await SiteStore.open({ directory: join(scratch, 'sites.git') });
  try {
    const about = { plan: plan.name, revision, generation, run: runPlan(plan, site) };
    const [commit] = await store.writeCommits([
      {
        site,
        files: withManifest(rendered, about),
        parents: [],
        message: desiredMessage({ revision, site, generation }),
        author: TRUEUP,
        // The same plan gives the same commit, so that a site that has it needs nothing.
        time: await timeOf(options.plan, revision),
        sign: (payload) => signer.sign(payload),
      },
    ]);
    const expires = Date.now() + options.expires * DAY;
    const created = await createSiteBundle({
      repository: store.repository,
      site,
      commit: commit!,
      have: options.have ? options.have.split(',') : [],
      signer,
      expires,
      to: resolve(options.out),
    });
    const made = { site, generation, revision, commit: commit! };
    output.document({ ...made, expires, ...created, ...(created.bytes && { file: options.out }) });
    output.line(
      created.upToDate
        ? `${site} has generation ${generation} already: there is nothing to bring`
        : `${styled('green', options.out)}  ${site}, generation ${generation}, ${count(created.bytes, 'byte')}, until ${day(expires)}`,
    );
    return EXIT.ok;
  } finally {
    await store.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

/** `trueup bundle show`: what a bundle says of itself; nothing of it is checked but that it is whole. */
export async function showBundle(file: string, output: Output): Promise<number> {
  tell(file, await open(file), false, output);
  return EXIT.ok;
}

/** `trueup bundle verify`: as `show`, with the signature and, where named, the site checked. */
export async function verifyBundle(
  file: string,
  { trust, site }: { trust: string; site?: string },
  output: Output,
): Promise<number> {
  const bundle = await open(file);
  const trusted = parseAllowedKeys(await readFile(trust, 'utf8'), trust);
  requireTag(bundle, { site: site ?? bundle.site, trusted });
  const expires = Date.parse(trailer(bundle.tag.message, 'Expires') ?? '');
  if (expires <= Date.now()) throw new UserError(`the bundle expired ${day(expires)}`);
  // Signed by whom is one thing; whether git finds all of it sound is tried in a store that is thrown away.
  if (bundle.header.prerequisites.length === 0 && bundle.tag.ref.startsWith('refs/tags/bundle/')) {
    const scratch = await mkdtemp(join(tmpdir(), 'trueup-bundle-'));
    const store = await SiteStore.open({ directory: scratch });
    try {
      const { repository } = store;
      const about = { site: bundle.site, generation: 0, now: Date.now() };
      await intakeDesired({ repository, file, trusted, ...about });
    } finally {
      await store.close();
      await rm(scratch, { recursive: true, force: true });
    }
  }
  tell(file, bundle, true, output);
  return EXIT.ok;
}

/** `trueup bundle import`: brings a bundle into a site's store, and moves its desired ref. */
export async function importBundle(
  file: string,
  { data, trust, site }: { data: string; trust: string; site?: string },
  output: Output,
): Promise<number> {
  const store = await SiteStore.open({ directory: await storeIn(data) });
  try {
    const wanted = site ?? (await open(file)).site;
    const had = (await readRef(store.repository, `refs/sites/${wanted}/desired`)) ?? null;
    const before = had ? (await store.lineage.trailersOf(had)).generation : 0;
    const received = await intakeDesired({
      repository: store.repository,
      site: wanted,
      file,
      trusted: parseAllowedKeys(await readFile(trust, 'utf8'), trust),
      generation: before,
      desired: had,
      now: Date.now(),
    });
    await store.moveRefs([{ site: wanted, ref: 'desired', to: received.commit, from: had }]);
    output.document({ site: wanted, ...received });
    output.line(
      `${styled('green', wanted)}  generation ${before} → ${received.generation}, ${received.commit.slice(0, 12)}`,
    );
    return EXIT.ok;
  } finally {
    await store.close();
  }
}

async function storeIn(data: string): Promise<string> {
  const inside = join(data, 'sites.git');
  const found = await stat(inside).catch(() => undefined);
  const bare = await stat(join(data, 'objects')).catch(() => undefined);
  return found || !bare ? inside : data;
}

async function open(file: string): Promise<OpenBundle> {
  const { refs } = await readBundle(file);
  const back = [...refs.keys()].some((ref) => ref.startsWith(`refs/tags/${RETURN_KIND.tags}/`));
  return openBundle(file, back ? RETURN_KIND : DESIRED_KIND);
}

function tell(file: string, bundle: OpenBundle, verified: boolean, output: Output): void {
  const { header, tag, site, bytes } = bundle;
  const said = (name: string): string | null => trailer(tag.message, name) ?? null;
  const number = (name: string): number | null => (said(name) === null ? null : Number(said(name)));
  const key = parseSshSignature(tag.signature ?? '')?.key;
  const about = {
    file,
    site,
    direction: tag.ref.startsWith('refs/tags/return/') ? 'from the site' : 'to the site',
    generation: number('Generation'),
    sequence: number('Sequence'),
    revision: said('Plan-Revision'),
    expires: said('Expires'),
    signedBy: key ? fingerprint(`ssh-ed25519 ${key}`) : null,
    signedAt: new Date(tag.time).toISOString(),
    verified,
    bytes,
    refs: Object.fromEntries(header.refs),
    prerequisites: header.prerequisites,
  };
  output.document(about);
  for (const [name, value] of Object.entries(about)) {
    if (value === null || typeof value === 'object') continue;
    output.line(`${name.padEnd(12)} ${String(value)}`);
  }
  for (const [ref, id] of header.refs) output.line(`${id.slice(0, 12)} ${ref}`);
  for (const id of header.prerequisites) output.line(`needs        ${id}`);
  if (!verified) output.note('whoever signed it was not checked: see `trueup bundle verify`');
}

async function commitsUpTo(plan: string, revision: string): Promise<number> {
  const { stdout } = await runGit(['-C', resolve(plan), 'rev-list', '--count', revision]);
  return Number(stdout.toString());
}

async function timeOf(plan: string, revision: string): Promise<number> {
  const args = ['-C', resolve(plan), 'show', '-s', '--format=%ct', revision];
  return Number((await runGit(args)).stdout.toString()) * 1000;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
