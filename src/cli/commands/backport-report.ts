import type { Way } from '../../backport/complete.ts';
import { contentPatch } from '../../backport/patch.ts';
import type { BackportProposal, BackportResult, PlacementChoice } from '../../model/proposal.ts';
import { Redactor } from '../../model/redact.ts';
import { changedPaths, type SiteTree } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import { secretValuesIn } from '../../plan/secrets.ts';
import { count, type Output, styled, styledDiff } from '../output.ts';
import { visible } from '../visible.ts';

/** Lines of a diff: of what was edited at the site only the gist, of the plan's change all that people have to judge. */
const MAX_EDIT_LINES = 16;
const MAX_PATCH_LINES = 40;
/** Edited files that are shown with their diffs. */
const MAX_FILES = 10;
/** Sites, and files of one, that are named. */
const MAX_NAMES = 5;

export interface BackportStory {
  plan: Plan;
  desired: SiteTree;
  observed: SiteTree;
  result: BackportResult;
  /** What may be made in place of the recommended set; people count them from 2. */
  others: readonly BackportProposal[];
  /** Number of the way that is told in full, and the way itself. */
  alternative: number;
  way: Way;
  place: PlacementChoice;
  /** The edits are made, so that nobody needs to be told how. */
  write: boolean;
}

/** Tells people what was edited at a site, what to change in the plan and why there, and who else is touched. */
export function tellBackport(story: BackportStory, output: Output): void {
  if (output.json) return;
  const { result, way, alternative, others, write } = story;
  if (result.proposals.length === 0 && result.unexplained.length === 0) {
    output.line(`${result.site} is as the plan has it`);
    return;
  }
  tellEdits(story, output);
  for (const [index, proposal] of way.proposals.entries())
    tellProposal(index === 0 ? 'Change in the plan' : 'And keep', proposal, story, output);
  if (way.unexplained.length > 0) {
    heading('Still different afterwards', count(way.unexplained.length, 'file'), output);
    for (const { path, reason } of way.unexplained)
      output.line(`  ${styled('yellow', visible(path))}  ${visible(reason)}`);
  }
  if (others.length > 0 && !write) tellWays(story, output);
  if (way.proposals.length > 0 && !write) {
    const option = alternative > 1 ? `--alternative ${alternative} --write` : '--write';
    const edits = way.proposals.reduce((sum, { edits: own }) => sum + own.length, 0);
    output.line(styled('dim', `\n${option} makes ${edits === 1 ? 'this edit' : 'these edits'}`));
  }
}

function tellEdits(
  { plan, desired, observed, result: { site } }: BackportStory,
  output: Output,
): void {
  const paths = changedPaths(desired, observed);
  heading('Edited', `${site}: ${count(paths.length, 'file')}`, output, '');
  const redactor = new Redactor([
    ...secretValuesIn(plan, site, desired),
    ...secretValuesIn(plan, site, observed),
  ]);
  for (const path of paths.slice(0, MAX_FILES)) {
    const patch = contentPatch(path, desired.get(path), observed.get(path));
    tellPatch(redactor.redact(patch), MAX_EDIT_LINES, output);
  }
  const more = paths.slice(MAX_FILES).map((path) => redactor.redact(path));
  if (more.length > 0) output.line(`  and ${visible(listed(more))}`);
}

function tellProposal(
  what: string,
  proposal: BackportProposal,
  story: BackportStory,
  output: Output,
): void {
  const { title, kind, placement, edits, explains, blastRadius, verified, notes } = proposal;
  const { site } = story.result;
  heading(what, `${visible(title)}  ${styled('dim', `(${kind}, ${placement})`)}`, output);
  for (const { patch } of edits) tellPatch(patch, MAX_PATCH_LINES, output);
  output.line();
  field('why here', whyHere(proposal, story), output);
  if (!verified) field('proof', styled('red', 'none: see the notes'), output);
  else if (explains.length > 0) {
    const matches = explains.length === 1 ? 'matches' : 'match';
    const proof = `rendered again: ${listed(explains)} ${matches} byte for byte`;
    field('proof', styled('green', visible(proof)), output);
  } else field('proof', 'rendered again: no file is explained by this alone', output);
  tellRadius(site, blastRadius, output);
  for (const note of notes) field('note', visible(note), output);
}

