import { z } from 'zod';

import { Stalled, UserError } from '../../model/errors.ts';
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
import { GiteaClient, type GiteaClientOptions, GiteaRefusal, NEEDED_ACCESS } from './client.ts';
import { ensureComment, listComments } from './comments.ts';
import { ensureDashboard } from './dashboard.ts';
import { ensureLabels } from './labels.ts';
import { Pulls } from './pulls.ts';
import {
  ChangedFile,
  CollaboratorPermission,
  Pull,
  Status,
  toPullRequest,
  User,
} from './shapes.ts';

export interface GiteaForgeOptions extends GiteaClientOptions {
  /** `owner/name`. */
  repository: string;
  /** The branch that our own pull requests go to. */
  base: string;
  /** How pull requests are merged; with a merge commit unless told otherwise. */
  mergeMethod?: 'merge' | 'squash' | 'rebase';
  /** Waits between attempts, for so many milliseconds. */
  sleep?: (ms: number) => Promise<unknown>;
}

const REPOSITORY = /^([\w.-]{1,100})\/([\w.-]{1,100})$/;
/** Files of a pull request that are read. */
const MOST_FILES = 10_000;
const MOST_STATUSES = 1000;
/** Refusals of a merge that may only mean that Gitea has not looked for conflicts yet. */
const MERGE_ATTEMPTS = 3;

/**
 * Pull requests on Gitea or Forgejo. Every verb looks first and then does what is missing, so it is safe to repeat as
 * a whole; it repeats itself a few times where Gitea fails for a moment. What it throws: `Stalled` (token,
 * repository), `UserError` (Gitea refuses this one thing), `ForgeUnavailable` (later).
 */
export class GiteaForge implements Forge {
  readonly type = 'gitea';
  readonly #client: GiteaClient;
  readonly #options: GiteaForgeOptions;
  /** Parts of the repository's path. */
  readonly #repository: readonly string[];
  readonly #pulls: Pulls;
  #account: string | undefined;

  /** @throws UserError if the repository's name or the base URL can't be one */
  constructor(options: GiteaForgeOptions) {
    const [, owner, name] = REPOSITORY.exec(options.repository) ?? [];
    if (owner === undefined || name === undefined) {
      throw new UserError(
        `"${options.repository}" is no repository of Gitea's: give it as owner/name`,
      );
    }
    this.#options = options;
    this.#repository = ['repos', owner, name];
    this.#client = new GiteaClient(options);
    this.#pulls = new Pulls(this.#client, this.#repository);
  }

