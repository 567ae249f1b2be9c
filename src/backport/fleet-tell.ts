import type { BackportProposal } from '../model/proposal.ts';
import type { Plan } from '../plan/plan.ts';
import { isDataFile } from './data-files.ts';
import { listed } from './title.ts';

/** More sites than these are not named in a note; the blast radius has them all. */
const MAX_SITES = 10;
/** What the notes of one site's proposal say that is told of the whole group instead. */
const OF_ONE_SITE = /^(?:changes \d+ more sites?|mirror:|propagates:)/;

/** `ntp_servers in layers/region/south.yaml, edited at 27 sites: 10.0.0.1 → 10.0.0.9` */
export function fleetTitle(
  lead: { site: string; title: string },
  sites: readonly string[],
  shared: readonly string[],
): string {
  const count = `${sites.length} sites`;
  const where = shared.length > 0 ? ` in ${listed(shared)}, edited at ${count}` : ` at ${count}`;
  const at = ` at ${lead.site}`;
  if (lead.title.includes(at)) return lead.title.replace(at, () => where);
  return lead.title.replace(/ in [^:;]+(?=[:;]|$)/, () => where);
}

export interface FleetFacts {
  plan: Plan;
  sites: readonly string[];
  /** Paths of the site trees that were edited. */
  edited: readonly string[];
  /** Shared files that say the change: at how many of the edited sites, and of all that this changes. */
  layers: readonly { file: string; covers: number; reaches: number }[];
  /** How many sites say the change themselves. */
  alone: number;
  radius: BackportProposal['blastRadius'];
  /** Notes of the same change at one of the sites. */
  own: readonly string[];
}

/** Why the change stands where it does, and what else it does. */
export function fleetNotes(facts: FleetFacts): string[] {
  const { sites, edited, layers, alone, radius, own } = facts;
  const made = new Set(sites);
  const notes = layers.map(
    ({ file, covers, reaches }) =>
      `placed in ${file}: of the ${reaches} sites that this changes, ${covers} were so edited`,
  );
  if (layers.length > 0 && alone > 0)
    notes.push(`${alone === 1 ? '1 site says' : `${alone} sites say`} it in a file of their own`);
  if (layers.length === 0) notes.push(`each of the ${sites.length} sites is given it by itself`);
  const here = radius.filter(({ site }) => made.has(site));
  const along = [...new Set(here.flatMap(({ files }) => files))].filter(
    (path) => !edited.includes(path),
  );
  const mirrors = along.filter(isDataFile);
  if (mirrors.length > 0)
    notes.push(`mirror: ${listed(mirrors)} at these sites shows the same values and follows`);
  const propagates = along.filter((path) => !isDataFile(path));
  if (propagates.length > 0) {
    notes.push(
      `propagates: ${listed(propagates)} at these sites would change too, and was not edited there`,
    );
  }
  if (layers.length === 0) notes.push(...own.filter((note) => !OF_ONE_SITE.test(note)));
  const others = radius.filter(({ site }) => !made.has(site)).map(({ site }) => site);
  if (others.length > 0) {
    const more = others.length === 1 ? '1 more site' : `${others.length} more sites`;
    notes.push(`changes ${more}, where nobody made the edit: ${listed(others, MAX_SITES)}`);
  }
  return notes;
}
