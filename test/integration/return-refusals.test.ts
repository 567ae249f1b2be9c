import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { agentDirectory, readIdentity } from '../../src/agent/data-directory.ts';
import type { BundleFault } from '../../src/bundle/invalid-bundle.ts';
import { createKey, loadSigner, type Signer } from '../../src/bundle/keys.ts';
import { createReturnBundle } from '../../src/bundle/returned.ts';
import { signedTag } from '../../src/bundle/signed.ts';
import { writeBundle } from '../../src/bundle/write-bundle.ts';
import { SiteStore } from '../../src/git/site-store.ts';
import { ReturnAnswer } from '../../src/model/agent-wire.ts';
import { Problem } from '../../src/server/wire.ts';
import { AgentWorld, NTP } from '../support/agent-world.ts';
import { changedCopy, sealed } from '../support/bundles.ts';
import { git, gitWith, type RawEntry, writeRawTree } from '../support/git.ts';
import { repositoryState } from '../support/snapshot.ts';

/** What comes back from a site and must not be taken in: laws 10 and 12. */

const SEQUENCE = 1_000_000;
/** Larger than any file of a bundle may be; packed it is small. */
const HUGE = 33 * 2 ** 20;

/** A centre that has heard of an edit, and what stood at the site then, with nobody at work on it. */
async function startHeard() {
  const all = await AgentWorld.start();
  const { service, world, data } = all;
  await all.enrol();
  await all.open();
  await all.synced();
  await all.say(NTP, 'iburst', 'iburst prefer', { words: 'The old clock died', author: 'nadia' });
  await service.proposal('lisbon');
  await all.until('all of it is at the centre', async () => (await all.agent!.view()).owed === 0);
  await all.close();

  const { token = '' } = (await readIdentity(agentDirectory(data)))!;
  const trees = await SiteStore.open({ directory: join(data, 'sites.git') });
  const { repository } = trees;
  const { directory } = repository;
  const refs = await trees.allRefs();
  const ref = (name: string): string => refs.get(`lisbon/${name}`)!;
  const centre = {
    async state() {
      const row = await service.site('lisbon');
      const agent = await service.store.agents.get('lisbon');
      return {
        row,
        porto: await service.site('porto'),
        // That somebody asked, and what for, is noted later; it is no part of what the site is held to be.
        agent: { ...agent, lastContactAt: null, clockSkew: null, owed: null },
        runs: await service.store.runs.list({ limit: 50 }),
        drifts: await service.store.drifts.open('lisbon'),
        proposals: await service.store.proposals.list({ limit: 50 }),
        history: await repositoryState(join(world.data, 'sites.git')),
        left: await readdir(join(world.data, 'agents', 'incoming')).catch(() => []),
      };
    },
    post: async (file: string) =>
      fetch(`${service.url}/api/v1/sites/lisbon/bundle`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: new Uint8Array(await readFile(file)),
      }),
  };
  const signer = await loadSigner(join(data, 'key'));
  let files = 0;
  const path = (): string => join(world.root, `back-${(files += 1)}.bundle`);

  /** What an agent would bring, where it had these commits. */
  const back = async (
    of: {
      observed?: string;
      results?: string | null;
      have?: string[];
      signer?: Signer;
      site?: string;
      sequence?: number;
    } = {},
  ): Promise<string> => {
    const to = path();
    await createReturnBundle({
      repository,
      site: 'lisbon',
      observed: ref('observed'),
      applied: null,
      results: null,
      have: [],
      signer,
      sequence: SEQUENCE,
      to,
      ...of,
    });
    return to;
  };
  /** The same with a tag and refs that no agent would write; null leaves a line of the tag out. */
  const forged = async (
    of: {
      refs?: [string, string][];
      trailers?: Record<string, string | null>;
      signer?: Signer;
    } = {},
  ): Promise<string> => {
    const to = path();
    const name = `return/lisbon/${SEQUENCE}`;
    const observed = ref('observed');
    const trailers = {
      Site: 'lisbon',
      Sequence: `${SEQUENCE}`,
      Observed: observed,
      ...of.trailers,
    };
    const said = Object.entries(trailers).filter((one): one is [string, string] => one[1] !== null);
    const about = { commit: observed, name, time: Date.now(), subject: 'Back from lisbon' };
    await writeBundle({
      repository,
      refs: of.refs ?? [['refs/heads/observed', observed]],
      tag: {
        name: `refs/tags/${name}`,
        content: signedTag(about, Object.fromEntries(said), of.signer ?? signer),
      },
      without: [],
      to,
    });
    return to;
  };
  const blob = (content: string | Uint8Array): Promise<string> =>
    gitWith(directory, content, 'hash-object', '-w', '--stdin');
  const commit = async (tree: string, ...parents: string[]): Promise<string> =>
    git(directory, 'commit-tree', tree, ...parents.flatMap((id) => ['-p', id]), '-m', 'x');
  /** A commit of the site after the newest, of these entries. */
  const observing = async (...entries: RawEntry[]): Promise<string> =>
    commit(await writeRawTree(directory, entries), ref('observed'));
  /** A commit of the results branch after the newest, with one more report or status. */
  const reporting = async (name: string, text: string): Promise<string> => {
    const entry = { mode: '100644', name, id: await blob(text) };
    const tree = name.includes('/')
      ? [
          {
            mode: '40000',
            name: 'runs',
            id: await writeRawTree(directory, [{ ...entry, name: name.slice('runs/'.length) }]),
          },
        ]
      : [entry];
    return commit(await writeRawTree(directory, tree), ref('results'));
  };
  return {
    all,
    service,
    trees,
    centre,
    ref,
    signer,
    path,
    back,
    forged,
    blob,
    observing,
    reporting,
  };
}

