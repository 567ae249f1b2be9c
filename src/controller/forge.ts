import type { Config } from '../config/config.ts';
import type { Forge } from '../forge/forge.ts';
import { GiteaForge } from '../forge/gitea/gitea-forge.ts';
import { GitHubForge } from '../forge/github/github-forge.ts';
import { LocalForge } from '../forge/local/local-forge.ts';
import { RefMoved } from '../git/errors.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import { Stalled, UserError } from '../model/errors.ts';
import type { Store } from '../store/store.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ForgeCredentials } from './forge-credentials.ts';

const MERGE_ATTEMPTS = 3;

export interface ForgeParts {
  config: Pick<Config, 'forge' | 'plan'>;
  repository: PlanRepository;
  store: Store;
  metrics: Metrics;
  credentials: Pick<ForgeCredentials, 'token' | 'account'>;
  /** Where people find a proposal of the local forge. */
  proposalUrl: (number: number) => string;
  now: () => number;
}

/** Builds the forge that the configuration asks for. */
export function createForge({
  config: { forge: config, plan },
  repository,
  store,
  metrics,
  credentials,
  proposalUrl,
  now,
}: ForgeParts): Forge {
  const { branch } = plan;
  const signed = plan.allowedSigners !== '' || plan.openpgpHome !== '';
  switch (config.type) {
    case 'local':
      return new LocalForge({
        url: proposalUrl,
        records: store.pulls,
        target: {
          branchHead: (name) => repository.branchHead(name),
          contains: async (base, commit) => {
            const head = await repository.branchHead(base);
            return head !== undefined && repository.isAncestor(commit, head);
          },
          changedFiles: async (base, head) => {
            const tip = await repository.branchHead(base);
            const from = tip && (await repository.mergeBase(tip, head));
            return from ? repository.changedFiles(from, head) : [];
          },
          merge: (merge) => {
            if (signed) throw new UserError(unsignedText(branch, merge.head));
            return mergeInto(repository, branch, merge, now());
          },
        },
      });
    case 'github':
      return new GitHubForge({
        repository: config.github.repository,
        baseUrl: config.github.baseUrl,
        writesPerMinute: config.github.writesPerMinute,
        token: tokenOf(credentials, 'GitHub', 'github'),
        ...(credentials.account ? { account: credentials.account } : {}),
        onRequest: (operation, code, remaining) => {
          metrics.forgeRequests.inc({ operation, code });
          if (remaining !== undefined) metrics.forgeRateLimitRemaining.set(remaining);
        },
      });
    case 'gitea':
      return new GiteaForge({
        repository: config.gitea.repository,
        baseUrl: config.gitea.baseUrl,
        base: branch,
        token: tokenOf(credentials, 'Gitea', 'gitea'),
        onRequest: (operation, code) => metrics.forgeRequests.inc({ operation, code }),
      });
  }
}

function tokenOf(
  { token }: Pick<ForgeCredentials, 'token'>,
  name: string,
  type: 'github' | 'gitea',
): (rejected?: string) => Promise<string> {
  return async (rejected) => {
    const text = await token(rejected);
    if (text) return text;
    throw new Stalled(
      `there is no token for ${name}: set forge.${type}.tokenFile or TRUEUP_FORGE_${type.toUpperCase()}_TOKEN`,
    );
  };
}

/** We have no key that the plan trusts: a merge of ours would put the plan out of force. */
function unsignedText(branch: string, head: string): string {
  return `only signed commits of the plan count (plan.allowedSigners, plan.openpgpHome), and merges made here are not signed: merge ${head} into ${branch} yourself, sign that, and push it`;
}

async function mergeInto(
  repository: PlanRepository,
  branch: string,
  merge: { head: string; base: string; message: string; author: string },
  time: number,
): Promise<{ commit: string } | { conflicts: string[] }> {
  if (merge.base !== branch) {
    throw new UserError(`proposals are merged into ${branch}, not into ${merge.base}`);
  }
  const author = { name: merge.author, email: 'trueup@localhost' };
  // Somebody may push in between: then the merge is made again on what is there now.
  for (let attempt = 1; ; attempt += 1) {
    await repository.fetch();
    const base = await repository.branchHead(branch);
    if (!base) throw new UserError(`the plan's repository has no branch ${branch}`);
    const result = await repository.mergeCommit({
      base,
      head: merge.head,
      message: merge.message,
      author,
      time,
    });
    if ('conflicts' in result) return result;
    try {
      await repository.pushBase(result.commit, base);
      return result;
    } catch (error) {
      if (!(error instanceof RefMoved) || attempt === MERGE_ATTEMPTS) throw error;
    }
  }
}
