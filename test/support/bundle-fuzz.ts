import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { allowedKey, type AllowedKeys } from '../../src/bundle/allowed-keys.ts';
import { createSiteBundle, intakeDesired } from '../../src/bundle/desired.ts';
import { InvalidBundle } from '../../src/bundle/invalid-bundle.ts';
import type { Signer } from '../../src/bundle/keys.ts';
import { createReturnBundle, intakeReturn } from '../../src/bundle/returned.ts';
import type { SiteStore } from '../../src/git/site-store.ts';
import { publicKeyBlob, signSsh } from '../../src/git/ssh-signature.ts';
import { sha256 } from '../../src/model/tree.ts';
import { drawer, mutate, type Sample, sampleOf } from './bundle-mutations.ts';
import { BundleWorld, DAY, NOW, siteTree, SOMEBODY } from './bundles.ts';

export interface FuzzReport {
  seed: number;
  cases: number;
  /** Bundles that a change left as they were in meaning. */
  accepted: number;
  /** How many were refused, by reason. */
  refused: Record<string, number>;
  /** Milliseconds that the slowest one took. */
  slowest: number;
  /** Most memory of this process (MiB), after a tenth of the cases and after all of them. */
  memory: { early: number; late: number };
  /** What should not be: each with the case that shows it. */
  failures: string[];
}

/** Cases between two looks at the stores. */
const BATCH = 20;
const AT_ONCE = 2;
/** Milliseconds after which a case counts as one that hangs. */
const HANG = 30_000;

interface Target {
  sample: Sample;
  store: SiteStore;
  take: (file: string) => Promise<string | null>;
  /** What comes out of the bundle as it was made. */
  expected: string;
}

/** Changed bundles, whose every change the seed and a number decide. */
export class BundleFuzz {
  readonly #world: BundleWorld;
  readonly #targets: readonly Target[];
  readonly #donors: readonly Sample[];

  private constructor(world: BundleWorld, targets: Target[], donors: Sample[]) {
    this.#world = world;
    this.#targets = targets;
    this.#donors = donors;
  }

  /** Makes good bundles of each kind in a folder: full, incremental, and one that comes back. */
  static async create(folder: string): Promise<BundleFuzz> {
    const world = await BundleWorld.create(folder, signerOf('centre'));
    const { centre, site: store, signer, trusted } = world;
    const first = await world.desire('lisbon', 1);
    const second = await world.desire('lisbon', 2, { parents: [first], changed: 'once more' });
    const porto = await world.desire('porto', 1);
    const make = async (name: string, site: string, commit: string, have: string[]) => {
      const to = world.path(name);
      const expires = NOW + DAY;
      const of = { site, commit, have, signer, expires, now: NOW, to };
      await createSiteBundle({ repository: centre.repository, ...of });
      return sampleOf(name, await readFile(to));
    };
    const start = await make('start', 'lisbon', first, []);
    const takeDesired = async (file: string, site = 'lisbon', generation = 1) => {
      const of = { site, file, trusted, generation, now: NOW };
      const { commit } = await intakeDesired({ repository: store.repository, ...of });
      return commit;
    };
    await takeDesired(world.path('start'), 'lisbon', 0);
    await store.moveRefs([{ site: 'lisbon', ref: 'desired', to: first, from: null }]);
    const back = await returned(world, first);
    const full = await make('full', 'lisbon', second, []);
    const incremental = await make('incremental', 'lisbon', second, [first]);
    const other = await make('other', 'porto', porto, []);
    const targets: Target[] = [
      { sample: full, store, take: takeDesired, expected: second },
      { sample: incremental, store, take: takeDesired, expected: second },
      { sample: back.sample, store: centre, take: back.take, expected: back.observed },
    ];
    return new BundleFuzz(world, targets, [full, incremental, back.sample, other, start]);
  }

