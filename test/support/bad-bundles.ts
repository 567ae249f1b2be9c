import { writeFile } from 'node:fs/promises';

import { createSiteBundle } from '../../src/bundle/desired.ts';
import type { BundleFault } from '../../src/bundle/invalid-bundle.ts';
import { createKey } from '../../src/bundle/keys.ts';
import { signedTag } from '../../src/bundle/signed.ts';
import type { DesiredIntake } from '../../src/bundle/types.ts';
import { writeBundle } from '../../src/bundle/write-bundle.ts';
import { type BundleWorld, changedCopy, DAY, NOW, REVISION, sealed, siteTree } from './bundles.ts';
import { git, gitWith, writeRawTree } from './git.ts';

interface Making {
  commit?: string;
  have?: string[];
  site?: string;
  signer?: BundleWorld['signer'];
  expires?: number;
}

/** A bundle that a site must not take. */
export interface BadBundle {
  what: string;
  reason: BundleFault;
  words: RegExp;
  /** Makes it, once; its file. */
  file: () => Promise<string>;
  /** What of the site makes it bad; without it, it is bad anywhere. */
  intake: Partial<DesiredIntake> | undefined;
}

/** Makes good bundles for lisbon, and bad ones. `first` is the parent of `second`, both desired there. */
export function badBundles(
  world: BundleWorld,
  { first, second }: { first: string; second: string },
) {
  /** A bundle as the centre makes it. */
  async function good(name: string, options: Making = {}): Promise<string> {
    const to = world.path(name);
    await createSiteBundle({
      repository: world.centre.repository,
      site: 'lisbon',
      commit: second,
      have: [],
      signer: world.signer,
      expires: NOW + DAY,
      now: NOW,
      to,
      ...options,
    });
    return to;
  }

  /** A bundle with a rightly signed tag for whatever commit and refs. */
  async function forged(
    name: string,
    of: { commit: string; refs?: [string, string][]; trailers?: Record<string, string> },
  ): Promise<string> {
    const to = world.path(name);
    const tagName = 'bundle/lisbon/2';
    const trailers = {
      Site: 'lisbon',
      Generation: '2',
      'Plan-Revision': REVISION,
      Desired: of.commit,
      Expires: new Date(NOW + DAY).toISOString(),
      ...of.trailers,
    };
    const about = { commit: of.commit, name: tagName, time: NOW, subject: 'Bundle' };
    await writeBundle({
      repository: world.centre.repository,
      refs: of.refs ?? [
        ['refs/heads/desired', of.commit],
        ['HEAD', of.commit],
      ],
      tag: { name: `refs/tags/${tagName}`, content: signedTag(about, trailers, world.signer) },
      without: [],
      to,
    });
    return to;
  }

  /** A signed desired commit of a tree that no tree of ours is. */
  async function commitOf(tree: string, parents: string[] = []): Promise<string> {
    const person = `Test <test@example.org> ${NOW / 1000} +0000`;
    const head = `tree ${tree}\n${parents.map((id) => `parent ${id}\n`).join('')}author ${person}\ncommitter ${person}\n`;
    const message = `\nX\n\nPlan-Revision: ${REVISION}\nSite: lisbon\nGeneration: 2\n`;
    const signature = world.signer
      .sign(Buffer.from(head + message))
      .trimEnd()
      .replaceAll('\n', '\n ');
    const text = `${head}gpgsig ${signature}\n${message}`;
    const { directory } = world.centre.repository;
    return gitWith(directory, text, 'hash-object', '-w', '-t', 'commit', '--stdin', '--literally');
  }

  async function treeWith(mode: string, name: string, id?: string): Promise<string> {
    const { directory } = world.centre.repository;
    const blob = id ?? (await gitWith(directory, '/etc/passwd', 'hash-object', '-w', '--stdin'));
    return writeRawTree(directory, [{ mode, name, id: blob }]);
  }

  const rows: [
    what: string,
    reason: BundleFault,
    words: RegExp,
    make: () => Promise<string>,
    intake?: Partial<DesiredIntake>,
  ][] = [
    [
      'signed by another key',
      'untrusted-key',
      /not trusted here/,
      async () => good('wrong-key', { signer: await createKey(world.path('other-key')) }),
    ],
    [
      'with a commit that another key signed',
      'untrusted-key',
      /its desired commit: .*not trusted here/,
      async () => {
        const signer = await createKey(world.path('third-key'));
        return good('third', { commit: await world.desire('lisbon', 3, { signer }) });
      },
    ],
    [
      'with an unsigned commit',
      'unsigned',
      /desired commit is not signed/,
      async () => forged('bare', { commit: await world.desire('lisbon', 2, { signer: null }) }),
    ],
    [
      'without its tag',
      'unsigned',
      /lacks the signed tag/,
      async () => {
        const to = world.path('tagless');
        const { directory } = world.centre.repository;
        await git(directory, 'update-ref', 'refs/heads/desired', second);
        await git(directory, 'bundle', 'create', '-q', to, 'refs/heads/desired');
        return to;
      },
    ],
    [
      'of a key that had ended when it signed',
      'untrusted-key',
      /not valid at the time/,
      () => good('ended'),
      { trusted: [] },
    ],
    [
      'for another site',
      'other-site',
      /for the site porto, not lisbon/,
      async () => good('other-site', { site: 'porto', commit: await world.desire('porto', 1) }),
    ],
    [
      "with another site's commit under this site's name",
      'other-site',
      /desired commit is not one for lisbon/,
      async () => forged('posing', { commit: await world.desire('porto', 2) }),
    ],
    [
      'of an earlier generation',
      'older',
      /generation 1, and the site has 2/,
      () => good('replayed', { commit: first }),
      { generation: 2 },
    ],
    [
      'another one of the same generation',
      'older',
      /another tree of generation 2/,
      () => good('twin'),
      { generation: 2, desired: 'ab'.repeat(20) },
    ],
    ['expired', 'expired', /expired 2026-05-31/, () => good('expired', { expires: NOW - DAY })],
    [
      'cut off',
      'truncated',
      /cut off/,
      async () => changedCopy(await good('cut'), 'x', (bytes) => bytes.subarray(0, -300)),
    ],
    [
      'cut off in its header',
      'truncated',
      /cut off/,
      async () => changedCopy(await good('cut2'), 'x', (bytes) => bytes.subarray(0, 60)),
    ],
    [
      'with one bit turned',
      'corrupt',
      /damaged/,
      async () =>
        changedCopy(await good('flipped'), 'x', (bytes) => {
          bytes[bytes.length - 10]! ^= 4;
          return bytes;
        }),
    ],
    [
      'with one bit turned and its checksum made right',
      'corrupt',
      /damaged|git cannot read/,
      async () =>
        changedCopy(await good('flipped2'), 'x', (bytes) => {
          bytes[bytes.length - 40]! ^= 4;
          return sealed(bytes);
        }),
    ],
    [
      'with objects of another site',
      'foreign-objects',
      /refs do not lead to/,
      async () => {
        const porto = await world.desire('porto', 3);
        const to = await forged('smuggled', {
          commit: second,
          refs: [
            ['refs/heads/desired', second],
            ['refs/heads/porto', porto],
          ],
        });
        return changedCopy(to, 'x', (bytes) =>
          Buffer.from(
            bytes.toString('latin1').replace(`${porto} refs/heads/porto\n`, ''),
            'latin1',
          ),
        );
      },
    ],
    [
      'with a ref outside its own',
      'foreign-ref',
      /"refs\/sites\/porto\/desired"/,
      () =>
        forged('outside', {
          commit: second,
          refs: [
            ['refs/heads/desired', second],
            ['refs/sites/porto/desired', second],
          ],
        }),
    ],
    [
      'without what it is for',
      'missing-ref',
      /lacks refs\/heads\/desired/,
      () => forged('headless', { commit: second, refs: [['HEAD', second]] }),
    ],
    [
      'with a ref that its tag does not vouch for',
      'mismatch',
      /refs\/heads\/desired is not what its tag says/,
      () => forged('moved', { commit: first, refs: [['refs/heads/desired', second]] }),
    ],
    [
      'on commits that are not there',
      'missing-prerequisites',
      /builds on commits that are not here/,
      () => good('incremental', { have: [first] }),
    ],
    [
      'too large',
      'too-large',
      /more than 1000 bytes/,
      () => good('large'),
      { limits: { bytes: 1000 } },
    ],
    [
      'too large when unpacked',
      'too-large',
      /more than 2000 bytes, unpacked/,
      () => good('bomb'),
      { limits: { unpacked: 2000 } },
    ],
    [
      'with too many objects',
      'too-large',
      /more than 5 objects/,
      () => good('many'),
      { limits: { objects: 5 } },
    ],
    [
      'with too many commits',
      'too-large',
      /more than 1 commits/,
      () => good('long'),
      { limits: { commits: 1 } },
    ],
    [
      'with an endless header',
      'too-large',
      /header is longer/,
      async () => {
        const to = world.path('endless');
        await writeFile(to, `# v2 git bundle\n${`-${first} \n`.repeat(5000)}`);
        return to;
      },
    ],
    [
      'no bundle',
      'not-a-bundle',
      /not a git bundle/,
      async () => {
        const to = world.path('letter');
        await writeFile(to, 'Dear site,\n\nhow are you?\n');
        return to;
      },
    ],
    [
      'of another object format',
      'object-format',
      /another hash than SHA-1/,
      async () => {
        const to = world.path('sha256');
        const id = 'ab'.repeat(32);
        await writeFile(
          to,
          `# v3 git bundle\n@object-format=sha256\n${id} refs/heads/desired\n\nPACK`,
        );
        return to;
      },
    ],
    [
      'that fsck finds malformed',
      'fsck',
      /malformed/,
      async () => forged('fsck', { commit: await commitOf(await treeWith('100644', '..')) }),
    ],
    [
      'with a symbolic link',
      'bad-tree',
      /"passwd" is a symbolic link/,
      async () => forged('link', { commit: await commitOf(await treeWith('120000', 'passwd')) }),
    ],
    [
      'with a submodule',
      'bad-tree',
      /"module" is a submodule/,
      async () =>
        forged('module', { commit: await commitOf(await treeWith('160000', 'module', first)) }),
    ],
    [
      'with a name that options begin with',
      'bad-tree',
      /starts with "-"/,
      async () => forged('dash', { commit: await commitOf(await treeWith('100644', '-rf')) }),
    ],
    [
      'with a name that a shell makes a home of',
      'bad-tree',
      /starts with "~"/,
      async () => forged('tilde', { commit: await commitOf(await treeWith('100644', '~root')) }),
    ],
    [
      'with a name that paints a terminal',
      'bad-tree',
      // The message shows the name without doing what it says.
      /"\\u001b\[2J<b>" contains a control character/,
      async () =>
        forged('paint', { commit: await commitOf(await treeWith('100644', '\x1b[2J<b>')) }),
    ],
    [
      'with an absolute path',
      'fsck',
      /malformed/,
      async () =>
        forged('absolute', { commit: await commitOf(await treeWith('100644', '/etc/passwd')) }),
    ],
    [
      'with a repository within',
      'fsck',
      /malformed/,
      async () => forged('dotgit', { commit: await commitOf(await treeWith('100644', '.GIT')) }),
    ],
    [
      'with a device',
      'fsck',
      /malformed/,
      async () => forged('device', { commit: await commitOf(await treeWith('020666', 'null')) }),
    ],
    [
      'with a tree that its manifest is not of',
      'mismatch',
      /manifest.json says \(digest\)/,
      async () => {
        const tree = new Map(siteTree('lisbon', 2));
        tree.set('group_vars/all.yml', { mode: '100644', content: Buffer.from('word: bad\n') });
        return forged('tampered', { commit: await world.desire('lisbon', 2, { files: tree }) });
      },
    ],
  ];

  const files = new Map<string, Promise<string>>();
  const bad = rows.map(([what, reason, words, make, intake]): BadBundle => {
    const file = (): Promise<string> => {
      const made = files.get(what) ?? make();
      files.set(what, made);
      return made;
    };
    return { what, reason, words, file, intake };
  });
  return { good, bad };
}
