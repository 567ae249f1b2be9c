import type { SiteTree } from '../model/tree.ts';
import { sameFile } from '../model/tree.ts';
import { type FileReading, gather, overlap, type Reading, type SourceChange } from './changes.ts';
import { isDataFile, readDataFile, valueDifferences } from './data-files.ts';
import { readFileEdit } from './file-edits.ts';
import type { Where } from './place.ts';
import type { Proof } from './proof.ts';
import { advance, firstStage, type Judge, type Stage } from './stage.ts';
import { differingLines } from './text-regions.ts';

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
  /** Changes that are left for a bolder reading. */
  readonly #held = new Set<SourceChange>();

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

    const texts = paths.filter(
      (path) => !isDataFile(path) && !sameFile(shown.tree.get(path), observed.get(path)),
    );
    const readings = this.#read(texts, shown);
    const printed = this.#advance(shown, this.#free(readings, shown), this.#judgeTexts(readings));
    return this.#outcome(start, shown, printed);
  }

  #read(paths: readonly string[], stage: Stage): Reading[] {
    const { proof, observed } = this.#question;
    const readings = new Map<string, FileReading>();
    for (const path of paths) {
      const trees = { desired: stage.tree, observed };
      const reading = readFileEdit(stage.plan, proof.site, path, trees);
      readings.set(path, reading);
      if (reading.reason) this.#reasons.set(path, reading.reason);
    }
    const { gathered, contradicted } = gather(readings);
    for (const [path, reason] of contradicted) this.#reasons.set(path, reason);
    return gathered.filter((reading) => {
      const reason = this.#question.forbids(reading.change) ?? this.#doubt(reading.change);
      if (reason) this.#tell(reading.paths, reason);
      return !reason;
    });
  }

  #doubt(change: SourceChange): string | undefined {
    if (!change.doubt || this.#bold) return undefined;
    this.#held.add(change);
    return change.doubt;
  }

  /** Readings of texts that do not go against what a file of data says. */
  #free(readings: readonly Reading[], shown: Stage): Reading[] {
    return readings.filter(({ change, paths }) => {
      const against = shown.changes.some((known) => overlap(known, change));
      if (against) this.#tell(paths, 'another value of its parameter was set beside it');
      return !against;
    });
  }

  #advance(from: Stage, readings: readonly Reading[], judge: Judge): Stage {
    const changes = readings.map(({ change }) => change);
    const { stage, refused } = advance(this.#question.proof, from, changes, this.#where, judge);
    this.#refused += [...refused.keys()].filter((change) => !this.#held.has(change)).length;
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

  /** Every text must come nearer to what was found; texts that nobody edited stay. */
  #judgeTexts(readings: readonly Reading[]): Judge {
    return (before, after, changes) => {
      const wrong = new Map<SourceChange, string>();
      for (const { change, paths } of readings) {
        if (!changes.includes(change)) continue;
        if (!paths.some((path) => this.#isNearer(path, before, after)))
          wrong.set(change, 'no value of its parameters renders it as it was found');
      }
      if (wrong.size > 0 || this.#bold) return wrong;
      return this.#astray(before, after, changes);
    };
  }

  /** Whether a text came nearer to what was found, and no line of it moved away. */
  #isNearer(path: string, before: Stage, after: Stage): boolean {
    const gained = this.#distance(path, before) - this.#distance(path, after);
    if (Number.isNaN(gained) || gained <= 0) return false;
    const [was, is] = [before.tree.get(path), after.tree.get(path)];
    if (!was || !is) return sameFile(is, this.#question.observed.get(path));
    return differingLines(was.content.toString(), is.content.toString()) === gained;
  }

  /** How far a file of a stage is from what was found at the site. */
  #distance(path: string, { tree }: Stage): number {
    const [is, found] = [tree.get(path), this.#question.observed.get(path)];
    if (sameFile(is, found)) return 0;
    if (!is || !found) return Infinity;
    return differingLines(is.content.toString(), found.content.toString()) ?? Infinity;
  }

  /** Changes that would also change texts at the site in places that were left as they are. */
  #astray(
    before: Stage,
    after: Stage,
    changes: readonly SourceChange[],
  ): Map<SourceChange, string> {
    const paths = this.#strays(before, after);
    if (paths.length === 0) return new Map();
    const { proof } = this.#question;
    const straying = changes.filter((change) => {
      if (changes.length === 1) return true;
      const alone = advance(proof, before, [change], this.#where, () => new Map());
      return this.#strays(before, alone.stage).length > 0;
    });
    const reason = `its parameter also stands in ${paths.join(', ')}, where it was not changed`;
    const wrong = straying.length > 0 ? straying : changes;
    for (const change of wrong) this.#held.add(change);
    return new Map(wrong.map((change) => [change, reason]));
  }

  #strays(before: Stage, after: Stage): string[] {
    return [...after.tree.keys()].filter(
      (path) =>
        !isDataFile(path) &&
        !sameFile(before.tree.get(path), after.tree.get(path)) &&
        this.#distance(path, after) > this.#distance(path, before),
    );
  }

  #outcome(start: Stage, shown: Stage, printed: Stage): Explanation {
    const { observed, paths } = this.#question;
    const outcome: Explanation = {
      ...nothing(this.#question.proof),
      where: this.#where,
      stage: printed,
      reasons: this.#reasons,
      refused: this.#refused,
      held: this.#held.size > 0,
    };
    for (const path of paths) {
      const found = observed.get(path);
      if (sameFile(printed.tree.get(path), found)) outcome.exact.push(path);
      else if (isDataFile(path)) {
        if (sameFile(shown.tree.get(path), found))
          outcome.mirrored.set(path, printed.changes.slice(shown.changes.length));
        else if (this.#hasLess(path, start, shown)) outcome.partly.push(path);
      } else if (this.#isNearer(path, start, printed)) outcome.partly.push(path);
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
