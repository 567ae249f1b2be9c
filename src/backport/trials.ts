import { type TrackedFiles } from '../model/tree.ts';
import { changedSites } from '../plan/changes.ts';
import { type Loaded, loadPlanInTurns } from '../plan/load.ts';
import type { Plan } from '../plan/plan.ts';
import { changedFiles } from '../render/changed-files.ts';

/** Gives others their turn; called, and awaited, every now and then. */
export type Pause = () => Promise<void>;

/** Sites, and their files, that one plan renders otherwise than another. */
export type Radius = { site: string; files: string[] }[];

/** So many sites are looked at without a pause. */
const FEW = 20;

/** An answer that takes longer than others should wait: it is worked out in turns, and the question asked anew. */
export class Pending extends Error {
  override name = 'Pending';
  readonly work: (pause: Pause) => Promise<void>;

  constructor(work: (pause: Pause) => Promise<void>) {
    super('an answer is worked out in turns');
    this.work = work;
  }
}

/**
 * What trying edits came to, kept while one question is asked again and again: whatever would keep the process busy
 * for long in a plan of many sites is thrown as `Pending` the first time, and known the next. So the search itself
 * needs no turns, and gives the same answer in turns as at once.
 */
export class Trials {
  readonly #few: number;
  readonly #loaded = new Map<Plan, Map<string, Loaded>>();
  readonly #radii = new Map<Plan, Map<Plan, Radius>>();

  /** @param few sites that a plan may have, or an edit reach, to be looked at without a pause */
  constructor(few: number = FEW) {
    this.#few = few;
  }

  /**
   * The plan with other files. @param edited names what they differ in: the same text, the same files
   * @throws Pending
   */
  load(plan: Plan, files: TrackedFiles, edited: string): Loaded {
    const known = this.#loaded.get(plan)?.get(edited);
    if (known) return known;
    throw new Pending(async (pause) => {
      const loaded = await loadPlanInTurns(files, { previous: plan }, pause);
      const ofPlan = this.#loaded.get(plan) ?? new Map<string, Loaded>();
      this.#loaded.set(plan, ofPlan.set(edited, loaded));
    });
  }

  /**
   * The sites that a plan renders otherwise than the one before it.
   * @throws Pending where there are many
   */
  radius(before: Plan, after: Plan, filesAt: (site: string) => string[]): Radius {
    const known = this.#radii.get(before)?.get(after);
    if (known) return known;
    const sites = [...changedSites(before, after)].toSorted();
    const tell = (radius: Radius): Radius => radius.filter(({ files }) => files.length > 0);
    if (sites.length <= this.#few)
      return tell(sites.map((site) => ({ site, files: filesAt(site) })));
    throw new Pending(async (pause) => {
      const radius: Radius = [];
      for (const site of sites) {
        radius.push({ site, files: changedFiles(before, after, site) });
        await pause();
      }
      const ofPlan = this.#radii.get(before) ?? new Map<Plan, Radius>();
      this.#radii.set(before, ofPlan.set(after, tell(radius)));
    });
  }

  /** Whether loading a plan anew takes so little that nobody has to wait. */
  isQuick({ sites }: Plan): boolean {
    return sites.size <= this.#few;
  }
}