type Heard = Awaited<ReturnType<typeof startHeard>>;

const refusals: [
  what: string,
  reason: BundleFault,
  words: RegExp,
  make: (heard: Heard) => Promise<string>,
][] = [
  [
    'signed by a key that nobody enrolled',
    'untrusted-key',
    /not trusted here/,
    async ({ back, path }) => back({ signer: await createKey(path()) }),
  ],
  [
    'signed by the key of the centre',
    'untrusted-key',
    /not trusted here/,
    async ({ all, back }) => {
      const folder = join(all.world.data, 'signing');
      const names = await readdir(folder);
      const name = names.find((one) => names.includes(`${one}.pub`))!;
      return back({ signer: await loadSigner(join(folder, name)) });
    },
  ],
  [
    'with a tag that is not signed',
    'unsigned',
    /its tag is not signed/,
    ({ forged, signer }) => forged({ signer: { ...signer, sign: () => '' } }),
  ],
  [
    'without its tag',
    'unsigned',
    /lacks the signed tag/,
    async ({ trees, path, ref }) => {
      const to = path();
      const { directory } = trees.repository;
      await git(directory, 'update-ref', 'refs/heads/observed', ref('observed'));
      await git(directory, 'bundle', 'create', '-q', to, 'refs/heads/observed');
      return to;
    },
  ],
  [
    "with another site's name",
    'other-site',
    /for the site porto, not lisbon/,
    ({ forged }) => forged({ trailers: { Site: 'porto' } }),
  ],
  [
    "under another site's name as a whole",
    'other-site',
    /for the site porto, not lisbon/,
    ({ back }) => back({ site: 'porto' }),
  ],
  [
    "with another site's ref",
    'foreign-ref',
    /"refs\/sites\/porto\/observed"/,
    ({ forged, ref }) =>
      forged({
        refs: [
          ['refs/heads/observed', ref('observed')],
          ['refs/sites/porto/observed', ref('observed')],
        ],
      }),
  ],
  [
    'with a word of what is desired',
    'foreign-ref',
    /"refs\/heads\/desired"/,
    ({ forged, ref }) =>
      forged({
        refs: [
          ['refs/heads/observed', ref('observed')],
          ['refs/heads/desired', ref('desired')],
        ],
      }),
  ],
  [
    'that does not count',
    'mismatch',
    /which of the site’s bundles/,
    ({ forged }) => forged({ trailers: { Sequence: null } }),
  ],
  [
    'that counts backwards',
    'mismatch',
    /which of the site’s bundles/,
    ({ forged }) => forged({ trailers: { Sequence: '-1' } }),
  ],
  [
    'with a ref that its tag does not vouch for',
    'mismatch',
    /refs\/heads\/observed is not what its tag says/,
    ({ forged, ref }) => forged({ trailers: { Observed: ref('desired') } }),
  ],
  [
    'without what its tag promises',
    'missing-ref',
    /lacks refs\/heads\/results/,
    ({ forged, ref }) => forged({ trailers: { Results: ref('results') } }),
  ],
  [
    'that builds on what never came',
    'missing-prerequisites',
    /builds on commits that are not here/,
    async ({ back, observing, blob, trees }) => {
      const between = await observing({ mode: '100644', name: 'a', id: await blob('a') });
      const { directory } = trees.repository;
      const after = await git(
        directory,
        'commit-tree',
        `${between}^{tree}`,
        '-p',
        between,
        '-m',
        'y',
      );
      return back({ observed: after, have: [between] });
    },
  ],
  [
    'cut off',
    'truncated',
    /cut off/,
    async ({ back }) => changedCopy(await back(), 'x', (bytes) => bytes.subarray(0, -300)),
  ],
  [
    'cut off in its header',
    'truncated',
    /cut off/,
    async ({ back }) => changedCopy(await back(), 'x', (bytes) => bytes.subarray(0, 40)),
  ],
  [
    'with a damaged pack',
    'corrupt',
    /damaged/,
    async ({ back }) =>
      changedCopy(await back(), 'x', (bytes) => {
        bytes[bytes.length - 40]! ^= 4;
        return bytes;
      }),
  ],
  [
    'with a damaged pack whose checksum was made right',
    'corrupt',
    /damaged|git cannot read/,
    async ({ back }) =>
      changedCopy(await back(), 'x', (bytes) => {
        bytes[bytes.length - 40]! ^= 4;
        return sealed(bytes);
      }),
  ],
  [
    'that is a letter',
    'not-a-bundle',
    /not a git bundle/,
    async ({ path }) => {
      const to = path();
      await writeFile(to, 'Dear centre,\n\nwe are well.\n');
      return to;
    },
  ],
  [
    'too large when unpacked',
    'too-large',
    /larger than|more than/,
    async ({ back, observing, blob }) =>
      back({
        observed: await observing({
          mode: '100644',
          name: 'huge',
          id: await blob(Buffer.alloc(HUGE)),
        }),
      }),
  ],
  [
    'with an endless header',
    'too-large',
    /header is longer/,
    async ({ path, ref }) => {
      const to = path();
      await writeFile(to, `# v2 git bundle\n${`-${ref('observed')} \n`.repeat(5000)}`);
      return to;
    },
  ],
  [
    'with objects that its refs do not lead to',
    'foreign-objects',
    /refs do not lead to/,
    async ({ forged, ref, observing, blob }) => {
      const beside = await observing({ mode: '100644', name: 'x', id: await blob('beside') });
      const to = await forged({
        refs: [
          ['refs/heads/observed', ref('observed')],
          ['refs/heads/results', beside],
        ],
      });
      return changedCopy(to, 'x', (bytes) =>
        Buffer.from(
          bytes.toString('latin1').replace(`${beside} refs/heads/results\n`, ''),
          'latin1',
        ),
      );
    },
  ],
  [
    'with a symbolic link',
    'bad-tree',
    /"passwd" is a symbolic link/,
    async ({ back, observing, blob }) =>
      back({
        observed: await observing({
          mode: '120000',
          name: 'passwd',
          id: await blob('/etc/passwd'),
        }),
      }),
  ],
  [
    'with a submodule',
    'bad-tree',
    /"module" is a submodule/,
    async ({ back, observing, ref }) =>
      back({ observed: await observing({ mode: '160000', name: 'module', id: ref('desired') }) }),
  ],
  [
    'that fsck finds malformed',
    'fsck',
    /malformed/,
    async ({ back, observing, blob }) =>
      back({ observed: await observing({ mode: '100644', name: '..', id: await blob('up') }) }),
  ],
  [
    'with a report that is no JSON',
    'bad-report',
    /"one.json" is no JSON/,
    async ({ back, reporting }) => back({ results: await reporting('runs/one.json', '{') }),
  ],
  [
    'with a report of nothing',
    'bad-report',
    /runs\/one.json is no run report/,
    async ({ back, reporting }) => back({ results: await reporting('runs/one.json', '{"id":1}') }),
  ],
  [
    'with a status that is none',
    'bad-report',
    /status.json cannot be read/,
    async ({ back, reporting }) =>
      back({ results: await reporting('status.json', '{"at":"now"}') }),
  ],
];

