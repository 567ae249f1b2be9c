import type { SiteTree } from '../model/tree.ts';
import { sameFile } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { type FileReading, gather, overlap, type Reading, type SourceChange } from './changes.ts';
import { isDataFile, readDataFile, valueDifferences } from './data-files.ts';
import { ownVersion, sharedFileEdit, sourceOf, textFault } from './file-edits.ts';
import type { Where } from './place.ts';
import type { Proof } from './proof.ts';
import { pruned } from './prune.ts';
import { advance, firstStage, type Judge, type Stage, stepFrom } from './stage.ts';
import { differingLines } from './text/regions.ts';
import { TextSearch } from './text/search.ts';

/** How far changes of what the plan says explain an edited tree. */
export interface Explanation {
  where: Where;
  stage: Stage;
  /** Edited paths that now render as they were found. */
  exact: string[];
  /** Edited paths of which a part is explained; the rest is for an overlay. */
  partly: string[];
  /**
   * Edited files of data that would render as found, but for values that texts elsewhere at the site were edited to:
   * path → those changes.
   */
  mirrored: Map<string, SourceChange[]>;
  /** Path → why it is not explained, or only in part. */
  reasons: Map<string, string>;
  /** How many changes that were read could not be made, or did not do. */
  refused: number;
  /** A bolder reading of the edit might explain more. */
  held: boolean;
}

export interface Question {
  proof: Proof;
  observed: SiteTree;
  /** Edited paths. */
  paths: readonly string[];
  /** Why a change may not be proposed at all; undefined where it may. */
  forbids: (change: SourceChange) => string | undefined;
  /** Why what stands at a path now may not go into the plan; undefined where it may. */
  refuses: (path: string) => string | undefined;
  /** Whether a stack's files are to be changed as if no other site had it. */
  isAlone: (stack: string) => boolean;
}

/**
 * Explains an edited tree by changes of the plan's data: first what the files say that show data as it is, then,
 * from what the plan renders with that, the texts that templates made of data.
 * @param bold also takes what is no more than likely, and what changes files at the site that nobody edited
 */
export function explain(question: Question, where: Where, bold: boolean = false): Explanation {
  return new Explaining(question, where, bold).run();
}

/** The explanation that changes nothing. */
export function nothing(proof: Proof): Explanation {
  return {
    where: 'site',
    stage: firstStage(proof),
    exact: [],
    partly: [],
    mirrored: new Map(),
    reasons: new Map(),
    refused: 0,
    held: false,
  };
}

class Explaining {
  readonly #question: Question;
  readonly #where: Where;
  readonly #bold: boolean;
  readonly #reasons = new Map<string, string>();
  #refused = 0;
  #isHeld = false;

  constructor(question: Question, where: Where, bold: boolean) {
    this.#question = question;
    this.#where = where;
    this.#bold = bold;
  }

