import { backport } from '../../src/backport/backport.ts';
import type { BackportProposal, PlacementChoice, PlanEdit } from '../../src/model/proposal.ts';
import { falseClaims } from './backport-laws.ts';
import { backportPlan, editedTree, planOf, type SiteEdit } from './backport-plan.ts';

/** A proposal in the few words that a test wants to see. */
export interface Outcome {
  /** `param at site` */
  what: string;
  title: string;
  /** Plan file → how many lines come and go: `+1 -1`. */
  plan: Record<string, string>;
  explains: string[];
  /** Site → files whose rendering changes. */
  touches: Record<string, string[]>;
  notes: string[];
}

export interface Outcomes {
  proposals: Outcome[];
  unexplained: Record<string, string>;
  /** Plan file → its text after the first proposal. */
  text: Record<string, string>;
}

/** Works an edit of the site lisbon back, and checks that every proposal keeps its word. */
export function outcome(
  edits: Readonly<Record<string, SiteEdit | readonly SiteEdit[]>>,
  {
    place = 'auto',
    plan: overrides = {},
  }: { place?: PlacementChoice; plan?: Readonly<Record<string, string>> } = {},
): Outcomes {
  const plan = planOf({ ...backportPlan, ...overrides });
  const observed = editedTree(plan, 'lisbon', edits);
  const result = backport({ plan, revision: '', site: 'lisbon', observed, place });
  for (const proposal of result.proposals) {
    const broken = falseClaims(plan, result, observed, proposal);
    if (broken.length > 0) throw new Error(`claimed in vain: ${broken.join(', ')}`);
  }
  return {
    proposals: result.proposals.map(inShort),
    unexplained: Object.fromEntries(result.unexplained.map(({ path, reason }) => [path, reason])),
    text: Object.fromEntries(
      (result.proposals[0]?.edits ?? []).map(({ file, content }) => [
        file,
        content?.toString() ?? '',
      ]),
    ),
  };
}

function inShort(proposal: BackportProposal): Outcome {
  const { kind, placement, title, edits, explains, blastRadius, notes } = proposal;
  return {
    what: `${kind} at ${placement}`,
    title,
    plan: Object.fromEntries(edits.map((edit) => [edit.file, changedLines(edit)])),
    explains,
    touches: Object.fromEntries(blastRadius.map(({ site, files }) => [site, files])),
    notes,
  };
}

function changedLines({ patch }: PlanEdit): string {
  const lines = patch.split('\n');
  const come = lines.filter((line) => /^\+(?!\+\+ )/.test(line)).length;
  const go = lines.filter((line) => /^-(?!-- )/.test(line)).length;
  return `+${come} -${go}`;
}