/** Why the edit is made where it is made. */
function whyHere(
  { kind, placement, blastRadius }: BackportProposal,
  { place, alternative, result: { site } }: BackportStory,
): string {
  const others = blastRadius.filter((one) => one.site !== site).length;
  const reach =
    others === 0
      ? 'no other site changes'
      : `${count(others, 'other site')} ${others === 1 ? 'takes' : 'take'} it from there too`;
  if (kind === 'overlay')
    return `nothing that the plan derives explains it: kept as it stands, for ${site} alone`;
  const asked = place !== 'auto' && alternative === 1 ? `, as --place ${place} asks` : '';
  if (placement === 'site') return `${site} alone was edited: ${reach}${asked}`;
  return kind === 'template'
    ? `the template holds this text: ${reach}${asked}`
    : `the value comes from there: ${reach}${asked}`;
}

/** Who changes, sites with the same files in one line; the site itself first. */
function tellRadius(site: string, radius: BackportProposal['blastRadius'], output: Output): void {
  const groups = new Map<string, { sites: string[]; files: readonly string[] }>();
  for (const one of radius) {
    const key = JSON.stringify([one.site === site, one.files]);
    const group = groups.get(key) ?? { sites: [], files: one.files };
    group.sites.push(one.site);
    groups.set(key, group);
  }
  if (groups.size === 0) field('touches', 'no rendered file', output);
  const rows = [...groups.values()].toSorted(
    (a, b) => Number(b.sites[0] === site) - Number(a.sites[0] === site),
  );
  for (const { sites, files } of rows.slice(0, MAX_NAMES)) {
    const who =
      sites.length === 1 ? sites[0]! : `${count(sites.length, 'site')} (${listed(sites)})`;
    const text = visible(`${who}: ${listed(files)}`);
    const isOther = sites[0] !== site;
    field(isOther ? 'and also' : 'touches', isOther ? styled('yellow', text) : text, output);
  }
  const more = rows.slice(MAX_NAMES).flatMap(({ sites }) => sites);
  if (more.length > 0)
    field('and also', styled('yellow', `${count(more.length, 'more site')} otherwise`), output);
}

/** Every way in a line, with the number that chooses it. */
function tellWays({ result, others, alternative }: BackportStory, output: Output): void {
  const { site } = result;
  heading('Other ways', '', output);
  const ways = [result.proposals[0]!, ...others];
  for (const [index, proposal] of ways.entries()) {
    if (index + 1 === alternative) continue;
    const { title, kind, placement, explains, blastRadius } = proposal;
    const sites = blastRadius.filter((one) => one.site !== site).length;
    const what = [
      `${kind}, ${placement}`,
      `explains ${count(explains.length, 'file')}`,
      sites === 0 ? 'no other site changes' : `${count(sites, 'other site')} would change`,
    ];
    const number = styled('bold', String(index + 1));
    output.line(`  ${number}  ${visible(title)}  ${styled('dim', `(${what.join('; ')})`)}`);
  }
  const example = alternative > 1 ? 1 : 2;
  output.line(
    styled('dim', `  --alternative ${example} shows one in full, with --write it is made`),
  );
}

function heading(what: string, text: string, output: Output, before = '\n'): void {
  output.line(`${before}${styled('bold', what)}${text === '' ? '' : `  ${text}`}`);
}

function field(name: string, text: string, output: Output): void {
  output.line(`  ${styled('cyan', name.padEnd(8))} ${text}`);
}

/** The beginning of a diff. */
function tellPatch(patch: string, most: number, output: Output): void {
  const lines = visible(patch).trimEnd().split('\n');
  const shown = lines.slice(0, lines.length > most ? most - 1 : most);
  output.line(styledDiff(shown.join('\n')).replaceAll(/^/gm, '  '));
  const more = lines.length - shown.length;
  if (more > 0) output.line(styled('dim', `  … ${count(more, 'more line')}`));
}

function listed(names: readonly string[]): string {
  return names.length > MAX_NAMES
    ? `${names.slice(0, MAX_NAMES).join(', ')} and ${names.length - MAX_NAMES} more`
    : names.join(', ');
}
