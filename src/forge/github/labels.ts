import type { Octokit } from '@octokit/rest';

import { labelChanges } from '../labels.ts';
import { GitHubRefusal } from './failure.ts';
import { PER_PAGE, readPages } from './pages.ts';

/** Of a thousand events; where there are more, the newest were not read, and nothing is known. */
const MOST_PAGES = 10;

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

/** Who put a label on last, of any case: https://docs.github.com/rest/issues/events */
export async function labelledBy(
  octokit: Octokit,
  issue: { owner: string; repo: string; issue_number: number },
  label: string,
): Promise<string | undefined> {
  const name = label.toLowerCase();
  const events = await readPages(
    (page) => octokit.rest.issues.listEvents({ ...issue, ...page }),
    MOST_PAGES,
  );
  if (events.length === MOST_PAGES * PER_PAGE) return undefined;
  const newest = events.findLast(
    (one) => one.event === 'labeled' && 'label' in one && one.label.name.toLowerCase() === name,
  );
  return newest?.actor?.login;
}
