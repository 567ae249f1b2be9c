import { GitHubForge, type GitHubForgeOptions } from '../../../src/forge/github/github-forge.ts';
import { startGitHub, type FakeGitHub } from './server.ts';

export const TOKEN = 'ghp_0123456789abcdefghijklmnopqrstuvwxyz';
export const BRANCH = 'trueup/lisbon-07/1f0c2a9b';

export const DRAFT = {
  branch: BRANCH,
  base: 'main',
  title: 'ntp_servers at lisbon-07',
  body: 'Found at the site.',
  labels: ['trueup'],
};

/** An emulated GitHub, and our forge in front of it, which does not really wait between attempts. */
export interface GitHubBench {
  github: FakeGitHub;
  forge: GitHubForge;
  /** Every request as the metrics see it: `GET /pulls 200`. */
  told: string[];
  /** What is left of the rate limit, as last told. */
  remaining(): number | undefined;
  /** How many requests of that kind were sent. */
  sent(pattern: RegExp): number;
  /** Pushes a branch that there can be a pull request for. Returns its commit. */
  push(): string;
  /** Ends the emulation; throws if anything was asked or answered against GitHub's description. */
  close(): Promise<void>;
}

export async function startGitHubBench(
  options: Partial<GitHubForgeOptions> & { apiPath?: string } = {},
): Promise<GitHubBench> {
  const { apiPath = '', ...rest } = options;
  const github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN, apiPath });
  const told: string[] = [];
  let remaining: number | undefined;
  const forge = new GitHubForge({
    repository: 'acme/plan',
    token: () => TOKEN,
    baseUrl: github.url,
    sleep: async () => {},
    writesPerMinute: 60_000,
    onRequest: (operation, code, left) => {
      told.push(`${operation} ${code}`);
      remaining = left;
    },
    ...rest,
  });
  return {
    github,
    forge,
    told,
    remaining: () => remaining,
    sent: (pattern) =>
      github.requests.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length,
    push: () => github.repository.commit(BRANCH, { 'sites/lisbon-07.yaml': 'ntp: 10.20.7.9\n' }),
    close: async () => {
      await github.close();
      if (github.violations.length > 0) throw new Error(github.violations.join('\n'));
    },
  };
}
