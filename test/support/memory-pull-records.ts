import type {
  NewPullRecord,
  PullComment,
  PullRecord,
  PullRecordChange,
  PullRecords,
  StatusRecord,
} from '../../src/forge/local/ports.ts';

/** The local forge's memory for tests. Hands out copies, as a database does. */
export class MemoryPullRecords implements PullRecords {
  readonly #pulls: PullRecord[] = [];
  readonly #comments = new Map<number, Map<string, string>>();
  readonly #statuses = new Map<string, Map<string, StatusRecord>>();

  async insertIfAbsent(draft: NewPullRecord): Promise<{ pull: PullRecord; inserted: boolean }> {
    const there = this.#newest(draft.branch);
    if (there) return { pull: structuredClone(there), inserted: false };
    const pull: PullRecord = {
      ...structuredClone(draft),
      number: this.#pulls.length + 1,
      state: 'open',
      mergeCommit: null,
      decidedBy: null,
    };
    this.#pulls.push(pull);
    return { pull: structuredClone(pull), inserted: true };
  }

  async get(number: number): Promise<PullRecord | undefined> {
    return structuredClone(this.#pulls[number - 1]);
  }

  async newestByBranch(branch: string): Promise<PullRecord | undefined> {
    return structuredClone(this.#newest(branch));
  }

  async update(number: number, change: PullRecordChange): Promise<PullRecord> {
    return structuredClone(Object.assign(this.#known(number), change));
  }

  async list(query: {
    state?: PullRecord['state'];
    before?: number;
    limit: number;
  }): Promise<PullRecord[]> {
    return this.#pulls
      .filter(({ state }) => query.state === undefined || state === query.state)
      .filter(({ number }) => number < (query.before ?? Infinity))
      .toReversed()
      .slice(0, query.limit)
      .map((pull) => structuredClone(pull));
  }

  async upsertComment(number: number, { marker, body }: PullComment): Promise<void> {
    this.#known(number);
    const comments = this.#comments.get(number) ?? new Map<string, string>();
    this.#comments.set(number, comments.set(marker, body));
  }

  async comments(number: number): Promise<PullComment[]> {
    return [...(this.#comments.get(number) ?? [])].map(([marker, body]) => ({ marker, body }));
  }

  async setStatus(commit: string, status: StatusRecord): Promise<void> {
    const statuses = this.#statuses.get(commit) ?? new Map<string, StatusRecord>();
    this.#statuses.set(commit, statuses.set(status.context, { ...status }));
  }

  async statuses(commit: string): Promise<StatusRecord[]> {
    const statuses = [...(this.#statuses.get(commit)?.values() ?? [])];
    return statuses.toSorted((a, b) => (a.context < b.context ? -1 : 1));
  }

  #newest(branch: string): PullRecord | undefined {
    return this.#pulls.findLast((pull) => pull.branch === branch);
  }

  #known(number: number): PullRecord {
    const pull = this.#pulls[number - 1];
    if (!pull) throw new Error(`there is no pull request #${number}`);
    return pull;
  }
}
