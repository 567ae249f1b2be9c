import { rm } from 'node:fs/promises';
import { join, parse } from 'node:path';

import {
  type BundleLimits,
  createReturnPart,
  intakeDesired,
  loadSigner,
  parseAllowedKeys,
  PUSH_LIMITS,
  type ReceivedDesired,
  type Signer,
  STICK_LIMITS,
} from '../bundle/bundle.ts';
import type { SiteStore } from '../git/site-store.ts';
import { changedPaths } from '../model/tree.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AgentDirectory } from './data-directory.ts';
import { recall, remember } from './memory.ts';
import { reportResults } from './results.ts';
import { agentStatus } from './status.ts';

export interface ExchangeOptions {
  site: string;
  directory: AgentDirectory;
  store: Store;
  trees: SiteStore;
  /** The keys that the site believes, as its file says now. */
  allowedSigners: () => Promise<string>;
  version: string;
  log: Logger;
  now: () => number;
}

/** Newest commits of the site that the centre has, as far as is known. */
type Known = Partial<
  Record<'desired' | 'observed' | 'applied' | 'results', string | null | undefined>
>;

/** Takes bundles in and makes those that go back: the same over HTTPS and on a stick. */
export class Exchange {
  readonly #options: ExchangeOptions;
  #signer: Signer | undefined;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /**
   * Takes in what is desired from a bundle.
   * @returns what came; undefined where the site had it already
   * @throws InvalidBundle where it is refused: nothing has changed then
   */
  async take(file: string): Promise<ReceivedDesired | undefined> {
    const { site, store, trees, allowedSigners, log, now } = this.#options;
    const row = await store.sites.get(site);
    const received = await intakeDesired({
      repository: trees.repository,
      site,
      file,
      trusted: parseAllowedKeys(await allowedSigners()),
      generation: row?.generation ?? 0,
      desired: row?.desiredCommit ?? null,
      tips: [row?.desiredCommit, row?.observedCommit].filter((tip) => typeof tip === 'string'),
      now: await this.#time(),
    });
    if (received.commit === row?.desiredCommit) return undefined;
    await this.#decide(received);
    await store.transaction(async (tx) => {
      const standing = await tx.sites.get(site);
      if (!standing)
        await tx.sites.upsertMany([{ name: site, labels: {}, stacks: [], delivery: 'agent' }]);
      await tx.sites.setDesired([
        {
          name: site,
          generation: received.generation,
          desiredCommit: received.commit,
          desiredDigest: received.digest,
          desiredRevision: received.revision,
        },
      ]);
      if (received.apply !== null)
        await tx.sites.update(site, { applyForced: true, applyReason: received.apply });
      const { time } = await trees.describe(received.commit);
      await remember(tx, 'newestTime', Math.max((await recall(tx, 'newestTime')) ?? 0, time));
    });
    trees.followRefs([{ site, ref: 'desired', to: received.commit }]);
    const { generation, revision } = received;
    log.info({ site, generation, revision, at: now() }, 'something else is desired');
    return received;
  }

