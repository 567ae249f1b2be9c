import type { Octokit, RestEndpointMethodTypes } from '@octokit/rest';

import { UserError } from '../../model/errors.ts';
import { ForgeUnavailable } from '../errors.ts';
import type {
  CommitStatus,
  Dashboard,
  Forge,
  MergeResult,
  Permission,
  PullRequest,
  PullRequestComment,
  PullRequestDraft,
} from '../forge.ts';
import { mergeable } from '../mergeable.ts';
import { repeatedly } from '../repeat.ts';
import { checkMarker, fitBody, fitLine, fitStatus, fitTitle, mergeMessage } from '../text.ts';
import { disableAutoMerge, enableAutoMerge } from './auto-merge.ts';
import { createClient, type ClientOptions } from './client.ts';
import { ensureComment, listComments } from './comments.ts';
import { ensureDashboard } from './dashboard.ts';
import { explain, GitHubRefusal, NEEDED_ACCESS } from './failure.ts';
import { ensureLabels, labelledBy } from './labels.ts';
import { readPages } from './pages.ts';
import { toMergeResult, toPullRequest } from './pull-request.ts';
import { Pulls } from './pulls.ts';

type CommitStatuses =
  RestEndpointMethodTypes['repos']['listCommitStatusesForRef']['response']['data'];

export interface GitHubForgeOptions extends ClientOptions {
  /** `owner/name`. */
  repository: string;
  /** How pull requests are merged; with a merge commit unless told otherwise. */
  mergeMethod?: 'merge' | 'squash' | 'rebase';
  /** The account that the token belongs to, where GitHub does not tell it by the token: that of an app. */
  account?: () => Promise<string>;
  /** Waits between attempts, for so many milliseconds. */
  sleep?: (ms: number) => Promise<unknown>;
}