  ensurePullRequest(draft: PullRequestDraft): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull =
        (await this.#pulls.newest(draft.branch, draft.base)) ?? (await this.#open(draft));
      if (pull.state !== 'open') return pull;
      return { ...pull, labels: await this.#label(pull.number, { add: draft.labels }) };
    });
  }

  getPullRequest(number: number): Promise<PullRequest | undefined> {
    return this.#verb(() => this.#pulls.get(number));
  }

  findPullRequest(branch: string): Promise<PullRequest | undefined> {
    return this.#verb(() => this.#pulls.newest(branch, this.#options.base));
  }

  listOpenPullRequests(base: string): Promise<PullRequest[]> {
    return this.#verb(() => this.#pulls.listOpen(base));
  }

  ensureComment(number: number, marker: string, body: string): Promise<void> {
    return this.#verb(() => this.#comment(number, marker, body));
  }

  listComments(number: number): Promise<PullRequestComment[]> {
    return this.#verb(async () => {
      await this.#pulls.details(number);
      return listComments(this.#client, this.#repository, number, await this.#whoWeAre());
    });
  }

  ensureLabels(number: number, change: { add?: string[]; remove?: string[] }): Promise<string[]> {
    return this.#verb(() => this.#label(number, change));
  }

  labelledBy(number: number, label: string): Promise<string | undefined> {
    return this.#verb(() => this.#pulls.labelledBy(number, label));
  }

  updatePullRequest(number: number, change: { title?: string; body?: string }): Promise<void> {
    return this.#verb(async () => {
      const pull = toPullRequest(await this.#pulls.details(number));
      const title = change.title === undefined ? pull.title : fitTitle(change.title);
      const body = change.body === undefined ? pull.body : fitBody(change.body);
      if (title !== pull.title || body !== pull.body) await this.#edit(number, { title, body });
    });
  }

  mergePullRequest(number: number, head: string, decidedBy: string): Promise<PullRequest> {
    let attempt = 0;
    return this.#verb(async () => {
      const pull = mergeable(await this.#pulls.known(number), head);
      attempt += 1;
      return pull.state === 'merged' ? pull : this.#merge(pull, head, decidedBy, attempt);
    });
  }

  ensureAutoMerge(number: number, head: string, decidedBy: string): Promise<PullRequest> {
    let attempt = 0;
    return this.#verb(async () => {
      const pull = mergeable(await this.#pulls.known(number), head);
      attempt += 1;
      return pull.state === 'merged' ? pull : this.#merge(pull, head, decidedBy, attempt, true);
    });
  }

  cancelAutoMerge(number: number): Promise<PullRequest> {
    return this.#verb(async () => {
      await this.#pulls.details(number);
      try {
        const path = [...this.#repository, 'pulls', number, 'merge'];
        await this.#client.send({ method: 'DELETE', path });
      } catch (error) {
        // Nothing was set, or it is merged by now.
        await this.#pulls.passIfAbsent(error);
      }
      return this.#pulls.known(number);
    });
  }

  closePullRequest(number: number, decidedBy: string): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = await this.#pulls.known(number);
      if (pull.state !== 'open') return pull;
      // Gitea itself only remembers that our account did it.
      const name = fitLine(decidedBy, 200).replaceAll('`', "'");
      await this.#comment(number, 'decision', `Closed by \`${name}\`.`);
      try {
        return { ...(await this.#edit(number, { state: 'closed' })), decidedBy };
      } catch (error) {
        // It was merged in this very moment.
        const now = await this.#pulls.known(number);
        if (now.state === 'merged') return now;
        throw error;
      }
    });
  }

  reopenPullRequest(number: number): Promise<PullRequest> {
    return this.#verb(async () => {
      const pull = await this.#pulls.known(number);
      if (pull.state === 'open') return pull;
      if (pull.state === 'merged') {
        throw new UserError(`pull request #${number} is merged, so it can't be opened again`);
      }
      if (!pull.fork && (await this.#pulls.ahead(pull.base, pull.branch)) === undefined) {
        throw new UserError(
          `pull request #${number} can't be opened again: its branch ${pull.branch} is gone`,
        );
      }
      return this.#edit(number, { state: 'open' });
    });
  }

  ensureDashboard(dashboard: Dashboard): Promise<void> {
    return this.#verb(async () =>
      ensureDashboard(this.#client, this.#repository, await this.#whoWeAre(), dashboard),
    );
  }

  setCommitStatus(commit: string, status: CommitStatus): Promise<void> {
    const { context, state, description, url = '' } = fitStatus(status);
    return this.#verb(async () => {
      // Every post is kept: say nothing twice.
      const last = (await this.#statuses(commit)).find((one) => one.context === context);
      const same =
        last?.status === state && last.description === description && last.target_url === url;
      if (same) return;
      await this.#client.send({
        method: 'POST',
        path: [...this.#repository, 'statuses', commit],
        body: { context, state, description, target_url: url },
      });
    });
  }

  changedFiles(number: number): Promise<{ files: string[]; complete: boolean }> {
    return this.#verb(async () => {
      await this.#pulls.details(number);
      const path = [...this.#repository, 'pulls', number, 'files'];
      const list = await this.#client.readAll(path, ChangedFile, { most: MOST_FILES });
      const files = list.flatMap(({ filename, previous_filename: before }) =>
        before ? [filename, before] : [filename],
      );
      return { files: [...new Set(files)].toSorted(), complete: list.length < MOST_FILES };
    });
  }

  mergeResult(number: number): Promise<MergeResult> {
    return this.#verb(async () => {
      const { head, mergeable: can } = await this.#pulls.details(number);
      // That it can't be merged may also mean that Gitea has not looked yet.
      return {
        headRef: `refs/pull/${number}/head`,
        head: head.sha,
        ...(can ? { mergeable: true } : {}),
      };
    });
  }

  permissionOf(account: string): Promise<Permission> {
    return this.#verb(async () => {
      const path = [...this.#repository, 'collaborators', account, 'permission'];
      try {
        const { permission } = await this.#client.read(path, CollaboratorPermission);
        if (permission === 'owner') return 'admin';
        return permission === 'admin' || permission === 'write' || permission === 'read'
          ? permission
          : 'none';
      } catch (error) {
        if (error instanceof GiteaRefusal && error.status === 403) return this.#assignable(account);
        await this.#pulls.passIfAbsent(error);
        return 'none';
      }
    });
  }

  /** To who is no administrator, Gitea only tells who may write, as those whom issues can be assigned to. */
  async #assignable(account: string): Promise<Permission> {
    const writers = await this.#client.read([...this.#repository, 'assignees'], z.array(User));
    const name = account.toLowerCase();
    return writers.some(({ login }) => login.toLowerCase() === name) ? 'write' : 'none';
  }

  async #open(draft: PullRequestDraft): Promise<PullRequest> {
    const { branch, base } = draft;
    const ahead = await this.#pulls.ahead(base, branch);
    if (ahead === undefined) {
      throw new UserError(
        `${this.#options.repository} has no branch ${branch}, or none that is called ${base}: push it first`,
      );
    }
    if (ahead === 0) throw new UserError(`branch ${branch} holds nothing that ${base} has not`);
    try {
      const { data } = await this.#client.send({
        method: 'POST',
        path: [...this.#repository, 'pulls'],
        body: { head: branch, base, title: fitTitle(draft.title), body: fitBody(draft.body) },
        answer: Pull,
      });
      return toPullRequest(data);
    } catch (error) {
      if (!(error instanceof GiteaRefusal) || error.status !== 409) throw error;
      const pull = await this.#pulls.newest(branch, base);
      if (pull) return pull;
      throw new ForgeUnavailable(`Gitea has a pull request of ${branch} that it does not list yet`);
    }
  }

  async #edit(
    number: number,
    change: { title?: string; body?: string; state?: string },
  ): Promise<PullRequest> {
    const { data } = await this.#client.send({
      method: 'PATCH',
      path: [...this.#repository, 'pulls', number],
      body: change,
      answer: Pull,
    });
    return toPullRequest(data);
  }

  async #label(number: number, change: { add?: string[]; remove?: string[] }): Promise<string[]> {
    const { labels } = await this.#pulls.details(number);
    return ensureLabels(this.#client, this.#repository, number, labels ?? [], change);
  }

  async #comment(number: number, marker: string, body: string): Promise<void> {
    checkMarker(marker);
    await this.#pulls.details(number);
    const account = await this.#whoWeAre();
    await ensureComment(this.#client, this.#repository, number, account, marker, body);
  }

  async #whoWeAre(): Promise<string> {
    this.#account ??= (await this.#client.read(['user'], User)).login;
    return this.#account;
  }

  /** The newest first. */
  async #statuses(commit: string): Promise<Status[]> {
    try {
      const path = [...this.#repository, 'commits', commit, 'statuses'];
      const query = { sort: 'highestindex' };
      return await this.#client.readAll(path, Status, { query, most: MOST_STATUSES });
    } catch (error) {
      await this.#pulls.passIfAbsent(error);
      throw new UserError(`${this.#options.repository} holds no commit ${commit}: push it first`);
    }
  }

  /** @param later once the branch's rules are met, if they are not yet */
  async #merge(
    pull: PullRequest,
    head: string,
    decidedBy: string,
    attempt: number,
    later = false,
  ): Promise<PullRequest> {
    const { number } = pull;
    const message = mergeMessage(pull, decidedBy);
    try {
      const { status } = await this.#client.send({
        method: 'POST',
        path: [...this.#repository, 'pulls', number, 'merge'],
        body: {
          Do: this.#options.mergeMethod ?? 'merge',
          head_commit_id: head,
          MergeTitleField: message.subject,
          MergeMessageField: message.body,
          ...(later ? { merge_when_checks_succeed: true } : {}),
        },
      });
      if (status === 201) return { ...pull, autoMerge: true };
    } catch (error) {
      if (!(error instanceof GiteaRefusal) || ![404, 405, 409].includes(error.status)) throw error;
      return this.#afterRefusedMerge(number, head, error, { attempt, later });
    }
    return { ...(await this.#pulls.known(number)), decidedBy };
  }

  /** Gitea's words don't tell a conflict from what passes by itself, so look what has become of it. */
  async #afterRefusedMerge(
    number: number,
    head: string,
    refusal: GiteaRefusal,
    { attempt, later }: { attempt: number; later: boolean },
  ): Promise<PullRequest> {
    const details = await this.#pulls.details(number);
    const pull = mergeable(toPullRequest(details), head);
    if (pull.state === 'merged') return pull;
    if (later && /already scheduled/i.test(refusal.message)) return { ...pull, autoMerge: true };
    const passes = !details.mergeable || /try again later/i.test(refusal.message);
    const why = `Gitea won't merge pull request #${number}: ${refusal.message}`;
    if (passes && attempt < MERGE_ATTEMPTS) throw new ForgeUnavailable(why);
    throw new UserError(
      details.mergeable ? why : `${why} (it conflicts with ${pull.base}, or that is not known yet)`,
    );
  }

  async #verb<T>(work: () => Promise<T>): Promise<T> {
    const { repository, sleep } = this.#options;
    try {
      return await repeatedly(() => this.#attempt(work), sleep);
    } catch (error) {
      throw error instanceof GiteaRefusal ? explain(error, repository) : error;
    }
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await this.#pulls.passIfAbsent(error);
      throw new ForgeUnavailable(
        'what Gitea was asked to change has gone meanwhile, or the token may only read ' +
          `${this.#options.repository}: ${NEEDED_ACCESS}`,
      );
    }
  }
}

/** A refusal with what a person can do about it. */
function explain({ status, message }: GiteaRefusal, repository: string): UserError {
  switch (status) {
    case 401:
      return new Stalled(
        `Gitea rejects the token for ${repository} (${message}): ${NEEDED_ACCESS}`,
      );
    case 403:
      return new Stalled(
        `Gitea does not let the token do this in ${repository} (${message}): ${NEEDED_ACCESS}`,
      );
    case 404:
      return new Stalled(
        `Gitea shows the token no repository ${repository} (${message}): check its name, and the token: ${NEEDED_ACCESS}`,
      );
    default:
      return new UserError(`Gitea refuses this in ${repository}: ${message}`);
  }
}
