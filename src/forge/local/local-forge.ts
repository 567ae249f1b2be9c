import PQueue from 'p-queue';

import { UserError } from '../../model/errors.ts';
import type {
  CommitStatus,
  Forge,
  MergeResult,
  Permission,
  PullRequest,
  PullRequestComment,
  PullRequestDraft,
} from '../forge.ts';
import { labelChanges } from '../labels.ts';
import { mergeable } from '../mergeable.ts';
import { checkMarker, fitBody, fitStatus, fitTitle, mergeMessage } from '../text.ts';
import type { MergeTarget, PullRecord, PullRecords } from './ports.ts';

/** Open pull requests that are read from the store at once. */
const PAGE = 200;

export interface LocalForgeOptions {
  records: PullRecords;
  target: MergeTarget;
  /** Where people look at a pull request. */
  url: (number: number) => string;
}

/**
 * The forge that needs no other server: pull requests are records in our own store, branches and merges are git's.
 * As on GitHub, a branch that is merged by hand is a merged pull request, and a deleted branch closes it; both are
 * noticed when the pull request is next looked at.
 */
export class LocalForge implements Forge {
  readonly type = 'local';
  readonly #records: PullRecords;
  readonly #target: MergeTarget;
  readonly #url: (number: number) => string;
  /** One thing at a time: a decision never runs beside another, or beside a look at the same pull request. */
  readonly #queue = new PQueue({ concurrency: 1 });

  constructor(options: LocalForgeOptions) {
    this.#records = options.records;
    this.#target = options.target;
    this.#url = options.url;
  }

