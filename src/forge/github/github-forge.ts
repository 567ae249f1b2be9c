import type { Octokit, RestEndpointMethodTypes } from '@octokit/rest';

import { UserError } from '../../model/errors.ts';
import { ForgeUnavailable } from '../errors.ts';
import type { CommitStatus, Forge, PullRequest, PullRequestDraft } from '../forge.ts';
import { checkMarker, fitBody, fitLine, fitStatus, fitTitle, mergeMessage } from '../text.ts';
import { createClient, type ClientOptions } from './client.ts';
import { ensureComment } from './comments.ts';
import { explain, GitHubRefusal, NEEDED_ACCESS } from './failure.ts';
import { toPullRequest } from './pull-request.ts';
import { repeatedly } from './repeat.ts';

type CommitStatuses =
  RestEndpointMethodTypes['repos']['listCommitStatusesForRef']['response']['data'];

export interface GitHubForgeOptions extends ClientOptions {
  /** `owner/name`. */
  repository: string;
  /** How pull requests are merged; with a merge commit unless told otherwise. */
  mergeMethod?: 'merge' | 'squash' | 'rebase';
  /** Waits between attempts, for so many milliseconds. */
  sleep?: (ms: number) => Promise<unknown>;
}

const REPOSITORY = /^([A-Za-z0-9][A-Za-z0-9-]{0,38})\/([A-Za-z0-9._-]{1,100})$/;

/**
 * Pull requests on GitHub, or on a GitHub Enterprise server. Every verb looks first and then does what is missing,
 * so it is safe to repeat as a whole; it repeats itself a few times where GitHub fails for a moment. What it throws:
 * `Stalled` (token, repository), `UserError` (GitHub refuses this one thing), `ForgeUnavailable` (later; with
 * `retryAfter` in milliseconds where GitHub wants to be left alone).
 */
export class GitHubForge implements Forge {
  readonly type = 'github';
  readonly #octokit: Octokit;
  readonly #options: GitHubForgeOptions;
  readonly #repository: { owner: string; repo: string };
  #account: string | undefined;
  #accountKnown = false;

  /** @throws UserError if the repository's name or the base URL can't be one */
  constructor(options: GitHubForgeOptions) {
    const [, owner, repo] = REPOSITORY.exec(options.repository) ?? [];
    if (owner === undefined || repo === undefined) {
      throw new UserError(
        `"${options.repository}" is no repository of GitHub's: give it as owner/name`,
      );
    }
    this.#repository = { owner, repo };
    this.#options = options;
    this.#octokit = createClient(options);
  }

