import { UserError } from '../model/errors.ts';
import type { PullRequest } from './forge.ts';

/**
 * The pull request if it is merged, or open at the commit that was reviewed.
 * @throws UserError otherwise
 */
export function mergeable(pull: PullRequest, head: string): PullRequest {
  if (pull.state === 'closed') {
    throw new UserError(`pull request #${pull.number} is closed, so it can't be merged`);
  }
  if (pull.state === 'open' && pull.head !== head) {
    throw new UserError(
      `pull request #${pull.number} is at ${pull.head} by now, not at ${head}: look at it again before merging it`,
    );
  }
  return pull;
}
