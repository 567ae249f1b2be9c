import { cell, code, codes, count, fence, folded, section } from '../model/markdown.ts';
import { sha256 } from '../model/tree.ts';
import type { DriftRow, ProposalRow } from '../store/rows.ts';
import { adopted, type Option, options, type StoredProposal } from './choice.ts';

/** Sites, and files, named one by one. */
const MAX_SITES = 20;
const MAX_NAMED = 5;
/** Diffs shown at once; a group that each site learns by itself has hundreds. */
const MAX_PATCHES = 8;
/** How much of a diff is shown; the whole of it is a `git log -p` away (characters). */
const MAX_DIFF = 12_000;

/** What stands behind this line is not ours. */
const END = '<!-- trueup:end -->';
const BOX = /^- \[([ xX])\] <!-- trueup:choose ([0-9a-f]{8}) -->/gm;

const UNPROVED = '**What stands on this branch is proved no longer.**';

/** Whether a text of ours says that what was proposed is proved no longer. What a site holds stands further down. */
export function saysUnproved(body: string): boolean {
  return body.split('\n', 1)[0]!.endsWith(UNPROVED);
}

/** What the body tells beside the proposal itself. */
export interface ProposalStory {
  proposal: ProposalRow;
  /** The drifts that it explains, in order of their sites; at least one. */
  drifts: readonly DriftRow[];
  /** Unified diff of the edit at the first of the sites. */
  siteDiff: string;
}

/**
 * The text of a proposal's pull request, the decision first: what was edited, where, when, by whom and with which
 * words; what the plan would have to say, and why there; the proof; whom else it touches; the alternatives; what a
 * decision does. Everything that comes from a site or a plan stands in code, so that none of it is read as markup.
 */
export function proposalBody(story: ProposalStory): string {
  const { proposal, drifts, siteDiff } = story;
  const { result } = proposal;
  const made = adopted(result);
  const notes = made.flatMap((one) => one.notes);
  const proved = made.length > 0;
  const sections = [
    summary(story, made),
    ...(proved ? [section('The change of the plan', patches(made))] : []),
    ...(notes.length > 0 ? [notes.map((note) => `- ${code(note)}`).join('\n')] : []),
    section(
      drifts.length === 1 ? 'The edit at the site' : `The edit at ${code(drifts[0]!.site)}`,
      fence('diff', siteDiff, MAX_DIFF),
    ),
    ...(proved
      ? [section('Proof', proof(made, drifts)), section('Who is touched', radius(made, drifts))]
      : []),
  ];
  if (result.unexplained.length > 0) {
    const rows = result.unexplained.map(({ path, reason }) => `- ${code(path)}: ${code(reason)}`);
    sections.push(section('Not explained', rows.join('\n')));
  }
  const ways = options(result);
  if (ways.length > 1) sections.push(section('Alternatives', alternatives(ways)));
  sections.push(section('Your decision', decision(drifts, proved)), END);
  return `${sections.join('\n\n')}\n`;
}

/** What a reviewer sees at a glance. */
function summary({ drifts, proposal }: ProposalStory, made: readonly StoredProposal[]): string {
  const sites = drifts.map(({ site }) => site);
  const first = Math.min(...drifts.map(({ detectedAt }) => detectedAt));
  const last = Math.max(...drifts.map(({ detectedAt }) => detectedAt));
  const times = last - first < 60_000 ? day(first) : `${day(first)} to ${day(last)}`;
  const authors = [...new Set(drifts.map(({ author }) => author))];
  const words = [...new Set(drifts.map(({ message }) => message).filter((text) => text !== ''))];
  const files = [...new Set(made.flatMap(({ edits }) => edits.map(({ file }) => file)))];
  const touched = new Set(made.flatMap((one) => one.blastRadius.map(({ site }) => site)));
  const others = [...touched].filter((site) => !sites.includes(site));
  const verified = made.every((one) => one.verified);
  const rows = [
    ['where', `${count(sites.length, 'site')}: ${codes(sites, MAX_NAMED)}`],
    ['when', times],
    ['by', codes(authors, MAX_NAMED)],
    ...(words.length > 0 ? [['in these words', codes(words, MAX_NAMED)]] : []),
    ...(made.length === 0
      ? [['proof', '**none any more**']]
      : [
          ['plan edit', codes(files, MAX_NAMED)],
          ['proof', verified ? 'rendered again: matches byte for byte' : '**not verified**'],
          [
            'also changes',
            others.length === 0
              ? 'no other site'
              : `**${count(others.length, 'site')} where nobody made this edit**: ${codes(others, MAX_NAMED)}`,
          ],
        ]),
  ];
  const what =
    sites.length === 1
      ? `${code(sites[0]!)} was edited`
      : `${sites.length} sites were edited alike`;
  const change =
    made.length === 0
      ? `The plan has moved on, and no change of it that can be proposed gives this edit any more. ${UNPROVED}`
      : `This is the change of the plan that would have produced the edit: ${code(proposal.title)}`;
  return [
    `**${what}.** ${change}`,
    '',
    '| | |',
    '| --- | --- |',
    ...rows.map(([name, text]) => `| ${name} | ${cell(text!)} |`),
  ].join('\n');
}

