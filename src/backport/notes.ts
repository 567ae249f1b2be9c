import type { BackportProposal } from '../model/proposal.ts';
import type { SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { PARAMS_FILE } from './changed-params.ts';
import type { SourceChange } from './changes.ts';
import { isDataFile } from './data-files.ts';
import type { Explanation } from './explain.ts';
import { listed, nameOf } from './title.ts';

/** More sites than these are not named in a note; the blast radius has them all. */
const MAX_SITES = 10;

type Radius = BackportProposal['blastRadius'];

/**
 * What else changed parameters do: at the site in files that nobody edited, and at other sites.
 * @param edited paths that were edited at the site
 */
export function paramNotes(
  plan: Plan,
  site: string,
  edited: readonly string[],
  { stage }: Explanation,
  radius: Radius,
): string[] {
  const notes = [...stage.edits.map((said) => `template: ${said}`), ...stage.notes];
  const here = radius.find((one) => one.site === site)?.files ?? [];
  const others = here.filter((path) => !edited.includes(path));
  const mirrors = others.filter(isDataFile);
  if (mirrors.length > 0)
    notes.push(`mirror: ${mirrors.join(', ')} at ${site} shows the same values and follows`);
  const propagates = others.filter((path) => !isDataFile(path));
  if (propagates.length > 0) {
    notes.push(
      `propagates: ${propagates.join(', ')} at ${site} would change too, and was not edited there`,
    );
  }
  const overlay = plan.overlays.get(site);
  const hasParams = stage.changes.some(({ source }) => source === 'params');
  if (hasParams && (overlay?.files.has(PARAMS_FILE) || overlay?.absent.includes(PARAMS_FILE)))
    notes.push(`${PARAMS_FILE} at ${site} is an overlay of its own and does not follow`);
  return [...notes, ...fleetNotes(site, radius)];
}

function fleetNotes(site: string, radius: Radius): string[] {
  const others = radius.filter((one) => one.site !== site).map((one) => one.site);
  if (others.length === 0) return [];
  const more = others.length === 1 ? '1 more site' : `${others.length} more sites`;
  return [`changes ${more}, where nobody made the edit: ${listed(others, MAX_SITES)}`];
}

/** Why files are kept as they stand, and what that costs. */
export function overlayNotes(
  site: string,
  paths: readonly string[],
  reasons: ReadonlyMap<string, string>,
  trees: { desired: SiteTree; observed: SiteTree },
): string[] {
  const notes = paths.map((path) => {
    const how = trees.observed.has(path) ? 'is kept as it stands' : 'is left out';
    return `${path} ${how}: ${reasons.get(path) ?? 'no parameter explains it'}`;
  });
  const frozen = paths.filter((path) => trees.desired.has(path) && trees.observed.has(path));
  if (frozen.length > 0)
    notes.push(`later changes of the plan no longer reach ${listed(frozen)} at ${site}`);
  return notes;
}

/** Why a file of data is not as it was found, though each of its own edits is made. */
export function mirrorReason(changes: readonly SourceChange[]): string {
  const names = listed(changes.map(nameOf));
  return `what was edited in it is made; it will also show ${names}, edited elsewhere at the site`;
}
