import type { Position, Problem } from '../model/problem.ts';
import { pathFault } from '../model/tree.ts';
import { quoted, topOf } from './shape.ts';

/** Two names that some file system would take for one have the same fold. */
export function fold(path: string): string {
  return (ASCII.test(path) ? path : path.normalize('NFKC')).toLowerCase();
}

/** What has no other form to be normalized to. */
const ASCII = /^[ -~]*$/;

/** Paths that are looked at between two pauses. */
const STEP = 500;

/**
 * Paths and folders of a plan by their fold: what a case-insensitive file system would take for one path.
 * Never changed once it is in use; `extended` makes the next one.
 */
export class PathIndex {
  readonly #byFold: Map<string, string>;
  readonly #paths: Set<string>;

  constructor(paths?: Set<string>, byFold?: Map<string, string>) {
    this.#paths = paths ?? new Set();
    this.#byFold = byFold ?? new Map();
  }

  /**
   * The index of a set of paths, built from this one where only a few differ, and what is wrong with the paths.
   * Yields where it may pause.
   * @param paths the whole set
   */
  *next(paths: Iterable<string>): Generator<void, { index: PathIndex; problems: Problem[] }> {
    const all = new Set(paths);
    const added: string[] = [];
    for (const path of all) if (!this.#paths.has(path)) added.push(path);
    if (added.length === 0 && all.size === this.#paths.size) return { index: this, problems: [] };
    // With paths gone, a folder's spelling may be gone too: start afresh.
    const keeps = this.#paths.size > 0 && all.size === this.#paths.size + added.length;
    const byFold = keeps ? new Map(this.#byFold) : new Map<string, string>();
    const problems: Problem[] = [];
    const told = new Set<string>();
    let looked = 0;
    for (const path of (keeps ? added : [...all]).toSorted()) {
      looked += 1;
      if (looked % STEP === 0) yield;
      const fault = keeps || !this.#paths.has(path) ? pathFault(path) : undefined;
      if (fault) {
        problems.push({
          message: `the path ${quoted(path)} ${fault}`,
          position: topOf(path),
        });
      } else {
        problems.push(...clash(byFold, path, told));
      }
    }
    // Told as a fresh look tells it, whichever of the paths came first.
    if (keeps && problems.length > 0) return yield* new PathIndex().next(all);
    return { index: new PathIndex(all, byFold), problems };
  }
}

/**
 * Registers a path and its folders; a problem if another spelling of one of them is there already.
 * @param told spellings that have been reported; a folder's clash is told once, not for every file in it
 */
function clash(byFold: Map<string, string>, path: string, told: Set<string>): Problem[] {
  let found: { part: string; other: string } | undefined;
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const part = path.slice(0, end);
    if (told.has(part)) return [];
    const key = fold(part);
    const other = byFold.get(key);
    // A folder that is known has its parents registered too.
    if (other === part) break;
    if (other === undefined) byFold.set(key, part);
    else found = { part, other };
  }
  if (!found) return [];
  told.add(found.part);
  const [one, other] = [quoted(found.part), quoted(found.other)];
  return [
    {
      message: `${one} and ${other} differ only in case or in the form of their characters`,
      position: topOf(path),
      hint: 'on some machines they are the same file: rename one',
    },
  ];
}

/**
 * What the reader of the plan left out: links, submodules and the like.
 * @param refused with the reason in words that go on from the path: `is a symbolic link`
 */
export function refusedProblems(refused: readonly { path: string; reason: string }[]): Problem[] {
  return refused.map(({ path, reason }) => ({
    message: `${quoted(path)} is refused: ${reason}`,
    position: topOf(path),
    hint: 'a plan holds plain files only',
  }));
}

/** Case clashes among names that become files: `what` is `host`, `site` … Yields where it may pause. */
export function* caseClashes(
  what: string,
  names: Iterable<readonly [string, Position]>,
): Generator<void, Problem[]> {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [name, position] of names) {
    if (seen.size % STEP === STEP - 1) yield;
    const other = seen.get(fold(name));
    if (other === undefined) seen.set(fold(name), name);
    else if (other !== name) {
      problems.push({
        message: `the ${what} names ${quoted(name)} and ${quoted(other)} differ only in case`,
        position,
        hint: 'they would be one file on some machines: rename one',
      });
    }
  }
  return problems;
}
