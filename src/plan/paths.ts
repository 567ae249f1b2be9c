import { compareText, type Position, type Problem } from '../model/problem.ts';
import { pathFault } from '../model/tree.ts';
import { quoted, topOf } from './shape.ts';

/** A path as it may be shown: control characters could lead a terminal astray. */
export function shownPath(path: string): string {
  // oxlint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path) || !path.isWellFormed()
    ? quoted(path)
    : path;
}

/** Two names that some file system would take for one have the same fold. */
export function fold(path: string): string {
  return path.normalize('NFKC').toLowerCase();
}

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
   * @param paths the whole set
   */
  next(paths: Iterable<string>): { index: PathIndex; problems: Problem[] } {
    const all = new Set(paths);
    const added = [...all].filter((path) => !this.#paths.has(path));
    if (added.length === 0 && all.size === this.#paths.size) return { index: this, problems: [] };
    // With paths gone, a folder's spelling may be gone too: start afresh.
    const keeps = all.size === this.#paths.size + added.length;
    const byFold = keeps ? new Map(this.#byFold) : new Map<string, string>();
    const problems: Problem[] = [];
    const told = new Set<string>();
    for (const path of (keeps ? added : [...all]).toSorted(compareText)) {
      const fault = keeps || !this.#paths.has(path) ? pathFault(path) : undefined;
      if (fault) {
        problems.push({
          message: `the path ${quoted(path)} ${fault}`,
          position: topOf(shownPath(path)),
        });
      } else {
        problems.push(...clash(byFold, path, told));
      }
    }
    return { index: new PathIndex(all, byFold), problems };
  }
}

/**
 * Registers a path and its folders; a problem if another spelling of one of them is there already.
 * @param told spellings that have been reported; a folder's clash is told once, not for every file in it
 */
function clash(byFold: Map<string, string>, path: string, told: Set<string>): Problem[] {
  for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
    const part = path.slice(0, end);
    const key = fold(part);
    const other = byFold.get(key);
    // A folder that is known has its parents registered too.
    if (other === part || told.has(part)) return [];
    if (other !== undefined) {
      told.add(part);
      return [
        {
          message: `${quoted(part)} and ${quoted(other)} differ only in case or in the form of their characters`,
          position: topOf(shownPath(path)),
          hint: 'on some machines they are the same file: rename one',
        },
      ];
    }
    byFold.set(key, part);
  }
  return [];
}

/**
 * What the reader of the plan left out: links, submodules and the like.
 * @param refused with the reason in words that go on from the path: `is a symbolic link`
 */
export function refusedProblems(refused: readonly { path: string; reason: string }[]): Problem[] {
  return refused.map(({ path, reason }) => ({
    message: `${quoted(path)} is refused: ${reason}`,
    position: topOf(shownPath(path)),
    hint: 'a plan holds plain files only',
  }));
}

/** Case clashes among names that become files: `what` is `host`, `site` … */
export function caseClashes(what: string, names: Iterable<readonly [string, Position]>): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, string>();
  for (const [name, position] of names) {
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