  run(): Explanation {
    const { proof, observed, paths } = this.#question;
    const start = firstStage(proof);
    const data = paths.filter(isDataFile);
    const shown = this.#advance(start, this.#read(data, start), this.#judgeData(data));

    const whole = this.#wholeFiles(shown);
    const texts = paths.filter(
      (path) => !isDataFile(path) && !sameFile(whole.tree.get(path), observed.get(path)),
    );
    const readable = texts.filter((path) => {
      const trees = { desired: whole.tree, observed };
      const fault = textFault(whole.plan, proof.site, path, trees);
      const mode = observed.get(path)?.mode;
      if (fault) this.#tell([path], fault);
      else if (mode !== whole.tree.get(path)?.mode)
        this.#tell([path], `its mode was changed to ${mode}`);
      return fault === undefined;
    });
    const search = new TextSearch(this.#question, this.#where, {
      bold: this.#bold,
      tell: (path, reason) => this.#tell([path], reason),
    });
    const { stage, held, refused } = search.run(whole, readable);
    this.#isHeld = held;
    this.#refused += refused;
    return this.#outcome(start, shown, pruned(proof, stage));
  }

  /** Files of stacks changed for every site that has them, where that was asked for or reaches no other site. */
  #wholeFiles(from: Stage): Stage {
    const { proof, observed, paths } = this.#question;
    let stage = from;
    for (const path of paths) {
      if (isDataFile(path) || this.#question.refuses(path)) continue;
      const source = sourceOf(stage.plan, proof.site, path);
      if (!source || !(this.#where === 'origin' || this.#question.isAlone(source.stack))) continue;
      const trees = { desired: stage.tree, observed };
      const edit = sharedFileEdit(stage.plan, proof.site, path, trees);
      if (!edit) continue;
      const { says, ...file } = edit;
      const step = { changes: [], edits: [], files: [file], says, notes: [] };
      const made = stepFrom(proof, stage, step, this.#where);
      if ('reason' in made) this.#tell([path], made.reason);
      else if (made.tree.get(path)?.mode === observed.get(path)?.mode) stage = made;
    }
    return stage;
  }

  #read(paths: readonly string[], stage: Stage): Reading[] {
    const { proof, observed } = this.#question;
    const readings = new Map<string, FileReading>();
    for (const path of paths) {
      const reading = readData(stage.plan, proof.site, path, stage.tree, observed);
      readings.set(path, reading);
      if (reading.reason) this.#reasons.set(path, reading.reason);
    }
    const { gathered, contradicted } = gather(readings);
    for (const [path, reason] of contradicted) this.#reasons.set(path, reason);
    return gathered.filter((reading) => {
      const reason = this.#question.forbids(reading.change);
      if (reason) this.#tell(reading.paths, reason);
      return !reason;
    });
  }

  #advance(from: Stage, readings: readonly Reading[], judge: Judge): Stage {
    const changes = readings.map(({ change }) => change);
    const { stage, refused } = advance(this.#question.proof, from, changes, this.#where, judge);
    this.#refused += refused.size;
    for (const { change, paths } of readings) {
      const reason = refused.get(change);
      if (reason) this.#tell(paths, reason);
    }
    return stage;
  }

  #tell(paths: readonly string[], reason: string): void {
    for (const path of paths) if (!this.#reasons.has(path)) this.#reasons.set(path, reason);
  }

  /** What files of data show must be as it was found there. */
  #judgeData(paths: readonly string[]): Judge {
    const { proof, observed } = this.#question;
    return (_before, after, changes) => {
      const left = paths.flatMap(
        (path) =>
          readDataFile(after.plan, proof.site, path, after.tree.get(path), observed.get(path))
            ?.changes ?? [],
      );
      // A change that was not to be made is no fault of those that were.
      const wrong = changes.filter((change) => left.some((other) => overlap(change, other)));
      return new Map(
        wrong.map((change) => [
          change,
          'made in the plan it would render otherwise than it was found',
        ]),
      );
    };
  }

  /** How far a file of a stage is from what was found at the site. */
  #distance(path: string, { tree }: Stage): number {
    const [is, found] = [tree.get(path), this.#question.observed.get(path)];
    if (sameFile(is, found)) return 0;
    if (!is || !found) return Infinity;
    return differingLines(is.content.toString(), found.content.toString()) ?? Infinity;
  }

  #outcome(start: Stage, shown: Stage, printed: Stage): Explanation {
    const { observed, paths } = this.#question;
    const outcome: Explanation = {
      ...nothing(this.#question.proof),
      where: this.#where,
      stage: printed,
      reasons: this.#reasons,
      refused: this.#refused,
      held: this.#isHeld,
    };
    for (const path of paths) {
      const found = observed.get(path);
      if (sameFile(printed.tree.get(path), found)) outcome.exact.push(path);
      else if (isDataFile(path)) {
        if (sameFile(shown.tree.get(path), found))
          outcome.mirrored.set(path, printed.changes.slice(shown.changes.length));
        else if (this.#hasLess(path, start, shown)) outcome.partly.push(path);
      } else if (this.#distance(path, printed) < this.#distance(path, start))
        outcome.partly.push(path);
      this.#tell(
        [path],
        isDataFile(path)
          ? 'beside values, comments, order or formatting were changed'
          : 'no value of its parameters renders it as it was found',
      );
    }
    return outcome;
  }

  #hasLess(path: string, before: Stage, after: Stage): boolean {
    const [was, is] = [before, after].map(
      ({ tree }) => valueDifferences(path, tree, this.#question.observed) ?? Infinity,
    );
    return is! < was!;
  }
}

/** Reads an edited file that shows data of the plan as changes of it. */
function readData(
  plan: Plan,
  site: string,
  path: string,
  desired: SiteTree,
  observed: SiteTree,
): FileReading {
  const own = ownVersion(plan, site, path);
  if (own) return { changes: [], reason: own };
  const [was, is] = [desired.get(path), observed.get(path)];
  const reading = readDataFile(plan, site, path, was, is);
  if (!reading) {
    const reason = is ? 'the plan renders no such file' : 'it was deleted at the site';
    return { changes: [], reason };
  }
  if (!was || !is || was.mode === is.mode) return reading;
  const mode = `its mode was changed to ${is.mode}`;
  return { ...reading, reason: reading.reason ? `${reading.reason}; ${mode}` : mode };
}
