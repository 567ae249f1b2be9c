import type { CentreState } from '../model/agent-wire.ts';
import type { Store } from '../store/store.ts';
import { type Guard, NO_GUARD } from './guard.ts';

/** What an agent remembers beside its site's row and git: each value is read and written whole, by this agent alone. */
interface Remembered {
  guard: Guard;
  /** What the centre said last that it has. */
  centre: CentreState;
  /** Of the newest return bundle that was made. */
  sequence: number;
  /** The newest commit of the results branch; the database has the truth. */
  results: string;
  /** Ids of runs that ended and stand in no commit of the results branch yet. */
  unreported: string[];
  /** The last talk with the centre. */
  contact: { at: number; error: string | null };
  /** The newest time that a signed commit of the centre, or the centre itself, told (ms). */
  newestTime: number;
}

export async function recall<K extends keyof Remembered>(
  store: Store,
  key: K,
): Promise<Remembered[K] | undefined> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (await store.memory.get(key)) as Remembered[K] | undefined;
}

export async function remember<K extends keyof Remembered>(
  store: Store,
  key: K,
  value: Remembered[K],
): Promise<void> {
  await store.memory.put(key, value);
}

export async function recallGuard(store: Store): Promise<Guard> {
  return (await recall(store, 'guard')) ?? NO_GUARD;
}
