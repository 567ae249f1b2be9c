import { backport } from '../../src/backport/backport.ts';
import { recommendedSet } from '../../src/backport/recommended.ts';
import type {
  BackportProposal,
  BackportResult,
  PlacementChoice,
} from '../../src/model/proposal.ts';
import { editedTree, planOf, type SiteEdit } from '../support/backport-plan.ts';
import { brokenLaws } from '../support/rich-laws.ts';
import { corpusPlan } from './plan.ts';

/** An edit class: what was done at the site `par`, and what is to be made of it. */
export interface CorpusCase {
  name: string;
  /** File names, and below each the lines that go (`-`), come (`+`) and stay (` `); `@@` between places. */
  edit: string;
  /** Edits that no diff shows: modes, files that come and go. */
  files?: Readonly<Record<string, SiteEdit>>;
  place?: PlacementChoice;
  /** The recommended proposals, one a line, and what stays unexplained. */
  answer: string;
  /** Set while the answer is not yet that. */
  open?: true;
}

/** Works a case back, holds the answer to the laws, and tells what is recommended. */
export function answerTo({ edit, files = {}, place = 'auto' }: CorpusCase): string {
  const plan = planOf(corpusPlan);
  const site = 'par';
  const observed = editedTree(plan, site, { ...files, ...editsOf(edit) });
  const result = backport({ plan, revision: '', site, observed, place });
  const broken = brokenLaws({ plan, observed, result });
  if (broken.length > 0) throw new Error(broken.join('\n'));
  return told(result);
}

/** Reads the diffs of a case as texts to replace. */
function editsOf(diff: string): Record<string, SiteEdit[]> {
  const edits: Record<string, SiteEdit[]> = {};
  let before = '';
  let after = '';
  let file = '';
  const flush = (): void => {
    if (before !== after) (edits[file] ??= []).push([before, after]);
    [before, after] = ['', ''];
  };
  for (const line of diff.split('\n')) {
    const rest = `${line.slice(1)}\n`;
    if (line.startsWith('-')) before += rest;
    else if (line.startsWith('+')) after += rest;
    else if (line.startsWith(' ')) [before, after] = [before + rest, after + rest];
    else {
      flush();
      if (line !== '@@' && line !== '') file = line;
    }
  }
  flush();
  return edits;
}

/** The recommended proposals in a line each: kind, placement, lines of plan files, sites, what follows. */
export function told(result: BackportResult): string {
  const lines = recommendedSet(result).map(inALine);
  for (const { path, reason } of result.unexplained) lines.push(`unexplained: ${path}: ${reason}`);
  return lines.length > 0 ? lines.join('\n') : 'nothing';
}

function inALine({
  kind,
  placement,
  edits,
  blastRadius,
  notes,
  verified,
}: BackportProposal): string {
  const files = edits.map(({ file, patch }) => {
    const count = (sign: string): number =>
      patch.split('\n').filter((line) => line.startsWith(sign) && !/^(?:\+\+\+|---) /.test(line))
        .length;
    return `${file} +${count('+')} -${count('-')}`;
  });
  const follows = notes.flatMap(
    (note) => /^(?:mirror|propagates): (?:[^ ]+, )*[^ ]+/.exec(note) ?? [],
  );
  const parts = [
    `${verified ? '' : 'unverified '}${kind} at ${placement}`,
    files.join(', '),
    `changes ${blastRadius.map(({ site }) => site).join(' ')}`,
    ...follows,
  ];
  return parts.join('; ');
}
