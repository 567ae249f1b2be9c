import type { Store } from '../../store/store.ts';

const keyOf = (site: string): string => `conflicts ${site}`;

/** Paths at which the plan and a site changed the same lines, as `bringIn` found last; none: they go together. */
export async function conflictsAt(store: Pick<Store, 'memory'>, site: string): Promise<string[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return ((await store.memory.get(keyOf(site))) ?? []) as string[];
}

/** Keeps them, in the transaction that holds the site for them or lets it go. */
export async function keepConflicts(
  store: Pick<Store, 'memory'>,
  site: string,
  paths: readonly string[],
): Promise<void> {
  await store.memory.put(keyOf(site), paths.length > 0 ? paths : undefined);
}
