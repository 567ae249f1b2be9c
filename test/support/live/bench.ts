import type { ForgeBench } from '../forge-contract.ts';
import { LiveRepository } from './repository.ts';
import type { LiveTarget } from './target.ts';

/** A bench of the forges' contract on a live forge, in branches of its own, all of which it removes at the end. */
export async function startLiveBench(target: LiveTarget): Promise<ForgeBench> {
  const repository = new LiveRepository(target);
  const { base, run } = repository;

  async function pulls(): Promise<{ number: number; state: string }[]> {
    const newest: { number: number; state: string; base: { ref: string } }[] = await target.ask(
      'GET',
      '/pulls?state=all',
    );
    return newest.filter((pull) => pull.base.ref === base);
  }
  async function closeByHand(number: number): Promise<void> {
    await target.ask('PATCH', `/pulls/${number}`, { state: 'closed' });
  }

  return {
    forge: target.forge(base),
    repository,
    base,
    run,
    pulls: async () => (await pulls()).length,
    comments: async (number) => {
      const comments: { body: string }[] = await target.ask('GET', `/issues/${number}/comments`);
      return comments.map(({ body }) => body.replace(/^<!-- trueup:\S+ -->\n/, ''));
    },
    statuses: async (commit) => {
      const all: LiveStatus[] = await target.ask('GET', `/commits/${commit}/statuses`);
      const newest = new Map(all.toSorted((a, b) => a.id - b.id).map((one) => [one.context, one]));
      return [...newest.values()]
        .toSorted((a, b) => (a.context < b.context ? -1 : 1))
        .map(({ context, state, status, description }) => ({
          context,
          state: state ?? status ?? '',
          description: description ?? '',
        }));
    },
    closeByHand,
    close: async () => {
      for (const { number, state } of await pulls()) {
        if (state === 'open') await closeByHand(number);
      }
      repository.remove();
    },
  };
}

/** GitHub says `state`, Gitea `status`. */
interface LiveStatus {
  id: number;
  context: string;
  state?: string;
  status?: string;
  description: string | null;
}
