import type { DriftRow, ProposalRow } from '../store/rows.ts';

/** How much of a diff is shown; the whole of it is a `git log -p` away. */
const MAX_DIFF = 12_000;
/** Sites named one by one in the blast radius. */
const MAX_SITES = 20;

/** What the body tells beside the proposal itself. */
export interface ProposalStory {
  proposal: ProposalRow;
  drift: DriftRow;
  /** Unified diff of the edit at the site. */
  siteDiff: string;
}

/**
 * The text of a proposal's pull request: what was edited, where, when and by whom; what the plan would have to
 * say; the proof; whom else it touches; what a decision does. Everything that comes from a site or a plan stands
 * in code, so that none of it is read as markup.
 */
export function proposalBody({ proposal, drift, siteDiff }: ProposalStory): string {
  const { result } = proposal;
  const [first, ...rest] = result.proposals;
  const recommended = [first, ...rest.filter(({ kind }) => kind === 'overlay')].filter(
    (one) => one !== undefined,
  );
  const alternatives = rest.filter((one) => !recommended.includes(one));
  const when = new Date(drift.detectedAt).toISOString();
  const sections = [
    `${code(drift.site)} was edited on ${when} by ${code(drift.author)}. This is the change of the plan that would have produced the edit.`,
    heading('The edit at the site', fence('diff', siteDiff)),
    heading(
      'The change of the plan',
      recommended.flatMap(({ edits }) => edits.map(({ patch }) => fence('diff', patch))).join('\n'),
    ),
    heading('Proof', proof(recommended, drift.site)),
    heading('Who is touched', radius(recommended)),
  ];
  const notes = recommended.flatMap((one) => one.notes);
  if (notes.length > 0)
    sections.push(heading('Notes', notes.map((note) => `- ${code(note)}`).join('\n')));
  if (result.unexplained.length > 0) {
    const rows = result.unexplained.map(({ path, reason }) => `- ${code(path)}: ${code(reason)}`);
    sections.push(heading('Not explained', rows.join('\n')));
  }
  if (alternatives.length > 0) {
    const rows = alternatives.map(
      ({ title, placement, kind }) => `- ${kind}, ${placement}: ${code(title)}`,
    );
    sections.push(heading('Alternatives', rows.join('\n')));
  }
  sections.push(
    heading(
      'Your decision',
      `**Merge**: the plan learns the edit and the site stays as it is. **Close**: ${code(drift.site)} goes back to the plan; the edit stays in the site's history as commit ${code(drift.observedCommit.slice(0, 12))}.`,
    ),
  );
  return `${sections.join('\n\n')}\n`;
}

type StoredProposal = ProposalRow['result']['proposals'][number];

function proof(recommended: readonly StoredProposal[], site: string): string {
  const paths = [...new Set(recommended.flatMap(({ explains }) => explains))];
  if (!recommended.every(({ verified }) => verified)) return 'Not verified: see the notes.';
  return `Rendered again with this change: ${code(site)} matches byte for byte at ${paths.map(code).join(', ')}.`;
}

function radius(recommended: readonly StoredProposal[]): string {
  const files = new Map<string, Set<string>>();
  for (const { site, files: changed } of recommended.flatMap(({ blastRadius }) => blastRadius)) {
    const known = files.get(site) ?? new Set();
    for (const file of changed) known.add(file);
    files.set(site, known);
  }
  const rows = [...files].map(
    ([site, changed]) => `- ${code(site)}: ${[...changed].map(code).join(', ')}`,
  );
  const shown = rows.slice(0, MAX_SITES);
  if (rows.length > shown.length) shown.push(`- and ${rows.length - shown.length} more sites`);
  return shown.length > 0 ? shown.join('\n') : 'No rendered file changes.';
}

function heading(title: string, text: string): string {
  return `### ${title}\n\n${text}`;
}

/** A fence that the text cannot end. */
function fence(language: string, text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  const shown =
    text.length > MAX_DIFF
      ? `${text.slice(0, MAX_DIFF)}\n… ${text.length - MAX_DIFF} characters more\n`
      : text;
  return `${ticks}${language}\n${shown.endsWith('\n') ? shown : `${shown}\n`}${ticks}`;
}

/** Text as inline code, whatever it holds. */
function code(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  const longest = Math.max(0, ...(flat.match(/`+/g) ?? []).map((ticks) => ticks.length));
  const ticks = '`'.repeat(longest + 1);
  const pad = flat.startsWith('`') || flat.endsWith('`') ? ' ' : '';
  return `${ticks}${pad}${flat}${pad}${ticks}`;
}