  /** Notes what was decided on edits made here, so that bringing the tree in carries it out. */
  async #decide({ decisions }: ReceivedDesired): Promise<void> {
    const { site, store, trees, now } = this.#options;
    for (const { observed, decision, fingerprint } of decisions) {
      const { parents, time, author } = await trees.describe(observed);
      const base = parents[0] ?? observed;
      const [was, edited] = await trees.readTrees([base, observed]);
      await store.transaction(async (tx) => {
        const { drift, inserted } = await tx.drifts.insertIfAbsent({
          id: `${site}:${fingerprint}`,
          site,
          kind: 'tree',
          fingerprint,
          contentKey: fingerprint,
          baseCommit: base,
          observedCommit: observed,
          editCommit: observed,
          paths: changedPaths(was!, edited!),
          author,
          message: '',
          detectedAt: time,
        });
        if (inserted) await tx.drifts.decide(drift.id, decision, 'the centre', now());
      });
    }
  }

  /**
   * Writes what the centre does not have yet into a bundle to be sent, or of much a first part: what the centre answers
   * says what the next one begins with.
   * @returns undefined where the centre has it all
   */
  async give(to: string): Promise<{ bytes: number; sequence: number } | undefined> {
    const made = await this.#part(to, await this.#known(), PUSH_LIMITS);
    return made && { bytes: made.bytes, sequence: made.sequence };
  }

  /**
   * Writes all that the centre does not have yet into a file for somebody to carry; where that is more than one bundle
   * may hold, into some more beside it (`back.2.bundle`), to be brought in one after the other.
   * @param options.full all of the site's history, for a centre that may have lost what it had
   * @returns the size of all and the number of the last; undefined where the centre has it all
   */
  async giveAll(
    to: string,
    options: { full?: boolean; limits?: BundleLimits } = {},
  ): Promise<{ bytes: number; sequence: number; files: string[] } | undefined> {
    const { full = false, limits = STICK_LIMITS } = options;
    let known: Known = full ? {} : await this.#known();
    let all: { bytes: number; sequence: number; files: string[] } | undefined;
    for (;;) {
      const files = [...(all?.files ?? [])];
      const file = partName(to, files.length + 1);
      const made = await this.#part(file, known, limits);
      if (!made) return all;
      const { sequence, tips } = made;
      all = { bytes: (all?.bytes ?? 0) + made.bytes, sequence, files: [...files, file] };
      if (!made.more) return all;
      known = {
        desired: known.desired,
        observed: tips.observed ?? known.observed,
        applied: tips.applied ?? known.applied,
        results: tips.results ?? known.results,
      };
    }
  }

  async #known(): Promise<Known> {
    return (await recall(this.#options.store, 'centre')) ?? {};
  }

  async #part(to: string, known: Known, limits: BundleLimits) {
    const { site, directory, store, trees, now } = this.#options;
    const results = await this.report();
    const row = await store.sites.get(site);
    if (!row) return undefined;
    const sequence = ((await recall(store, 'sequence')) ?? 0) + 1;
    await remember(store, 'sequence', sequence);
    this.#signer ??= await loadSigner(directory.key);
    const has = [known.desired, known.observed, known.applied, known.results];
    const made = await createReturnPart(
      {
        repository: trees.repository,
        site,
        observed: row.observedCommit,
        applied: await this.#applied(),
        results,
        have: has.filter((commit) => typeof commit === 'string'),
        signer: this.#signer,
        sequence,
        to,
        now: now(),
      },
      limits,
    );
    return made.bytes === undefined ? undefined : { ...made, sequence };
  }

  /** Brings the site's status and its reports into git; returns the newest commit of them. */
  async report(): Promise<string | null> {
    const { site, store, trees, version, now } = this.#options;
    const status = await agentStatus({ store, site, version, now: now() });
    if (!status) return (await recall(store, 'results')) ?? null;
    return reportResults({ store, trees, site, status, now: now() });
  }

  /** How many commits and reports the centre has not confirmed, as far as it matters: 0 or what is new. */
  async owed(): Promise<number> {
    const { site, store, trees } = this.#options;
    const row = await store.sites.get(site);
    const centre = await recall(store, 'centre');
    const results = await recall(store, 'results');
    const unreported = ((await recall(store, 'unreported')) ?? []).length;
    const reports = results !== undefined && results !== centre?.results ? 1 : 0;
    const observed = row?.observedCommit;
    if (!observed || observed === centre?.observed || observed === row.desiredCommit)
      return unreported + reports;
    const from = centre?.observed ?? row.baseCommit;
    const { commits } = await trees.history(from ?? observed, observed, 500);
    return unreported + reports + Math.max(1, commits.length);
  }

  /** A file for a bundle on its way; `discard` removes it. */
  fileFor(name: 'in' | 'out'): string {
    return join(this.#options.directory.transfer, `${name}.bundle`);
  }

  async discard(file: string): Promise<void> {
    await rm(file, { force: true });
  }

  async #applied(): Promise<string | null> {
    const { site, store } = this.#options;
    const runs = await store.runs.list({ site, limit: 50 });
    const run = runs.find(({ kind, result }) => kind === 'apply' && result === 'success');
    return run?.commit ?? null;
  }

  /** A clock that was set back, or never set, counts from the newest time that the centre signed. */
  async #time(): Promise<number> {
    return Math.max(this.#options.now(), (await recall(this.#options.store, 'newestTime')) ?? 0);
  }
}

/** Name of one of the files that an export is written to: `back.bundle`, `back.2.bundle`, … */
export function partName(file: string, number: number): string {
  const { dir, name, ext } = parse(file);
  return number === 1 ? file : join(dir, `${name}.${number}${ext}`);
}
