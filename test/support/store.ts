import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import type {
  DriftRow,
  NewDrift,
  NewProposal,
  PreviewRow,
  RunStart,
  SiteUpsert,
} from '../../src/store/rows.ts';
import { openStore, type Store } from '../../src/store/store.ts';

/** A folder that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trueup-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, maxRetries: 10 }));
  return folder;
}

/** An empty store of the test's own; its time is 1,000 unless the test moves it. */
export async function emptyStore(): Promise<{
  store: Store;
  file: string;
  clock: { time: number };
}> {
  const file = join(temporaryFolder(), 'state', 'trueup.db');
  const clock = { time: 1_000 };
  const store = await openStore({ file, now: () => clock.time });
  onTestFinished(() => store.close());
  return { store, file, clock };
}

export const COMMIT = 'c0ffee'.padEnd(40, '0');
export const DIGEST = 'd16e57'.padEnd(64, '0');

export function site(name: string, change: Partial<SiteUpsert> = {}): SiteUpsert {
  return {
    name,
    labels: { region: 'eu-west', profile: 'store' },
    stacks: ['compute'],
    delivery: 'push',
    ...change,
  };
}

export function run(id: string, change: Partial<RunStart> = {}): RunStart {
  return {
    id,
    site: 'lisbon-07',
    kind: 'apply',
    driver: 'ansible',
    cause: 'revision c0ffee',
    commit: COMMIT,
    desiredCommit: COMMIT,
    digest: DIGEST,
    revision: COMMIT,
    startedAt: 2_000,
    ...change,
  };
}

export function drift(id: string, change: Partial<NewDrift> = {}): NewDrift {
  return {
    id,
    site: 'lisbon-07',
    kind: 'tree',
    fingerprint: `fingerprint-${id}`,
    contentKey: 'content',
    baseCommit: COMMIT,
    observedCommit: COMMIT,
    paths: ['group_vars/all.yml'],
    author: 'operator',
    message: 'by hand',
    detectedAt: 3_000,
    ...change,
  };
}

/** A drift as the store has it, open and with a proposal. */
export function driftRow(id: string, change: Partial<DriftRow> = {}): DriftRow {
  return {
    ...drift(id),
    groupKey: 'group',
    editCommit: COMMIT,
    foundIn: COMMIT,
    gone: null,
    status: 'open',
    decidedAt: null,
    decidedBy: null,
    proposalId: 'one',
    unexplained: null,
    carriedOut: false,
    ...change,
  };
}

export function proposal(id: string, change: Partial<NewProposal> = {}): NewProposal {
  return {
    id,
    driftId: 'drift',
    site: 'lisbon-07',
    fingerprint: id,
    branch: `trueup/lisbon-07/${id}`,
    kind: 'param',
    title: 'ntp_servers at lisbon-07: 10.20.7.1 → 10.20.7.9',
    body: 'Found at the site.',
    baseRevision: COMMIT,
    commit: null,
    result: { site: 'lisbon-07', revision: COMMIT, proposals: [], unexplained: [] },
    createdAt: 4_000,
    ...change,
  };
}

export function preview(number: number, change: Partial<PreviewRow> = {}): PreviewRow {
  return {
    number,
    title: 'Move the <b>clocks</b>',
    author: 'olga',
    url: `https://forge.example/pulls/${number}`,
    fork: false,
    state: 'open',
    head: COMMIT,
    baseCommit: COMMIT,
    revision: COMMIT,
    basis: 'basis',
    report: {
      problems: [],
      total: 2,
      changed: 1,
      added: [],
      removed: [],
      failing: [],
      groups: [
        {
          sites: ['lisbon-07'],
          files: [
            {
              path: 'group_vars/all.yml',
              before: '100644',
              after: '100644',
              patch: '@@ -1,1 +1,1 @@\n-motd: </pre><script>alert(1)</script>\n+motd: b\n',
              added: 1,
              removed: 1,
              cut: false,
              binary: false,
              secret: false,
              params: ['motd'],
            },
          ],
        },
      ],
      removals: [],
      cut: false,
    },
    told: 'told',
    check: null,
    lastAsk: null,
    mergedAs: null,
    inForceAs: null,
    createdAt: 1_000,
    updatedAt: 2_000,
    ...change,
  };
}
