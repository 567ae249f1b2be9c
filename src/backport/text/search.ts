import { sameFile } from '../../model/tree.ts';
import { siteParams } from '../../plan/layers.ts';
import type { YamlNode } from '../../plan/yaml/node.ts';
import { decodeUtf8 } from '../../plan/yaml/parse.ts';
import { sameNode } from '../../plan/yaml/value.ts';
import { overlap, type SourceChange } from '../changes.ts';
import { isDataFile } from '../data-files.ts';
import type { Question } from '../explain.ts';
import type { Where } from '../place.ts';
import { type Stage, stepFrom } from '../stage.ts';
import { withChange, type YamlChange, yamlChanges } from '../yaml-changes.ts';
import { type Candidate, type CandidateKind, ranked } from './candidate.ts';
import { conditionCandidates } from './conditions.ts';
import { loopCandidates } from './loops.ts';
import { differingLines, editedRegions, type Region } from './regions.ts';
import { templateCandidates } from './template-text.ts';
import { TracedText } from './traced-text.ts';
import { valueCandidates } from './values.ts';

/** More ways to read one edited stretch are not tried, and more stretches are not read at once. */
const MAX_TRIED = 16;
const MAX_TOGETHER = 40;
/** At the origin a template is rather changed for all than given a parameter (cost). */
const ELSEWHERE = 20;
/** Where a template is this site's alone, changing it comes before a parameter for it (cost). */
const ALONE = -10;

/** What became of the search. */
export interface Found {
  stage: Stage;
  /** A bolder reading might explain more. */
  held: boolean;
  /** How many edited stretches were not explained. */
  refused: number;
}

/**
 * Looks for the changes of the plan that make its texts what was found at a site, one edited stretch after the
 * other: a change is kept if the texts come nearer by it and no line moves that need not.
 */
export class TextSearch {
  readonly #question: Question;
  readonly #where: Where;
  readonly #bold: boolean;
  readonly #tell: (path: string, reason: string) => void;
  #held = false;
  #refused = 0;

  /** @param tell hears, for people, why a path is not explained */
  constructor(
    question: Question,
    where: Where,
    { bold, tell }: { bold: boolean; tell: (path: string, reason: string) => void },
  ) {
    this.#question = question;
    this.#where = where;
    this.#bold = bold;
    this.#tell = tell;
  }

