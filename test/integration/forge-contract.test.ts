import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ForgeUnavailable } from '../../src/forge/errors.ts';
import { LocalForge } from '../../src/forge/local/local-forge.ts';
import type { PullRecords } from '../../src/forge/local/ports.ts';
import { testForge, type ForgeBench } from '../support/forge-contract.ts';
import { startGiteaBench } from '../support/gitea/bench.ts';
import { startGitHubBench } from '../support/github/bench.ts';
import { lostAnswer } from '../support/github/faults.ts';
import { BareRepository } from '../support/github/repository.ts';
import { MemoryPullRecords } from '../support/memory-pull-records.ts';
import { mergeTarget } from '../support/merge-target.ts';

testForge('LocalForge', startLocal, { people: false });
testForge('GitHubForge', startGitHub, { people: true });
testForge('GiteaForge', startGitea, { people: true });

async function startLocal(): Promise<ForgeBench> {
  const folder = mkdtempSync(join(tmpdir(), 'local-forge-'));
  const repository = new BareRepository(join(folder, 'plan.git'));
  const records = new MemoryPullRecords();
  let losing = false;
  const losingRecords: PullRecords = new Proxy<PullRecords>(records, {
    get: (target, key: keyof PullRecords) => {
      if (!/^(?:insert|update|upsert|set)/.test(key)) return target[key].bind(target);
      return async (...args: unknown[]) => {
        const answer: unknown = await Reflect.apply(target[key], target, args);
        if (!losing) return answer;
        losing = false;
        throw new ForgeUnavailable('the answer is lost');
      };
    },
  });
  return {
    forge: new LocalForge({ records: losingRecords, target: mergeTarget(repository), url: pageOf }),
    repository,
    pulls: async () => (await records.list({ limit: 100 })).length,
    comments: async (number) => (await records.comments(number)).map(({ body }) => body),
    statuses: (commit) => records.statuses(commit),
    loseNextAnswer: () => {
      losing = true;
    },
    // There is no page with a button: deleting the branch is the way.
    closeByHand: async () => repository.deleteBranch('trueup/lisbon-07/1f0c2a9b'),
    close: async () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}

async function startGitHub(): Promise<ForgeBench> {
  const bench = await startGitHubBench();
  const { github, forge } = bench;
  return {
    forge,
    repository: github.repository,
    pulls: async () => github.pulls.length,
    issues: () => github.state.issues,
    comments: async (number) =>
      github.comments.filter(({ pull }) => pull === number).map(({ body }) => withoutMarker(body)),
    statuses: async (commit) => {
      const newest = new Map(
        github.statuses.filter((one) => one.commit === commit).map((one) => [one.context, one]),
      );
      return [...newest.values()]
        .toSorted((a, b) => (a.context < b.context ? -1 : 1))
        .map(({ context, state, description }) => ({
          context,
          state,
          description: description ?? '',
        }));
    },
    loseNextAnswer: () => github.fail(lostAnswer, { on: /^(?:POST|PUT|PATCH|DELETE)/ }),
    closeByHand: async (number) => github.closePull(number),
    close: () => bench.close(),
    people: {
      comment: (number, by, body) => github.comment(number, by, body),
      allow: (account, permission) => void github.state.permissions.set(account, permission),
      require: (...contexts) => {
        github.state.requiredStatuses = contexts;
        github.state.autoMergeAllowed = true;
      },
    },
  };
}

async function startGitea(): Promise<ForgeBench> {
  const bench = await startGiteaBench();
  const { gitea, forge } = bench;
  const { state } = gitea;
  return {
    forge,
    repository: gitea.repository,
    pulls: async () => state.pulls.length,
    issues: () => state.issues,
    comments: async (number) =>
      state.comments.filter(({ pull }) => pull === number).map(({ body }) => withoutMarker(body)),
    statuses: async (commit) => {
      const newest = new Map(
        state.statuses.filter((one) => one.commit === commit).map((one) => [one.context, one]),
      );
      return [...newest.values()]
        .toSorted((a, b) => (a.context < b.context ? -1 : 1))
        .map(({ context, status, description }) => ({ context, state: status, description }));
    },
    loseNextAnswer: () => gitea.fail(lostAnswer, { on: /^(?:POST|PUT|PATCH|DELETE)/ }),
    closeByHand: async (number) => gitea.closePull(number),
    close: () => bench.close(),
    people: {
      comment: (number, by, body) => gitea.comment(number, by, body),
      allow: (account, permission) => void state.permissions.set(account, permission),
      require: (...contexts) => {
        state.requiredStatuses = contexts;
      },
    },
  };
}

function withoutMarker(body: string): string {
  return body.replace(/^<!-- trueup:\S+ -->\n/, '');
}

function pageOf(number: number): string {
  return `https://trueup.example/proposals/${number}`;
}