test(
  'what comes back and is bad is refused, each with its reason, and changes nothing at the centre',
  { timeout: 180_000 },
  async () => {
    const heard = await startHeard();
    const { centre, service, back } = heard;
    try {
      const before = await centre.state();
      expect(before.row.observedCommit).not.toBe(before.row.desiredCommit);
      expect(before.proposals).toHaveLength(1);
      for (const [what, reason, words, make] of refusals) {
        const response = await centre.post(await make(heard));
        const { reason: code, detail } = Problem.parse(await response.json());
        expect({ what, code, detail, status: response.status }).toEqual({
          what,
          code: reason,
          detail: expect.stringMatching(words),
          status: 422,
        });
        expect(detail).toMatch(/^the bundle is refused: /);
        expect(await centre.state()).toEqual(before);
      }

      // An older one is none to refuse: it is told what is here.
      const older = await centre.post(await back({ sequence: 1 }));
      expect(ReturnAnswer.parse(await older.json())).toMatchObject({
        accepted: false,
        observed: before.agent.observed,
        sequence: before.agent.lastSequence,
      });
      // No more than its own tag is left of it, and nothing leads there.
      const after = await centre.state();
      const fresh = after.history.objects.filter((id) => !before.history.objects.includes(id));
      expect(fresh).toEqual([expect.stringContaining(' tag ')]);
      const { objects } = before.history;
      expect({ ...after, history: { ...after.history, objects } }).toEqual(before);

      // After all of that the site is believed as ever.
      const good = await centre.post(await back());
      expect(ReturnAnswer.parse(await good.json())).toMatchObject({
        accepted: true,
        sequence: SEQUENCE,
      });
      expect(await service.store.agents.get('lisbon')).toMatchObject({ lastSequence: SEQUENCE });
    } finally {
      await heard.trees.close();
    }
  },
);
