import type { Octokit } from '@octokit/rest';

import { labelChanges } from '../labels.ts';
import { GitHubRefusal } from './failure.ts';

/** Adds and removes labels of a pull request that `has` these; new ones are made. Returns what it has then. */
export async function ensureLabels(
  octokit: Octokit,
  issue: { owner: string; repo: string; issue_number: number },
  has: readonly string[],
  change: { add?: string[]; remove?: string[] },
): Promise<string[]> {
  const { add, remove } = labelChanges(has, change);
  let labels = [...has];
  if (add.length > 0) {
    const { data } = await octokit.rest.issues.addLabels({ ...issue, labels: add });
    labels = data.map(({ name }) => name);
  }
  for (const name of remove) {
    try {
      const { data } = await octokit.rest.issues.removeLabel({ ...issue, name });
      labels = data.map((label) => label.name);
    } catch (error) {
      // Somebody else took it off meanwhile.
      if (!(error instanceof GitHubRefusal) || error.status !== 404) throw error;
      labels = labels.filter((label) => label !== name);
    }
  }
  return labels;
}
