import { messageOf, UserError } from '../model/errors.ts';
import type { PlanEdit } from '../model/proposal.ts';
import { sameFile } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { applyEdits } from '../plan/yaml/edit.ts';
import type { YamlDocument } from '../plan/yaml/node.ts';
import type { SourceChange } from './changes.ts';
import type { SourceEdit } from './inverse/solve-expression.ts';
import { contentPatch } from './patch.ts';
import { placeChanges, type Where } from './place.ts';
import type { Proof, Trial } from './proof.ts';

/** A plan on its way to explain an edit: the changes made so far, and what the site renders as with them. */
export interface Stage extends Trial {
  changes: readonly SourceChange[];
  /** What was changed in templates, told in a few words each. */
  edits: readonly string[];
  notes: readonly string[];
  /** Plan files that were edited. */
  files: ReadonlySet<string>;
}

/** A file of the plan as it is to be; without content it goes. */
type FileContent = Pick<PlanEdit, 'file' | 'content' | 'mode'>;

/** What is to be done to a plan at once. */
export interface Step {
  changes: readonly SourceChange[];
  /** Disjoint stretches of template files. */
  edits: readonly SourceEdit[];
  /** Files that are replaced whole, or taken out. */
  files?: readonly FileContent[];
  says: string;
  notes: readonly string[];
}

/** What became of changes that were to be made. */
export interface Advanced {
  stage: Stage;
  /** Why changes were not made. */
  refused: Map<SourceChange, string>;
}

/** Judges a stage by what it renders: the changes that did not do what they were made for, with the reason. */
export type Judge = (
  before: Stage,
  after: Stage,
  changes: readonly SourceChange[],
) => Map<SourceChange, string>;

export function firstStage({ plan, desired }: Proof): Stage {
  return { plan, tree: desired, changes: [], edits: [], notes: [], files: new Set() };
}

/**
 * Makes changes in the plan, as many of them as can be made and are judged right. One change that cannot be made
 * does not cost the others theirs.
 */
export function advance(
  proof: Proof,
  from: Stage,
  changes: readonly SourceChange[],
  where: Where,
  judge: Judge,
): Advanced {
  const refused = new Map<SourceChange, string>();
  let wanted = [...changes];
  while (wanted.length > 0) {
    const made = make(proof, from, dataStep(wanted), where);
    let wrong: ReadonlyMap<SourceChange, string>;
    if (made instanceof Map) wrong = made;
    else if ('reason' in made) wrong = culprits(proof, from, wanted, where, made.reason);
    else {
      wrong = judge(from, made, wanted);
      if (wrong.size === 0) return { stage: made, refused };
    }
    for (const [change, reason] of wrong) refused.set(change, reason);
    wanted = wanted.filter((change) => !wrong.has(change));
  }
  return { stage: from, refused };
}

function dataStep(changes: readonly SourceChange[]): Step {
  return { changes, edits: [], says: '', notes: [] };
}

/** The stage that a step leads to, or why it cannot be taken. */
export function stepFrom(
  proof: Proof,
  from: Stage,
  step: Step,
  where: Where,
): Stage | { reason: string } {
  const made = make(proof, from, step, where);
  return made instanceof Map ? { reason: [...made.values()][0]! } : made;
}

/** The stage with changes made; or those that have no place in the plan; or why the plan does not stand them. */
function make(
  proof: Proof,
  from: Stage,
  { changes, edits: sourceEdits, files: whole = [], says, notes: told }: Step,
  where: Where,
): Stage | Map<SourceChange, string> | { reason: string } {
  const { placed, failed } = placeChanges(from.plan, proof.site, changes, where);
  const documents = new Map<string, YamlDocument>();
  const notes = [...told];
  for (const one of placed) {
    try {
      const document = documents.get(one.file) ?? documentOf(from.plan, proof.site, one.file);
      documents.set(one.file, applyEdits(document, one.operations));
      notes.push(...one.notes);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      for (const change of one.changes) failed.set(change, messageOf(error));
    }
  }
  if (failed.size > 0) return failed;
  const edits = [...documents].map(([file, { text }]) => {
    return { file, content: Buffer.from(text), mode: from.plan.files.get(file)!.mode };
  });
  const templates = spliced(from.plan, sourceEdits);
  if ('reason' in templates) return templates;
  const trial = proof.try([...edits, ...templates, ...whole], from.plan);
  if ('reason' in trial) return trial;
  return {
    ...trial,
    changes: [...from.changes, ...changes],
    edits: says === '' ? from.edits : [...from.edits, says],
    notes: [...new Set([...from.notes, ...notes])],
    files: new Set([
      ...from.files,
      ...documents.keys(),
      ...[...templates, ...whole].map(({ file }) => file),
    ]),
  };
}

/** Template files with stretches of them replaced. */
function spliced(plan: Plan, edits: readonly SourceEdit[]): FileContent[] | { reason: string } {
  const files = Map.groupBy(new Set(edits), ({ file }) => file);
  const result: FileContent[] = [];
  for (const [file, some] of files) {
    const before = plan.files.get(file);
    if (!before) return { reason: `the plan has no ${file}` };
    let text = before.content.toString();
    let end = text.length;
    for (const edit of some.toSorted((a, b) => b.start - a.start || b.end - a.end)) {
      if (edit.end > end) return { reason: 'two changes of a template meet in one place' };
      text = text.slice(0, edit.start) + edit.text + text.slice(edit.end);
      end = edit.start;
    }
    result.push({ file, content: Buffer.from(text), mode: before.mode });
  }
  return result;
}

/** The parsed file of a layer, or of the site. */
function documentOf(plan: Plan, site: string, file: string): YamlDocument {
  const own = plan.sites.get(site)!;
  return own.file === file ? own.document : plan.layerDocuments.get(file)!;
}

/** Which of several changes it is that the plan does not stand. */
function culprits(
  proof: Proof,
  from: Stage,
  changes: readonly SourceChange[],
  where: Where,
  reason: string,
): Map<SourceChange, string> {
  const reasons = new Map<SourceChange, string>();
  const stands = (some: readonly SourceChange[]): boolean => {
    const made = make(proof, from, dataStep(some), where);
    if (made instanceof Map || !('reason' in made)) return true;
    if (some.length === 1) reasons.set(some[0]!, made.reason);
    return false;
  };
  const good = new Set(admissible(changes, stands));
  return new Map(
    changes
      .filter((change) => !good.has(change))
      .map((change) => [change, reasons.get(change) ?? reason]),
  );
}

/** As many of some items as work together, found by halving; all of them are known not to. */
export function admissible<T>(
  items: readonly T[],
  works: (items: readonly T[]) => boolean,
): readonly T[] {
  if (items.length === 1) return [];
  const middle = items.length >> 1;
  const halves = [items.slice(0, middle), items.slice(middle)];
  const [first, second] = halves.map((half) => (works(half) ? half : admissible(half, works)));
  const both = [...first!, ...second!];
  return first!.length === 0 || second!.length === 0 || works(both) ? both : first!;
}

/** The edits of plan files that lead from a plan to a stage. */
export function editsOf(plan: Plan, { plan: after, files }: Stage): PlanEdit[] {
  return [...files].toSorted().flatMap((file) => {
    const [was, is] = [plan.files.get(file)!, after.files.get(file)];
    if (sameFile(was, is)) return [];
    const { content, mode } = is ?? { content: null, mode: was.mode };
    return [{ file, content, mode, patch: contentPatch(file, was, is) }];
  });
}
