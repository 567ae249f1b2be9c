import { test as plainTest, vi } from 'vitest';

import type { Forge, PullRequestDraft } from '../../../src/forge/forge.ts';
import type { BareRepository } from '../github/repository.ts';

/** A forge in front of a repository, and what a test has to see and do behind its back. */
export interface ForgeBench {
  forge: Forge;
  repository: BareRepository;
  /** The branch that pull requests go to; `main` unless given. */
  base?: string;
  /** Stands at the end of other branches' names, where others work in the same repository. */
  run?: string;
  /** How many pull requests were ever opened. */
  pulls(): Promise<number>;
  /** The comments' texts, oldest first. */
  comments(number: number): Promise<string[]>;
  /** The statuses of a commit, the newest of each context, by context. */
  statuses(commit: string): Promise<{ context: string; state: string; description: string }[]>;
  /** The repository's issues; not given where there are none. */
  issues?(): { body: string | null; state: 'open' | 'closed' }[];
  /** The forge's next write is carried out, but its answer never arrives. A live one can't be made to do it. */
  loseNextAnswer?(): void;
  /** Closes a pull request as a person would who knows nothing of us. */
  closeByHand(number: number): Promise<void>;
  /** Checks what is to be checked at the end. */
  close(): Promise<void>;
  /** What a forge with accounts and rules of its own lets people do; not given for one without. */
  people?: {
    comment(number: number, by: string, body: string): void;
    allow(account: string, permission: 'admin' | 'write' | 'read'): void;
    /** Nothing is merged any more without the success of these statuses, and auto-merge is allowed. */
    require(...contexts: string[]): void;
  };
}

/** What a test of the contract is given. */
interface Given {
  behind: ForgeBench;
  forge: Forge;
  base: string;
  branch: string;
  /** Name of another branch. */
  named(branch: string): string;
  /** Writes the site's file as a commit onto a branch. Returns the commit. */
  push(branch?: string, text?: string): string;
  draft(change?: Partial<PullRequestDraft>): PullRequestDraft;
}

export type Contract = ReturnType<typeof contractFor>;

/**
 * The test function for the forges that `start` makes, one for each test.
 * @param options.people they have accounts and rules that tests can set
 * @param options.live they are not ours: answers can't be lost on the way, nor accounts made
 */
export function contractFor(
  start: () => Promise<ForgeBench>,
  { people, live = false }: { people: boolean; live?: boolean },
) {
  const test = plainTest.extend<Given>({
    // eslint-disable-next-line no-empty-pattern
    behind: async ({}, use) => {
      const bench = await start();
      await use(bench);
      await bench.close();
    },
    forge: ({ behind }, use) => use(behind.forge),
    base: ({ behind }, use) => use(behind.base ?? 'main'),
    named: ({ behind }, use) => use((branch) => `${branch}${behind.run ?? ''}`),
    branch: ({ named }, use) => use(named('trueup/lisbon-07/1f0c2a9b')),
    push: ({ behind, branch }, use) =>
      use((to = branch, text = 'ntp_servers: [10.20.7.9]\n') =>
        behind.repository.commit(to, { 'sites/lisbon-07.yaml': text }),
      ),
    draft: ({ branch, base }, use) =>
      use((change) => ({
        branch,
        base,
        title: 'ntp_servers at lisbon-07',
        body: 'Found at the site.',
        labels: ['trueup', 'drift'],
        ...change,
      })),
  });
  /** What is looked at holds at once; on a live forge after a while, since that hears of pushes later. */
  async function sees(look: () => Promise<void>): Promise<void> {
    await (live ? vi.waitFor(look, { timeout: 60_000, interval: 1000 }) : look());
  }
  return { test, people, live, sees };
}

export const MARKUP =
  '<script>alert(1)</script> <b>&amp;</b> `$(id)` ${{ secrets.X }} {{ x }} @acme/ops #1 --> "\' 😀\n\n```diff\n- a\n+ b\n```\n';