function day(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function patches(made: readonly StoredProposal[]): string {
  const edits = made.flatMap((one) => one.edits);
  const shown = edits.slice(0, MAX_PATCHES).map(({ patch }) => fence('diff', patch, MAX_DIFF));
  const more = edits.slice(MAX_PATCHES);
  if (more.length > 0) {
    const list = more.slice(0, 200).map(({ file }) => `- ${code(file)}`);
    shown.push(folded(`${count(more.length, 'file')} more, changed alike`, list.join('\n')));
  }
  return shown.join('\n');
}

function proof(made: readonly StoredProposal[], drifts: readonly DriftRow[]): string {
  if (!made.every(({ verified }) => verified)) return 'Not verified: see the notes.';
  const paths = [...new Set(made.flatMap(({ explains }) => explains))].map(code).join(', ');
  const [first, ...more] = drifts;
  const matches = more.length === 0 ? 'matches' : `and ${count(more.length, 'more site')} match`;
  return `Rendered again with this change: ${code(first!.site)} ${matches} byte for byte at ${paths}.`;
}

function radius(made: readonly StoredProposal[], drifts: readonly DriftRow[]): string {
  const files = new Map<string, Set<string>>();
  for (const { site, files: changed } of made.flatMap(({ blastRadius }) => blastRadius)) {
    const known = files.get(site) ?? new Set();
    for (const file of changed) known.add(file);
    files.set(site, known);
  }
  if (files.size === 0) return 'No rendered file changes.';
  const edited = new Set(drifts.map(({ site }) => site));
  const [own, others] = [true, false].map((mine) =>
    [...files].filter(([site]) => edited.has(site) === mine),
  );
  const parts = [list('Edited, and explained by this', own!)];
  if (others!.length > 0)
    parts.unshift(list('Nobody made the edit here, and they change too', others!));
  return parts.join('\n\n');
}

function list(title: string, sites: readonly [string, ReadonlySet<string>][]): string {
  const rows = sites
    .slice(0, MAX_SITES)
    .map(([site, changed]) => `- ${code(site)}: ${codes([...changed], MAX_SITES)}`);
  const more = sites.slice(MAX_SITES).map(([site]) => site);
  if (more.length > 0)
    rows.push(`\n${folded(`and ${count(more.length, 'more site')}`, codes(more, 1_000))}`);
  return [`${title} (${count(sites.length, 'site')}):`, '', ...rows].join('\n');
}

function alternatives(ways: readonly Option[]): string {
  const rows = ways.map(({ name, proposals }, index) => {
    const files = [...new Set(proposals.flatMap(({ edits }) => edits.map(({ file }) => file)))];
    const sites = new Set(proposals.flatMap((one) => one.blastRadius.map(({ site }) => site)));
    const title = proposals.map((one) => one.title).join('; ');
    const what = `${index + 1}. ${code(title)}: changes ${codes(files, 2)}, ${count(sites.size, 'site')}`;
    return `- [${index === 0 ? 'x' : ' '}] <!-- trueup:choose ${boxOf(name)} --> ${what}`;
  });
  rows.push(
    '',
    `To have another one: tick it, or comment ${code('/trueup choose 2')}, or run ${code('trueup proposals choose NUMBER 2')} with the number of this pull request.`,
  );
  return rows.join('\n');
}

function decision(drifts: readonly DriftRow[], proved: boolean): string {
  const [first, ...more] = drifts;
  const stays = more.length === 0 ? 'the site stays as it is' : 'the sites stay as they are';
  const back =
    more.length === 0
      ? `${code(first!.site)} goes back to the plan in what this edit changed; the edit stays in the site's history as commit ${code(first!.observedCommit.slice(0, 12))}`
      : `all ${drifts.length} sites go back to the plan in what this edit changed; the edit stays in their histories`;
  const merge = proved
    ? `- **Merge**: the plan learns the edit and ${stays}.`
    : `- trueup does not merge this. Once a plan edit explains the edit again it stands here; until then ${stays}.`;
  return [
    merge,
    `- **Close**: ${back}.`,
    `- Label ${code('trueup/hold')}: trueup leaves this alone until the label is gone.`,
    `- On the command line: ${code('trueup proposals merge NUMBER')} or ${code('trueup proposals close NUMBER')}.`,
  ].join('\n');
}

/** How a box in the text is known, whatever its option is called. */
function boxOf(name: string): string {
  return sha256(name).slice(0, 8);
}

/**
 * Which option somebody ticked in a pull request's text.
 * @param ours the text as we wrote it last: the boxes that are ticked in it are not theirs
 * @returns its name; undefined where nobody ticked another one
 */
export function tickedOption(
  body: string,
  ours: string,
  ways: readonly Option[],
): string | undefined {
  const theirs = tickedBoxes(body).difference(tickedBoxes(ours));
  return ways.find(({ name }) => theirs.has(boxOf(name)))?.name;
}

function tickedBoxes(body: string): Set<string> {
  return new Set(
    [...body.matchAll(BOX)].filter(([, mark]) => mark !== ' ').map(([, , box]) => box!),
  );
}

/** Whether somebody changed the boxes of a text that is otherwise ours. */
export function sameBoxes(one: string, other: string): boolean {
  const [a, b] = [one, other].map((body) =>
    JSON.stringify([...body.matchAll(BOX)].map(([all]) => all)),
  );
  return a === b;
}

/** Our text with what somebody wrote below it. */
export function withOthersWords(ours: string, theirs: string): string {
  const at = theirs.lastIndexOf(END);
  const words = at < 0 ? '' : theirs.slice(at + END.length).trim();
  return words === '' ? ours : `${ours}\n${words}\n`;
}
