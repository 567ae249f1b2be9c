import { contentPatch } from '../../backport/patch.ts';
import { recommendedSet } from '../../backport/recommended.ts';
import type { BackportProposal, BackportResult } from '../../model/proposal.ts';
import { Redactor } from '../../model/redact.ts';
import { changedPaths, type SiteTree } from '../../model/tree.ts';
import type { Plan } from '../../plan/plan.ts';
import { secretValuesIn } from '../../plan/secrets.ts';
import { count, type Output, styled, styledDiff } from '../output.ts';
import { visible } from '../visible.ts';

/** Longer diffs are cut; whole files that an overlay keeps are longer as a rule. */
const MAX_LINES = 40;
const MAX_SITES = 5;

export interface BackportStory {
  plan: Plan;
  desired: SiteTree;
  observed: SiteTree;
  result: BackportResult;
  /** The recommended edits are made, so that nobody needs to be told how. */
  written: boolean;
}

/** Tells people what was edited at a site, what to change in the plan, and who else is touched. */
export function tellBackport(story: BackportStory, output: Output): void {
  if (output.json) return;
  const { result, written } = story;
  const recommended = recommendedSet(result);
  if (recommended.length === 0 && result.unexplained.length === 0) {
    output.line(`${result.site} is as the plan has it`);
    return;
  }
  tellEdits(story, output);
  for (const [index, proposal] of recommended.entries())
    tellProposal(index === 0 ? 'Change in the plan' : 'And keep', proposal, output);
  const others = result.proposals.filter((one) => !recommended.includes(one));
  for (const proposal of others) tellProposal('Or instead', proposal, output);
  if (result.unexplained.length > 0) {
    heading('Still different afterwards', '', output);
    for (const { path, reason } of result.unexplained)
      output.line(`  ${styled('yellow', visible(path))}  ${visible(reason)}`);
  }
  if (recommended.length > 0 && !written) output.line(styled('dim', '\n--write makes these edits'));
}

function tellEdits(
  { plan, desired, observed, result: { site } }: BackportStory,
  output: Output,
): void {
  const paths = changedPaths(desired, observed);
  heading('Edited', `${site}: ${count(paths.length, 'file')}`, output);
  const redactor = new Redactor([
    ...secretValuesIn(plan, site, desired),
    ...secretValuesIn(plan, site, observed),
  ]);
  for (const path of paths)
    tellPatch(redactor.redact(contentPatch(path, desired.get(path), observed.get(path))), output);
}

function tellProposal(what: string, proposal: BackportProposal, output: Output): void {
  const { title, kind, placement, edits, explains, blastRadius, verified, notes } = proposal;
  heading(what, `${visible(title)}  ${styled('dim', `(${kind}, ${placement})`)}`, output);
  for (const { patch } of edits) tellPatch(patch, output);
  const proof = `rendered again: ${listed(explains)} as found, byte for byte`;
  if (!verified) field('proof', styled('red', 'none'), output);
  else if (explains.length > 0) field('proof', styled('green', visible(proof)), output);
  for (const { site, files } of blastRadius.slice(0, MAX_SITES))
    field('touches', visible(`${site}: ${listed(files)}`), output);
  if (blastRadius.length > MAX_SITES)
    field('touches', count(blastRadius.length - MAX_SITES, 'more site'), output);
  for (const note of notes) field('note', visible(note), output);
}

function heading(what: string, text: string, output: Output): void {
  output.line(`\n${styled('bold', what)}${text === '' ? '' : `  ${text}`}`);
}

function field(name: string, text: string, output: Output): void {
  output.line(`  ${styled('cyan', name.padEnd(8))} ${text}`);
}

/** The beginning of a diff. */
function tellPatch(patch: string, output: Output): void {
  const lines = visible(patch).trimEnd().split('\n');
  const shown = lines.slice(0, MAX_LINES);
  if (lines.length > shown.length)
    shown.push(`… ${count(lines.length - shown.length, 'more line')}`);
  output.line(styledDiff(shown.join('\n')).replaceAll(/^/gm, '  '));
}

function listed(paths: readonly string[]): string {
  return paths.length > MAX_SITES
    ? `${paths.slice(0, MAX_SITES).join(', ')} and ${paths.length - MAX_SITES} more`
    : paths.join(', ');
}