  ensurePullRequest(draft: PullRequestDraft): Promise<PullRequest> {
    return this.#queue.add(async () => {
      const existing = await this.#records.newestByBranch(draft.branch);
      return this.#show(existing ? await this.#look(existing) : await this.#open(draft));
    });
  }

  getPullRequest(number: number): Promise<PullRequest | undefined> {
    return this.#queue.add(async () => {
      const record = await this.#records.get(number);
      return record && this.#show(await this.#look(record));
    });
  }

  findPullRequest(branch: string): Promise<PullRequest | undefined> {
    return this.#queue.add(async () => {
      const record = await this.#records.newestByBranch(branch);
      return record && this.#show(await this.#look(record));
    });
  }

  listOpenPullRequests(base: string): Promise<PullRequest[]> {
    return this.#queue.add(async () => {
      const pulls: PullRequest[] = [];
      for (let before = Infinity; ;) {
        const page = await this.#records.list({
          state: 'open',
          limit: PAGE,
          ...(before === Infinity ? {} : { before }),
        });
        for (const record of page) pulls.push(this.#show(await this.#look(record)));
        if (page.length < PAGE) break;
        before = page.at(-1)!.number;
      }
      return pulls.filter((pull) => pull.state === 'open' && pull.base === base);
    });
  }

  ensureComment(number: number, marker: string, body: string): Promise<void> {
    return this.#queue.add(async () => {
      checkMarker(marker);
      await this.#known(number);
      await this.#records.upsertComment(number, { marker, body: fitBody(body) });
    });
  }

  /** There is no page to write on: every comment is one of ours. */
  listComments(number: number): Promise<PullRequestComment[]> {
    return this.#queue.add(async () => {
      await this.#known(number);
      const comments = await this.#records.comments(number);
      return comments.map(({ marker, body }) => ({
        id: marker,
        author: 'trueup',
        body,
        marker,
        createdAt: 0,
      }));
    });
  }

  ensureLabels(number: number, change: { add?: string[]; remove?: string[] }): Promise<string[]> {
    return this.#queue.add(async () => {
      const { labels: has } = await this.#known(number);
      const { add, remove } = labelChanges(has, change);
      const labels = [...has.filter((label) => !remove.includes(label)), ...add];
      if (add.length + remove.length > 0) await this.#records.update(number, { labels });
      return labels;
    });
  }

  /** Accounts are not known here: `trueup check` asks with an account of trueup's own. */
  async labelledBy(): Promise<undefined> {
    return undefined;
  }

  updatePullRequest(number: number, change: { title?: string; body?: string }): Promise<void> {
    return this.#queue.add(async () => {
      await this.#known(number);
      await this.#records.update(number, {
        ...(change.title === undefined ? {} : { title: fitTitle(change.title) }),
        ...(change.body === undefined ? {} : { body: fitBody(change.body) }),
      });
    });
  }

  mergePullRequest(number: number, head: string, decidedBy: string): Promise<PullRequest> {
    return this.#queue.add(async () => {
      const record = await this.#look(await this.#known(number));
      const pull = mergeable(this.#show(record), head);
      return pull.state === 'merged'
        ? pull
        : this.#show(await this.#merge(record, head, decidedBy));
    });
  }

  /** There are no rules to wait for: it is merged at once. */
  ensureAutoMerge(number: number, head: string, decidedBy: string): Promise<PullRequest> {
    return this.mergePullRequest(number, head, decidedBy);
  }

  cancelAutoMerge(number: number): Promise<PullRequest> {
    return this.#queue.add(async () => this.#show(await this.#look(await this.#known(number))));
  }

  closePullRequest(number: number, decidedBy: string): Promise<PullRequest> {
    return this.#queue.add(async () => {
      const record = await this.#look(await this.#known(number));
      if (record.state !== 'open') return this.#show(record);
      return this.#show(await this.#records.update(number, { state: 'closed', decidedBy }));
    });
  }

  reopenPullRequest(number: number): Promise<PullRequest> {
    return this.#queue.add(async () => {
      const record = await this.#look(await this.#known(number));
      if (record.state === 'open') return this.#show(record);
      if (record.state === 'merged') {
        throw new UserError(`pull request #${number} is merged, so it can't be opened again`);
      }
      const head = await this.#target.branchHead(record.branch);
      if (head === undefined) {
        throw new UserError(
          `pull request #${number} can't be opened again: its branch ${record.branch} is gone`,
        );
      }
      const change = { state: 'open', decidedBy: null, head } as const;
      return this.#show(await this.#look(await this.#records.update(number, change)));
    });
  }

  changedFiles(number: number): Promise<{ files: string[]; complete: boolean }> {
    return this.#queue.add(async () => {
      const { base, head } = await this.#look(await this.#known(number));
      const files = await this.#target.changedFiles(base, head);
      return { files: files.toSorted(), complete: true };
    });
  }

  mergeResult(number: number): Promise<MergeResult> {
    return this.#queue.add(async () => {
      const { branch, head } = await this.#look(await this.#known(number));
      return { headRef: `refs/heads/${branch}`, head };
    });
  }

  /** Accounts are none of the forge's here: who may decide is told by the tokens of the API. */
  async permissionOf(): Promise<Permission> {
    return 'none';
  }

  /** What waits is on the page of proposals, and in the API. */
  async ensureDashboard(): Promise<void> {}

  setCommitStatus(commit: string, status: CommitStatus): Promise<void> {
    return this.#queue.add(() =>
      this.#records.setStatus(commit, { ...fitStatus(status), url: status.url ?? null }),
    );
  }

  async #open(draft: PullRequestDraft): Promise<PullRecord> {
    const { branch, base, labels } = draft;
    const head = await this.#target.branchHead(branch);
    if (head === undefined) {
      throw new UserError(`branch ${branch} is not in the plan's repository: push it first`);
    }
    if ((await this.#target.branchHead(base)) === undefined) {
      throw new UserError(
        `branch ${base} is not in the plan's repository, so nothing can go to it`,
      );
    }
    if (await this.#target.contains(base, head)) {
      throw new UserError(`branch ${branch} holds nothing that ${base} has not`);
    }
    const title = fitTitle(draft.title);
    const body = fitBody(draft.body);
    const opened = await this.#records.insertIfAbsent({ branch, base, head, title, body, labels });
    return opened.pull;
  }

  async #known(number: number): Promise<PullRecord> {
    const record = await this.#records.get(number);
    if (record) return record;
    throw new UserError(`there is no pull request #${number}`);
  }

  /** Brings an open record up to what git says. Once merged or closed, it stays so. */
  async #look(record: PullRecord): Promise<PullRecord> {
    if (record.state !== 'open') return record;
    const { number, base } = record;
    const head = await this.#target.branchHead(record.branch);
    // The branch may have moved on, or gone, since what was last seen of it was merged.
    for (const commit of new Set([head ?? record.head, record.head])) {
      if (!(await this.#target.contains(base, commit))) continue;
      const mergeCommit = (await this.#target.branchHead(base)) ?? null;
      return this.#records.update(number, { state: 'merged', head: commit, mergeCommit });
    }
    if (head === undefined) return this.#records.update(number, { state: 'closed' });
    return head === record.head ? record : this.#records.update(number, { head });
  }

  async #merge(record: PullRecord, head: string, decidedBy: string): Promise<PullRecord> {
    const { number, base } = record;
    const { subject, body } = mergeMessage(record, decidedBy);
    const message = `${subject}\n\n${body}\n`;
    const merged = await this.#target.merge({ head, base, message, author: decidedBy });
    if ('conflicts' in merged) {
      throw new UserError(
        `pull request #${number} conflicts with ${base} in ${merged.conflicts.join(', ')}`,
      );
    }
    return this.#records.update(number, {
      state: 'merged',
      mergeCommit: merged.commit,
      decidedBy,
    });
  }

  #show(record: PullRecord): PullRequest {
    const { mergeCommit, decidedBy, ...rest } = record;
    return {
      ...rest,
      url: this.#url(record.number),
      ...(mergeCommit === null ? {} : { mergeCommit }),
      ...(decidedBy === null ? {} : { decidedBy }),
    };
  }
}
