import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { startGitea } from '../gitea/server.ts';
import { startGitHub } from '../github/server.ts';

/**
 * Runs the tests that are made for live repositories against the emulations, by the variables that docs/forges.md names:
 * so the way that they go is known to work, up to the service itself. Further arguments are vitest's.
 */
const repository = { owner: 'acme', repo: 'scratch' };
const github = await startGitHub({ ...repository, token: `ghp_${'live0'.repeat(7)}0` });
github.state.autoMergeAllowed = true;
const gitea = await startGitea({ ...repository, token: '0123456789'.repeat(4) });
const env = {
  ...process.env,
  TRUEUP_LIVE_GITHUB_REPOSITORY: 'acme/scratch',
  TRUEUP_LIVE_GITHUB_TOKEN: `ghp_${'live0'.repeat(7)}0`,
  TRUEUP_LIVE_GITHUB_API: github.url,
  TRUEUP_LIVE_GITEA_REPOSITORY: 'acme/scratch',
  TRUEUP_LIVE_GITEA_TOKEN: '0123456789'.repeat(4),
  TRUEUP_LIVE_GITEA_URL: gitea.url,
};
const vitest = join(import.meta.dirname, '../../../node_modules/.bin/vitest');
const tests = ['test/e2e/live', 'test/integration/forge-live'];
const child = spawn(vitest, ['run', ...tests, ...process.argv.slice(2)], { env, stdio: 'inherit' });
const [code]: (number | null)[] = await once(child, 'exit');
const left = [github, gitea].flatMap(({ repository: one }) =>
  [...one.branches().keys()].filter((branch) => branch !== 'main'),
);
await Promise.all([github.close(), gitea.close()]);
const faults = [
  ...github.violations,
  ...gitea.violations,
  ...left.map((branch) => `${branch} is left behind`),
];
process.stderr.write(faults.map((fault) => `${fault}\n`).join(''));
process.exitCode = faults.length > 0 ? 1 : (code ?? 1);
