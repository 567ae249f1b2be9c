import { computed, signal } from '@preact/signals';

import type { Site } from '../server/wire.ts';
import { pages, tell } from './api.ts';

type State = Site['state'];
/**
 * How old the word on an agent's contact may become (ms). That an agent is late changes no site: it is asked for
 * apart from what changes, and seldom.
 */
const CONTACTS = 30_000;
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
/** Whether an agent delivers to any of the sites. */
export const withAgents = computed(() =>
  [...sites.value.values()].some(({ agent }) => agent !== null),
);
let contactsReadAt = 0;

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

function fits({ name, labels, message, agent }: Site, text: string): boolean {
  if (name.toLowerCase().includes(text) || message.toLowerCase().includes(text)) return true;
  if (agent !== null && `agent=${agent.contact}`.includes(text)) return true;
  return Object.entries(labels).some(([key, value]) =>
    `${key}=${value}`.toLowerCase().includes(text),
  );
}

/** Reads all sites once, and from then on those that were changed, and now and then how their agents do. */
export async function readFleet(): Promise<void> {
  const newest = [...sites.value.values()].reduce(
    (last, { updatedAt }) => (updatedAt > last ? updatedAt : last),
    '',
  );
  try {
    if (loading.value) contactsReadAt = Date.now();
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
    if (withAgents.value && Date.now() - contactsReadAt >= CONTACTS) await readContacts();
    fleetFault.value = undefined;
  } catch (error) {
    fleetFault.value = tell(error);
  }
}

/** How the agents do now; what else there is of the sites comes as it changes. */
async function readContacts(): Promise<void> {
  contactsReadAt = Date.now();
  for await (const items of pages<Site>('/sites', {})) {
    const next = new Map(sites.value);
    for (const { name, agent } of items) {
      const known = next.get(name);
      if (known && agent !== null) next.set(name, { ...known, agent });
    }
    sites.value = next;
  }
}
