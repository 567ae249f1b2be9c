import { computed, signal } from '@preact/signals';

import type { Site } from '../server/wire.ts';
import { pages, tell } from './api.ts';

type State = Site['state'];
/** Worst first. */
export const STATES: readonly State[] = [
  'held',
  'failed',
  'drifted',
  'applying',
  'pending',
  'synced',
];

/** Every site, by name. */
const sites = signal<ReadonlyMap<string, Site>>(new Map());
export const loading = signal(true);
export const fleetFault = signal<string | undefined>(undefined);
export const search = signal('');
export const onlyState = signal<State | undefined>(undefined);

/** How many sites are in each state. */
export const counts = computed(() => {
  const result = new Map<State, number>(STATES.map((state) => [state, 0]));
  for (const { state } of sites.value.values()) result.set(state, (result.get(state) ?? 0) + 1);
  return result;
});
export const total = computed(() => sites.value.size);

/** The sites that the filter leaves, in order of their names. */
export const shown = computed(() => {
  const text = search.value.trim().toLowerCase();
  const found: Site[] = [];
  for (const site of sites.value.values()) {
    if (onlyState.value !== undefined && site.state !== onlyState.value) continue;
    if (text === '' || fits(site, text)) found.push(site);
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
});

function fits({ name, labels, message }: Site, text: string): boolean {
  if (name.toLowerCase().includes(text) || message.toLowerCase().includes(text)) return true;
  return Object.entries(labels).some(([key, value]) =>
    `${key}=${value}`.toLowerCase().includes(text),
  );
}

/** Reads all sites once, and from then on those that were changed. */
export async function readFleet(): Promise<void> {
  const newest = [...sites.value.values()].reduce(
    (last, { updatedAt }) => (updatedAt > last ? updatedAt : last),
    '',
  );
  try {
    // Sites that were not all read yet are read from the start.
    const query = newest && !loading.value ? { updatedSince: newest } : undefined;
    for await (const items of pages<Site>('/sites', query ?? {})) {
      const next = new Map(sites.value);
      for (const site of items) {
        if (site.removedAt === null) next.set(site.name, site);
        else next.delete(site.name);
      }
      sites.value = next;
    }
    loading.value = false;
    fleetFault.value = undefined;
  } catch (error) {
    fleetFault.value = tell(error);
  }
}