  /** @param shown what the edited files of data say already: texts do not go against it */
  run(shown: Stage, paths: readonly string[]): Found {
    let stage = shown;
    // What values explain in one file may explain another as well, which then needs no other template.
    for (const path of paths) stage = this.#file(path, stage, shown, VALUES);
    this.#refused = 0;
    for (const path of paths) {
      if (this.#distance(path, stage) === 0) continue;
      const kinds = this.#question.refuses(path) ? VALUES : kindsAt(this.#where);
      const found = this.#file(path, stage, shown, kinds);
      // A file that an overlay keeps anyway is no reason to change templates.
      if (this.#distance(path, found) === 0 || found.edits.length === stage.edits.length)
        stage = found;
    }
    return { stage, held: this.#held, refused: this.#refused };
  }

  #file(path: string, from: Stage, shown: Stage, kinds: readonly CandidateKind[]): Stage {
    let stage = from;
    let behind = 0;
    for (;;) {
      const read = this.#read(path, stage);
      if (!read) return stage;
      const open = read.regions.filter(({ at }) => at >= behind);
      const [region] = open;
      if (!region) return stage;
      const reasons = new Set<string>();
      const refused = new Set<string>();
      const candidates = open.map((one) => () => this.#candidates(read, one, kinds, reasons));
      const first = candidates[0]!();
      const next =
        this.#all(stage, shown, [first, ...candidates.slice(1, MAX_TOGETHER).map((of) => of())]) ??
        this.#first(path, stage, shown, first, { reasons, refused });
      if (next) stage = next;
      else {
        const [reason = `line ${region.line} is no value of its parameters`] = [
          ...refused,
          ...reasons,
        ];
        this.#tell(path, reason);
        this.#refused += 1;
        behind = region.at + Math.max(1, region.text.length);
      }
    }
  }

  #read(path: string, { plan, tree }: Stage): Read | undefined {
    const { proof, observed } = this.#question;
    const [is, found] = [tree.get(path), observed.get(path)];
    if (!is || !found || is.content.equals(found.content)) return undefined;
    const text = decodeUtf8(path, found.content).text;
    if (text === undefined) {
      this.#tell(path, 'it is no longer text in UTF-8');
      return undefined;
    }
    const traced = TracedText.of(plan, proof.site, path);
    if (!traced || traced.text !== is.content.toString()) {
      this.#tell(path, 'it is not what its template renders');
      return undefined;
    }
    const values = traced.leaves.filter(({ piece }) => piece.kind !== 'literal');
    const regions = editedRegions(
      traced.text,
      text,
      values.map(({ piece }) => piece.output),
    );
    if (!regions) {
      this.#tell(path, 'too much of it was changed to tell what became of what');
      return undefined;
    }
    return { traced, regions, text };
  }

  #candidates(
    { traced, regions, text }: Read,
    region: Region,
    kinds: readonly CandidateKind[],
    reasons: Set<string>,
  ): Candidate[] {
    const parts = traced.partsOf(region);
    const isAlone = this.#isAlone(traced);
    const found: Candidate[] = [
      ...(parts ? valueCandidates(traced, region, parts, reasons) : []),
      ...loopCandidates(traced, region, regions, text, reasons),
      ...conditionCandidates(traced, region, reasons),
      ...(kinds === VALUES ? [] : templateCandidates(traced, region, parts, reasons)),
    ];
    const admitted = found.filter(
      ({ kind }) => kinds.includes(kind) || (kind === 'shared' && isAlone && kinds !== VALUES),
    );
    return ranked(admitted.map((one) => ({ ...one, cost: one.cost + this.#extra(one, isAlone) })));
  }

  #extra({ kind }: Candidate, isAlone: boolean): number {
    if (kind === 'own' && this.#where === 'origin') return ELSEWHERE;
    return kind === 'shared' && isAlone ? ALONE : 0;
  }

  /** The likeliest readings of all stretches at once: most edits are so read with one rendering. */
  #all(from: Stage, shown: Stage, readings: readonly (readonly Candidate[])[]): Stage | undefined {
    const best = readings.flatMap(([first]) => (first?.kind === 'values' ? [first] : []));
    if (readings.length < 2 || best.length < readings.length) return undefined;
    const changes = joined(
      from,
      this.#question.proof.site,
      best.flatMap((one) => one.changes),
    );
    const all: Candidate = { kind: 'values', changes, edits: [], cost: 0 };
    const made = this.#make(from, shown, all, new Set());
    return made && this.#isNearer(from, made, new Set()) ? made : undefined;
  }

  #first(
    path: string,
    from: Stage,
    shown: Stage,
    candidates: readonly Candidate[],
    { reasons, refused }: { reasons: ReadonlySet<string>; refused: Set<string> },
  ): Stage | undefined {
    for (const candidate of candidates.slice(0, MAX_TRIED)) {
      const made = this.#make(from, shown, candidate, refused);
      if (made && this.#isNearer(from, made, refused)) {
        // Why it could not be read as something simpler is worth knowing where a template was changed.
        const [reason] = [...refused, ...reasons];
        if (candidate.kind !== 'values' && reason) this.#tell(path, reason);
        return made;
      }
    }
    return undefined;
  }

  #make(
    from: Stage,
    shown: Stage,
    { changes, edits, says, note }: Candidate,
    refused: Set<string>,
  ): Stage | undefined {
    for (const change of changes) {
      const reason = this.#question.forbids(change) ?? against(shown, change);
      if (reason) {
        refused.add(reason);
        return undefined;
      }
    }
    const wanted = { changes, edits, says: says ?? '', notes: note ? [note] : [] };
    const made = stepFrom(this.#question.proof, from, wanted, this.#where);
    if (!('reason' in made)) return made;
    refused.add(made.reason);
    return undefined;
  }

  /** Whether the texts came nearer to what was found, and no line of theirs moved away. */
  #isNearer(before: Stage, after: Stage, refused: Set<string>): boolean {
    const { paths } = this.#question;
    const changed = [...after.tree.keys()].filter(
      (path) => !isDataFile(path) && !sameFile(before.tree.get(path), after.tree.get(path)),
    );
    const strays = changed.filter(
      (path) => this.#distance(path, after) > this.#distance(path, before),
    );
    if (strays.length > 0) {
      refused.add(`its parameter also stands in ${strays.join(', ')}, where it was not changed`);
      this.#held = true;
      if (!this.#bold || strays.some((path) => paths.includes(path))) return false;
    }
    let [gained, moved] = [0, 0];
    for (const path of changed) {
      if (strays.includes(path)) continue;
      gained += this.#distance(path, before) - this.#distance(path, after);
      moved += linesBetween(before, after, path);
    }
    const isThere = changed.every((path) => this.#distance(path, after) === 0);
    const isNearer = gained > 0 && (gained === moved || isThere);
    if (!isNearer) refused.add('no value of its parameters renders it as it was found');
    return isNearer;
  }

  #isAlone({ plan, template }: TracedText): boolean {
    const stack = [...plan.stacks.values()].find(({ folder }) => template.startsWith(`${folder}/`));
    return stack !== undefined && this.#question.isAlone(stack.name);
  }

  /** How far a file of a stage is from what was found at the site (lines). */
  #distance(path: string, { tree }: Stage): number {
    const [is, found] = [tree.get(path), this.#question.observed.get(path)];
    if (!is || !found) return is === found ? 0 : Infinity;
    if (is.content.equals(found.content)) return 0;
    return differingLines(is.content.toString(), found.content.toString()) ?? Infinity;
  }
}

/** An edited text beside what renders it. */
interface Read {
  traced: TracedText;
  regions: Region[];
  text: string;
}

const VALUES: readonly CandidateKind[] = ['values'];

function kindsAt(where: Where): readonly CandidateKind[] {
  return where === 'origin' ? ['values', 'shared', 'own'] : ['values', 'own'];
}

function against(shown: Stage, change: SourceChange): string | undefined {
  return shown.changes.some((known) => overlap(known, change))
    ? 'another value of its parameter was set beside it'
    : undefined;
}

/** Changes of elements of lists as what became of each list: elements that moved are no others. */
function joined({ plan }: Stage, site: string, changes: readonly SourceChange[]): SourceChange[] {
  const params = siteParams(plan, site);
  const within = changes.filter(
    ({ source, change }) =>
      source === 'params' &&
      change.kind === 'set' &&
      change.path.some((step) => Number.isInteger(step)),
  );
  let after: YamlNode = params;
  for (const { change } of within) {
    const changed = withChange(after, change);
    if (!changed) return [...changes];
    after = changed;
  }
  const whole = yamlChanges(params, after);
  if (!whole.some(movesItems)) return [...changes];
  const rest = changes.filter((change) => !within.includes(change));
  return [...rest, ...whole.map((change) => ({ source: 'params' as const, base: [], change }))];
}

function movesItems(change: YamlChange): boolean {
  if (change.kind !== 'list') return false;
  return change.steps.some(
    ({ kind, item }) =>
      kind === 'insert' && change.before.items.some((other) => sameNode(other, item)),
  );
}

function linesBetween(before: Stage, after: Stage, path: string): number {
  const [was, is] = [before.tree.get(path), after.tree.get(path)];
  if (!was || !is) return Infinity;
  return differingLines(was.content.toString(), is.content.toString()) ?? Infinity;
}
