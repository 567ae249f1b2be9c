import type { Octokit } from '@octokit/rest';

import { UserError } from '../../model/errors.ts';
import type { PullRequest } from '../forge.ts';
import { GitHubRefusal } from './failure.ts';
import { type PullDetails, toPullRequest } from './pull-request.ts';

/** Pull requests of one repository, looked at. */
export class Pulls {
  readonly #octokit: Octokit;
  readonly #repository: { owner: string; repo: string };

  constructor(octokit: Octokit, repository: { owner: string; repo: string }) {
    this.#octokit = octokit;
    this.#repository = repository;
  }

  get name(): string {
    return `${this.#repository.owner}/${this.#repository.repo}`;
  }

  /** The newest pull request of one of our own branches, whatever its state. */
  async newest(branch: string): Promise<PullRequest | undefined> {
    const { owner, repo } = this.#repository;
    const { data } = await this.#octokit.rest.pulls.list({
      owner,
      repo,
      head: `${owner}:${branch}`,
      state: 'all',
      sort: 'created',
      direction: 'desc',
    });
    // Forks may have a branch of that name as well.
    const name = `${owner}/${repo}`.toLowerCase();
    const pull = data.find(
      ({ head }) => head.ref === branch && head.repo?.full_name.toLowerCase() === name,
    );
    if (!pull) return undefined;
    // A list doesn't say who decided.
    return pull.state === 'open' ? toPullRequest(pull) : this.get(pull.number);
  }

  async get(number: number): Promise<PullRequest | undefined> {
    const details = await this.#find(number);
    const pull = details && toPullRequest(details);
    return pull?.state === 'closed' ? { ...pull, ...(await this.#closer(number)) } : pull;
  }

  async #find(number: number): Promise<PullDetails | undefined> {
    try {
      const { data } = await this.#octokit.rest.pulls.get({
        ...this.#repository,
        pull_number: number,
      });
      return data;
    } catch (error) {
      await this.passIfAbsent(error);
      return undefined;
    }
  }

  /** Throws unless the error is that something is not in the repository, which itself is there to be seen. */
  async passIfAbsent(error: unknown): Promise<void> {
    if (!(error instanceof GitHubRefusal) || error.status !== 404) throw error;
    await this.#octokit.rest.repos.get(this.#repository);
  }

  /** @throws UserError if there is no such pull request */
  async known(number: number): Promise<PullRequest> {
    return (await this.get(number)) ?? this.#unknown(number);
  }

  /** As GitHub tells it. Throws like `known`. */
  async details(number: number): Promise<PullDetails> {
    return (await this.#find(number)) ?? this.#unknown(number);
  }

  #unknown(number: number): never {
    throw new UserError(`there is no pull request #${number} in ${this.name}`);
  }

  async #closer(number: number): Promise<{ decidedBy?: string }> {
    const { data } = await this.#octokit.rest.issues.get({
      ...this.#repository,
      issue_number: number,
    });
    return data.closed_by ? { decidedBy: data.closed_by.login } : {};
  }
}