  ensurePullRequest(draft: PullRequestDraft): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = (await this.#newest(draft.branch)) ?? (await this.#open(draft));
      return this.#label(pull, draft.labels);
    });
  }

  getPullRequest(number: number): Promise<PullRequest | undefined> {
    return this.#verb(() => this.#get(number));
  }

  findPullRequest(branch: string): Promise<PullRequest | undefined> {
    return this.#verb(() => this.#newest(branch));
  }

  ensureComment(number: number, marker: string, body: string): Promise<void> {
    return this.#verb(() => this.#comment(number, marker, body));
  }

  updatePullRequest(number: number, change: { title?: string; body?: string }): Promise<void> {
    return this.#verb(async () => {
      const pull = await this.#known(number);
      const title = change.title === undefined ? pull.title : fitTitle(change.title);
      const body = change.body === undefined ? pull.body : fitBody(change.body);
      if (title === pull.title && body === pull.body) return;
      await this.#octokit.rest.pulls.update({
        ...this.#repository,
        pull_number: number,
        title,
        body,
      });
    });
  }

  mergePullRequest(number: number, head: string, decidedBy: string): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = mergeable(await this.#known(number), head);
      if (pull.state === 'merged') return pull;
      try {
        return await this.#merge(pull, head, decidedBy);
      } catch (error) {
        if (!(error instanceof GitHubRefusal) || ![405, 409].includes(error.status)) throw error;
        return this.#afterRefusedMerge(number, head, error);
      }
    });
  }

  closePullRequest(number: number, decidedBy: string): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = await this.#known(number);
      if (pull.state !== 'open') return pull;
      // GitHub itself only remembers that our account did it.
      const name = fitLine(decidedBy, 200).replaceAll('`', "'");
      await this.#comment(number, 'decision', `Closed by \`${name}\`.`);
      const { data } = await this.#octokit.rest.pulls.update({
        ...this.#repository,
        pull_number: number,
        state: 'closed',
      });
      const closed = toPullRequest(data);
      return closed.state === 'closed' ? { ...closed, decidedBy } : closed;
    });
  }

  setCommitStatus(commit: string, status: CommitStatus): Promise<void> {
    const { context, state, description, url } = fitStatus(status);
    return this.#verb(async () => {
      // Every post is kept, up to a thousand for each context: say nothing twice.
      const last = (await this.#statuses(commit)).find((one) => one.context === context);
      const same =
        last?.state === state &&
        last.description === description &&
        last.target_url === (url ?? null);
      if (same) return;
      await this.#octokit.rest.repos.createCommitStatus({
        ...this.#repository,
        sha: commit,
        context,
        state,
        description,
        ...(url === undefined ? {} : { target_url: url }),
      });
    });
  }

  async #newest(branch: string): Promise<PullRequest | undefined> {
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
    return pull.state === 'open' ? toPullRequest(pull) : this.#get(pull.number);
  }

  async #open(draft: PullRequestDraft): Promise<PullRequest> {
    try {
      const { data } = await this.#octokit.rest.pulls.create({
        ...this.#repository,
        head: draft.branch,
        base: draft.base,
        title: fitTitle(draft.title),
        body: fitBody(draft.body),
      });
      return toPullRequest(data);
    } catch (error) {
      if (!(error instanceof GitHubRefusal) || !/already exists/i.test(error.message)) throw error;
      const pull = await this.#newest(draft.branch);
      if (pull) return pull;
      throw new ForgeUnavailable(
        `GitHub has a pull request of ${draft.branch} that it does not list yet`,
      );
    }
  }

  async #label(pull: PullRequest, wanted: readonly string[]): Promise<PullRequest> {
    const has = new Set(pull.labels.map((label) => label.toLowerCase()));
    const labels = wanted.filter((label) => !has.has(label.toLowerCase()));
    if (pull.state !== 'open' || labels.length === 0) return pull;
    const { data } = await this.#octokit.rest.issues.addLabels({
      ...this.#repository,
      issue_number: pull.number,
      labels,
    });
    return { ...pull, labels: data.map((label) => label.name) };
  }

  /** The newest hundred of a commit, the newest first. */
  async #statuses(commit: string): Promise<CommitStatuses> {
    try {
      const { data } = await this.#octokit.rest.repos.listCommitStatusesForRef({
        ...this.#repository,
        ref: commit,
        per_page: 100,
      });
      return data;
    } catch (error) {
      await this.#passIfAbsent(error);
      throw new UserError(`${this.#options.repository} holds no commit ${commit}: push it first`);
    }
  }

  async #get(number: number): Promise<PullRequest | undefined> {
    try {
      const { data } = await this.#octokit.rest.pulls.get({
        ...this.#repository,
        pull_number: number,
      });
      const pull = toPullRequest(data);
      return pull.state === 'closed' ? { ...pull, ...(await this.#closer(number)) } : pull;
    } catch (error) {
      await this.#passIfAbsent(error);
      return undefined;
    }
  }

  /** Throws unless the error is that something is not in the repository, which itself is there to be seen. */
  async #passIfAbsent(error: unknown): Promise<void> {
    if (!(error instanceof GitHubRefusal) || error.status !== 404) throw error;
    await this.#octokit.rest.repos.get(this.#repository);
  }

  async #known(number: number): Promise<PullRequest> {
    const pull = await this.#get(number);
    if (pull) return pull;
    throw new UserError(`there is no pull request #${number} in ${this.#options.repository}`);
  }

  async #closer(number: number): Promise<{ decidedBy?: string }> {
    const { data } = await this.#octokit.rest.issues.get({
      ...this.#repository,
      issue_number: number,
    });
    return data.closed_by ? { decidedBy: data.closed_by.login } : {};
  }

  async #comment(number: number, marker: string, body: string): Promise<void> {
    checkMarker(marker);
    await this.#known(number);
    const place = { ...this.#repository, issue_number: number };
    await ensureComment(this.#octokit, place, await this.#whoWeAre(), marker, body);
  }

  /** Login of our account; undefined for an app's token, which has none. */
  async #whoWeAre(): Promise<string | undefined> {
    if (this.#accountKnown) return this.#account;
    try {
      const { data } = await this.#octokit.rest.users.getAuthenticated();
      this.#account = data.login;
    } catch (error) {
      if (!(error instanceof GitHubRefusal) || error.status !== 403) throw error;
    }
    this.#accountKnown = true;
    return this.#account;
  }

  async #merge(pull: PullRequest, head: string, decidedBy: string): Promise<PullRequest> {
    const message = mergeMessage(pull, decidedBy);
    const { data } = await this.#octokit.rest.pulls.merge({
      ...this.#repository,
      pull_number: pull.number,
      sha: head,
      merge_method: this.#options.mergeMethod ?? 'merge',
      commit_title: message.subject,
      commit_message: message.body,
    });
    return { ...pull, state: 'merged', mergeCommit: data.sha, decidedBy };
  }

  /** GitHub's words don't tell a conflict from what passes by itself, so look what has become of it. */
  async #afterRefusedMerge(
    number: number,
    head: string,
    refusal: GitHubRefusal,
  ): Promise<PullRequest> {
    const { data } = await this.#octokit.rest.pulls.get({
      ...this.#repository,
      pull_number: number,
    });
    const pull = mergeable(toPullRequest(data), head);
    if (pull.state === 'merged') return pull;
    const passes = /base branch was modified|is not mergeable/i.test(refusal.message);
    if (data.mergeable === null || (data.mergeable && passes)) {
      throw new ForgeUnavailable(
        `GitHub can't merge pull request #${number} yet: ${refusal.message}`,
      );
    }
    const conflict = data.mergeable ? '' : ` (it conflicts with ${pull.base})`;
    throw new UserError(
      `GitHub won't merge pull request #${number}: ${refusal.message}${conflict}`,
    );
  }

  async #verb<T>(work: () => Promise<T>): Promise<T> {
    const { repository, sleep } = this.#options;
    try {
      return await repeatedly(() => this.#attempt(work), sleep);
    } catch (error) {
      throw error instanceof GitHubRefusal ? explain(error, repository) : error;
    }
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#passIfAbsent(error);
      throw new ForgeUnavailable(
        'what GitHub was asked to change has gone meanwhile, or the token may only read ' +
          `${this.#options.repository}: ${NEEDED_ACCESS}`,
      );
    }
  }
}

/** The pull request if it is merged, or open at the commit that was reviewed. */
function mergeable(pull: PullRequest, head: string): PullRequest {
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
