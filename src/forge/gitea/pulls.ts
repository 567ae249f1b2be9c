import { z } from 'zod';

import { UserError } from '../../model/errors.ts';
import type { PullRequest } from '../forge.ts';
import { type GiteaClient, GiteaRefusal } from './client.ts';
import { Compare, Pull, TimelineEvent, toPullRequest } from './shapes.ts';

/** Open pull requests that are looked at. */
const MOST_OPEN = 2000;
/** Pull requests newer than one of ours that are read to find whether its branch has another one. */
const MOST_NEWER = 1000;
const MOST_EVENTS = 5000;

/** Pull requests of one repository, looked at. */
export class Pulls {
  readonly #client: GiteaClient;
  readonly #repository: readonly string[];

  /** @param repository parts of its path: `['repos', owner, name]` */
  constructor(client: GiteaClient, repository: readonly string[]) {
    this.#client = client;
    this.#repository = repository;
  }

  /** The newest pull request of one of our own branches to `base`, whatever its state. */
  async newest(branch: string, base: string): Promise<PullRequest | undefined> {
    const path = [...this.#repository, 'pulls'];
    let found: Pull | undefined;
    try {
      found = await this.#client.read([...path, base, branch], Pull);
    } catch (error) {
      await this.passIfAbsent(error);
      return undefined;
    }
    // Gitea tells any of them, so those that are newer are looked at as well. Lists begin with the newest.
    const { number } = found;
    const newer = await this.#client.readAll(path, Pull, {
      query: { state: 'all' },
      most: MOST_NEWER,
      enough: (all) => all.some((pull) => pull.number <= number),
    });
    const pull = newer.find((one) => {
      const { branch: head, fork } = toPullRequest(one);
      return head === branch && !fork && one.base.ref === base && one.number > number;
    });
    return this.#complete(pull ?? found);
  }

  async listOpen(base: string): Promise<PullRequest[]> {
    const pulls = await this.#client.readAll([...this.#repository, 'pulls'], Pull, {
      query: { state: 'open' },
      most: MOST_OPEN,
    });
    // One that was opened meanwhile moves another to the next page.
    const unique = new Map(pulls.map((pull) => [pull.number, toPullRequest(pull)]));
    return [...unique.values()].filter((pull) => pull.base === base);
  }

  async get(number: number): Promise<PullRequest | undefined> {
    const pull = await this.#find(number);
    return pull && this.#complete(pull);
  }

  /** @throws UserError if there is no such pull request */
  async known(number: number): Promise<PullRequest> {
    return this.#complete(await this.details(number));
  }

  /** As Gitea tells it. Throws like `known`. */
  async details(number: number): Promise<Pull> {
    const pull = await this.#find(number);
    if (pull) return pull;
    const [, owner, name] = this.#repository;
    throw new UserError(`there is no pull request #${number} in ${owner}/${name}`);
  }

  /** How many commits `head` has that `base` has not. Undefined if there is no such branch or commit. */
  async ahead(base: string, head: string): Promise<number | undefined> {
    const path = [...this.#repository, 'compare', `${base}...${head}`];
    try {
      return (await this.#client.read(path, Compare)).total_commits;
    } catch (error) {
      await this.passIfAbsent(error);
      return undefined;
    }
  }

  /** Throws unless the error is that something is not in the repository, which itself is there to be seen. */
  async passIfAbsent(error: unknown): Promise<void> {
    if (!(error instanceof GiteaRefusal) || error.status !== 404) throw error;
    await this.#client.read(this.#repository, z.object({}));
  }

  async #find(number: number): Promise<Pull | undefined> {
    try {
      return await this.#client.read([...this.#repository, 'pulls', number], Pull);
    } catch (error) {
      await this.passIfAbsent(error);
      return undefined;
    }
  }

  /** Unless its administrator has it look for them, Gitea does not notice merges that were made by hand. */
  async #complete(details: Pull): Promise<PullRequest> {
    const pull = toPullRequest(details);
    if (pull.state === 'merged') return pull;
    const open = pull.state === 'open';
    const suspicious = !open || details.merge_base === pull.head;
    if (suspicious && (await this.ahead(pull.base, pull.head)) === 0) {
      return { ...pull, state: 'merged' };
    }
    return open ? pull : { ...pull, ...(await this.#closer(pull.number)) };
  }

  /** Who put a label on last. */
  async labelledBy(number: number, label: string): Promise<string | undefined> {
    const name = label.toLowerCase();
    const events = await this.#timeline(number);
    // The newest were not read, and may say otherwise.
    if (events.length >= MOST_EVENTS) return undefined;
    const newest = events.findLast(
      (one) => one.type === 'label' && one.label?.name.toLowerCase() === name && one.body,
    );
    return newest?.user?.login;
  }

  #timeline(number: number): Promise<TimelineEvent[]> {
    const path = [...this.#repository, 'issues', number, 'timeline'];
    return this.#client.readAll(path, TimelineEvent, { most: MOST_EVENTS });
  }

  async #closer(number: number): Promise<{ decidedBy?: string }> {
    const events = await this.#timeline(number);
    const login = events.findLast(({ type }) => type === 'close')?.user?.login;
    return login === undefined ? {} : { decidedBy: login };
  }
}
