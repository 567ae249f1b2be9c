import { assertObjectId } from './names.ts';
import type { Repository } from './repository.ts';

/** What the trailers of a desired commit say. */
export interface DesiredTrailers {
  revision: string | undefined;
  generation: number;
}

/** How far the histories of sites have come; commits that are unknown here follow nothing. */
export class Lineage {
  readonly #repository: Repository;

  constructor(repository: Repository) {
    this.#repository = repository;
  }

  /** Whether `b` is `a` or follows it. False if either is unknown here. */
  async isAncestor(a: string, b: string): Promise<boolean> {
    if (!(await this.#isCommit(a)) || !(await this.#isCommit(b))) return false;
    if (a === b) return true;
    const { exitCode } = await this.#repository.run(['merge-base', '--is-ancestor', a, b], {
      exitCodes: [0, 1],
    });
    return exitCode === 0;
  }

  /** The best common ancestor of two commits, or undefined if they have none. */
  async mergeBase(a: string, b: string): Promise<string | undefined> {
    assertObjectId(a);
    assertObjectId(b);
    if (a === b) return a;
    const { stdout } = await this.#repository.run(['merge-base', a, b], { exitCodes: [0, 1] });
    return stdout.toString().trim() || undefined;
  }

  /** Which revision and generation a desired commit is of; generation 0 where it does not say. */
  async trailersOf(commit: string): Promise<DesiredTrailers> {
    const { message } = await this.#read(commit);
    const last = (name: string) =>
      [...message.matchAll(new RegExp(`^${name}: (\\S+)$`, 'gm'))].at(-1)?.[1];
    const generation = Number(last('Generation'));
    return {
      revision: last('Plan-Revision'),
      generation: Number.isSafeInteger(generation) && generation > 0 ? generation : 0,
    };
  }

  /** Whether a commit carries a signature, whoever made it. */
  async isSigned(commit: string): Promise<boolean> {
    return /^gpgsig /m.test((await this.#read(commit)).head);
  }

  async #read(commit: string): Promise<{ head: string; message: string }> {
    assertObjectId(commit);
    const text = (await this.#repository.objects.content(commit)).toString();
    const end = text.indexOf('\n\n');
    return { head: text.slice(0, end), message: text.slice(end + 2) };
  }

  async #isCommit(id: string): Promise<boolean> {
    assertObjectId(id);
    return (await this.#repository.objects.info(id))?.type === 'commit';
  }
}