/** GitHub tells three thousand files of a pull request at most. */
const MOST_FILES = 3000;
/** More open pull requests than this are not looked at, in hundreds. */
const MOST_OPEN = 20;

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
  readonly #pulls: Pulls;
  #account: string | undefined;
  #accountKnown = false;

  /** @throws UserError if the repository's name or the base URL can't be one */
  constructor(options: GitHubForgeOptions) {
    this.#repository = parseRepository(options.repository);
    this.#options = options;
    this.#octokit = createClient(options);
    this.#pulls = new Pulls(this.#octokit, this.#repository);
  }

  ensurePullRequest(draft: PullRequestDraft): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = (await this.#pulls.newest(draft.branch)) ?? (await this.#open(draft));
      if (pull.state !== 'open') return pull;
      const labels = await ensureLabels(this.#octokit, this.#issue(pull.number), pull.labels, {
        add: draft.labels,
      });
      return { ...pull, labels };
    });
  }

  getPullRequest(number: number): Promise<PullRequest | undefined> {
    return this.#verb(() => this.#pulls.get(number));
  }

  findPullRequest(branch: string): Promise<PullRequest | undefined> {
    return this.#verb(() => this.#pulls.newest(branch));
  }

  listOpenPullRequests(base: string): Promise<PullRequest[]> {
    return this.#verb(async () => {
      const query = { ...this.#repository, base, state: 'open', sort: 'created' } as const;
      const pulls = await readPages(
        (page) => this.#octokit.rest.pulls.list({ ...query, direction: 'desc', ...page }),
        MOST_OPEN,
      );
      // One that was opened meanwhile moves another to the next page.
      const unique = new Map(pulls.map((pull) => [pull.number, toPullRequest(pull)]));
      return [...unique.values()];
    });
  }

  ensureComment(number: number, marker: string, body: string): Promise<void> {
    return this.#verb(() => this.#comment(number, marker, body));
  }

  listComments(number: number): Promise<PullRequestComment[]> {
    return this.#verb(async () => {
      await this.#pulls.known(number);
      return listComments(this.#octokit, this.#issue(number), await this.#whoWeAre());
    });
  }

  ensureLabels(number: number, change: { add?: string[]; remove?: string[] }): Promise<string[]> {
    return this.#verb(async () => {
      const { labels } = await this.#pulls.known(number);
      return ensureLabels(this.#octokit, this.#issue(number), labels, change);
    });
  }

  labelledBy(number: number, label: string): Promise<string | undefined> {
    return this.#verb(() => labelledBy(this.#octokit, this.#issue(number), label));
  }

  updatePullRequest(number: number, change: { title?: string; body?: string }): Promise<void> {
    return this.#verb(async () => {
      const pull = await this.#pulls.known(number);
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
      const pull = mergeable(await this.#pulls.known(number), head);
      if (pull.state === 'merged') return pull;
      return this.#mergeOrSayWhy(pull, head, decidedBy);
    });
  }

  ensureAutoMerge(number: number, head: string, decidedBy: string): Promise<PullRequest> {
    return this.#verb(async () => {
      const details = await this.#pulls.details(number);
      const pull = mergeable(toPullRequest(details), head);
      if (pull.state === 'merged' || pull.autoMerge) return pull;
      const enabled = await enableAutoMerge(this.#octokit, {
        pull: details.node_id,
        head,
        method: this.#options.mergeMethod ?? 'merge',
        message: mergeMessage(pull, decidedBy),
      });
      if (!enabled) return this.#mergeOrSayWhy(pull, head, decidedBy);
      // Without anything to wait for, it may be merged by now.
      return this.#pulls.known(number);
    });
  }

  cancelAutoMerge(number: number): Promise<PullRequest> {
    return this.#verb(async () => {
      const details = await this.#pulls.details(number);
      const by = details.auto_merge?.enabled_by;
      const account = await this.#whoWeAre();
      // What a person has set is theirs.
      const ours = account === undefined ? by?.type === 'Bot' : by?.login === account;
      if (!toPullRequest(details).autoMerge || !ours) return toPullRequest(details);
      await disableAutoMerge(this.#octokit, details.node_id);
      return this.#pulls.known(number);
    });
  }

  closePullRequest(number: number, decidedBy: string): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = await this.#pulls.known(number);
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

  reopenPullRequest(number: number): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = await this.#pulls.known(number);
      if (pull.state === 'open') return pull;
      if (pull.state === 'merged') {
        throw new UserError(`pull request #${number} is merged, so it can't be opened again`);
      }
      const { data } = await this.#octokit.rest.pulls.update({
        ...this.#repository,
        pull_number: number,
        state: 'open',
      });
      return toPullRequest(data);
    });
  }

  changedFiles(number: number): Promise<{ files: string[]; complete: boolean }> {
    return this.#verb(async () => {
      await this.#pulls.known(number);
      const list = await readPages(
        (page) =>
          this.#octokit.rest.pulls.listFiles({ ...this.#repository, pull_number: number, ...page }),
        MOST_FILES / 100,
      );
      const files = list.flatMap(({ filename, previous_filename: before }) =>
        before === undefined ? [filename] : [filename, before],
      );
      return { files: [...new Set(files)].toSorted(), complete: list.length < MOST_FILES };
    });
  }

  mergeResult(number: number): Promise<MergeResult> {
    return this.#verb(async () => toMergeResult(await this.#pulls.details(number)));
  }

  permissionOf(account: string): Promise<Permission> {
    return this.#verb(async () => {
      try {
        const { data } = await this.#octokit.rest.repos.getCollaboratorPermissionLevel({
          ...this.#repository,
          username: account,
        });
        const { permission } = data;
        return permission === 'admin' || permission === 'write' || permission === 'read'
          ? permission
          : 'none';
      } catch (error) {
        await this.#pulls.passIfAbsent(error);
        return 'none';
      }
    });
  }

  ensureDashboard(dashboard: Dashboard): Promise<void> {
    return this.#verb(async () =>
      ensureDashboard(this.#octokit, this.#repository, await this.#whoWeAre(), dashboard),
    );
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
      const pull = await this.#pulls.newest(draft.branch);
      if (pull) return pull;
      throw new ForgeUnavailable(
        `GitHub has a pull request of ${draft.branch} that it does not list yet`,
      );
    }
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
      await this.#pulls.passIfAbsent(error);
      throw new UserError(`${this.#options.repository} holds no commit ${commit}: push it first`);
    }
  }

  #issue(number: number) {
    return { ...this.#repository, issue_number: number };
  }

  async #comment(number: number, marker: string, body: string): Promise<void> {
    checkMarker(marker);
    await this.#pulls.known(number);
    await ensureComment(this.#octokit, this.#issue(number), await this.#whoWeAre(), marker, body);
  }

  /** Login of our account; undefined if GitHub doesn't tell it, as for a workflow's token. */
  async #whoWeAre(): Promise<string | undefined> {
    if (this.#accountKnown) return this.#account;
    const { account } = this.#options;
    if (account) return account();
    try {
      const { data } = await this.#octokit.rest.users.getAuthenticated();
      this.#account = data.login;
    } catch (error) {
      if (!(error instanceof GitHubRefusal) || error.status !== 403) throw error;
    }
    this.#accountKnown = true;
    return this.#account;
  }

  async #mergeOrSayWhy(pull: PullRequest, head: string, decidedBy: string): Promise<PullRequest> {
    try {
      return await this.#merge(pull, head, decidedBy);
    } catch (error) {
      if (!(error instanceof GitHubRefusal) || ![405, 409].includes(error.status)) throw error;
      return this.#afterRefusedMerge(pull.number, head, error);
    }
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
      await this.#pulls.passIfAbsent(error);
      throw new ForgeUnavailable(
        'what GitHub was asked to change has gone meanwhile, or the token may only read ' +
          `${this.#options.repository}: ${NEEDED_ACCESS}`,
      );
    }
  }
}

/** @throws UserError if the text is not `owner/name` */
export function parseRepository(text: string): { owner: string; repo: string } {
  const [, owner, repo] = REPOSITORY.exec(text) ?? [];
  if (owner !== undefined && repo !== undefined) return { owner, repo };
  throw new UserError(`"${text}" is no repository of GitHub's: give it as owner/name`);
}