  /** Takes changed bundles in, one after the other. */
  async run(options: {
    seed: number;
    cases: number;
    /** The number of the first case. */
    from?: number;
    onProgress?: (done: number) => void;
  }): Promise<FuzzReport> {
    const { seed, cases, from = 0, onProgress } = options;
    const memory = { early: 0, late: 0 };
    const report: FuzzReport = {
      seed,
      cases,
      accepted: 0,
      refused: {},
      slowest: 0,
      memory,
      failures: [],
    };
    const before = this.#stores().map(stateOf);
    for (let at = 0; at < cases; at += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, cases - at) }, (_, n) => from + at + n);
      const lanes = Array.from({ length: AT_ONCE }, async (_, lane) => {
        for (const number of numbers.filter((one) => one % AT_ONCE === lane))
          await this.#one(seed, number, report);
      });
      await Promise.all(lanes);
      for (const [index, store] of this.#stores().entries())
        await this.#requireSame(store, before[index]!, `${from + at}…`, report);
      if (at <= cases / 10) report.memory.early = Math.max(report.memory.early, mebibytes());
      report.memory.late = mebibytes();
      onProgress?.(at + numbers.length);
    }
    return report;
  }

  async close(): Promise<void> {
    await this.#world.close();
  }

  #stores(): SiteStore[] {
    return [this.#world.site, this.#world.centre];
  }

  async #one(seed: number, number: number, report: FuzzReport): Promise<void> {
    const draw = drawer(Math.imul(seed, 0x9e3779b1) + number);
    const { sample, take, expected } = this.#targets[draw(this.#targets.length)]!;
    const file = this.#world.path(`case-${number % BATCH}`);
    await writeFile(file, mutate(sample, this.#donors, draw));
    const startedAt = performance.now();
    try {
      const commit = await take(file);
      report.accepted += 1;
      if (commit !== expected) report.failures.push(`case ${number} was taken in as ${commit}`);
    } catch (error) {
      const reason = error instanceof InvalidBundle ? error.reason : undefined;
      if (reason === undefined || reason === 'took-too-long')
        report.failures.push(`case ${number} (${sample.name}): ${String(error)}`);
      else report.refused[reason] = (report.refused[reason] ?? 0) + 1;
    }
    const took = performance.now() - startedAt;
    report.slowest = Math.max(report.slowest, Math.round(took));
    if (took > HANG) report.failures.push(`case ${number} took ${Math.round(took)} ms`);
    await rm(file);
  }

  /** A bundle that was good after all leaves its pack; nothing else may be other than before. */
  async #requireSame(
    store: SiteStore,
    before: ReadonlyMap<string, string>,
    cases: string,
    report: FuzzReport,
  ): Promise<void> {
    const { directory } = store.repository;
    for (const [path, content] of stateOf(store)) {
      if (before.get(path) === content) continue;
      if (/^objects\/pack\/pack-[0-9a-f]{40}\.(?:pack|idx)$/.test(path) && report.accepted > 0)
        await rm(join(directory, path), { force: true });
      else report.failures.push(`cases ${cases} left ${path}`);
    }
    for (const path of before.keys())
      if (!stateOf(store).has(path)) report.failures.push(`cases ${cases} removed ${path}`);
  }
}

/** Something that a site sends back. */
async function returned(
  world: BundleWorld,
  base: string,
): Promise<{
  sample: Sample;
  observed: string;
  take: (file: string) => Promise<string | null>;
}> {
  const { site: store, centre } = world;
  const [observed = ''] = await store.writeCommits([
    {
      site: 'lisbon',
      files: siteTree('lisbon', 1, 'edited on the spot'),
      parents: [base],
      message: 'The clock is another one\n',
      author: SOMEBODY,
      time: NOW,
    },
  ]);
  await store.moveRefs([{ site: 'lisbon', ref: 'observed', to: observed, from: null }]);
  const signer = signerOf('lisbon');
  const trusted: AllowedKeys = [allowedKey('lisbon', signer.publicKey)];
  const to = world.path('back');
  await createReturnBundle({
    repository: store.repository,
    site: 'lisbon',
    observed,
    applied: base,
    results: null,
    have: [base],
    signer,
    sequence: 1,
    to,
    now: NOW,
  });
  return {
    sample: sampleOf('back', await readFile(to)),
    observed,
    take: async (file) => {
      const of = { site: 'lisbon', file, trusted };
      return (await intakeReturn({ repository: centre.repository, ...of })).observed;
    },
  };
}

/** A key that is the same each time, so that a case is too. */
function signerOf(name: string): Signer {
  // What stands before the seed in a PKCS #8 private key (RFC 8410).
  const start = '302e020100300506032b657004220420';
  const bytes = Buffer.from(start + sha256(name), 'hex');
  const key = createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
  const blob = publicKeyBlob(createPublicKey(key));
  return { publicKey: `ssh-ed25519 ${blob}`, sign: (payload) => signSsh(key, blob, payload) };
}

/** Every file of a store, and what refs hold. */
function stateOf({ repository: { directory } }: SiteStore): Map<string, string> {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true });
  return new Map(
    paths.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const name = path.slice(directory.length + 1);
      const isRef = entry.isFile() && /^(?:refs\/|packed-refs|HEAD)/.test(name);
      return [name, isRef ? readFileSync(path, 'utf8') : ''];
    }),
  );
}

function mebibytes(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}
