import { getHeapStatistics } from 'node:v8';

import { InvalidInput } from '../../model/errors.ts';
import type { Removal } from '../../model/preview.ts';
import type { Problem } from '../../model/problem.ts';
import { changedPaths, type SiteTree, type TrackedFile, type TreeFile } from '../../model/tree.ts';
import { changedSites } from '../../plan/changes.ts';
import { missingText, NotGathered } from '../../plan/exports.ts';
import type { Plan } from '../../plan/plan.ts';
import { removals } from '../../plan/removals.ts';
import { secretValuesIn, secretValuesOf } from '../../plan/secrets.ts';
import { Differences } from '../differences.ts';
import { contentHash } from '../digest.ts';
import type { RenderedSite } from '../manifest.ts';
import { loadPlanAndTemplates } from '../open.ts';
import { renderSite } from '../render.ts';
import {
  type FileChange,
  type FileVersion,
  MAX_CONTENTS,
  type SiteOutcome,
  STAGE,
  type WorkerJob,
  type WorkerMessage,
} from './job.ts';
import { unpack } from './pack.ts';

const MAX_PROBLEMS = 20;
const MIB = 1024 * 1024;

/** Does a job, in the worker; `send` gets what there is to say. */
export function perform(job: WorkerJob, send: (message: WorkerMessage) => void): void {
  const progress = new Int32Array(job.progress);
  const contents = new Contents();
  const differences = new Differences();
  const answer = (
    problems: Problem[],
    sites: SiteOutcome[],
    about: { total: number; removals: Removal[] } = { total: 0, removals: [] },
    tooLarge?: true,
  ): void => {
    const { found, cut } = contents;
    send({
      result: {
        problems,
        sites,
        contents: found,
        contentsCut: cut,
        differences: differences.found,
        ...about,
        ...(tooLarge ? { tooLarge } : {}),
      },
    });
  };

  const known = new Map<string, TrackedFile>();
  const { gathered } = job;
  let base: Plan | undefined;
  if (job.base) {
    Atomics.store(progress, 0, STAGE.readingBase);
    const { files, refused } = { ...job.base, files: unpack(job.base, job.contents, known) };
    // One that is not valid has no sites: all that the plan renders is new.
    base = loadPlanAndTemplates(files, { refused, gathered }).plan;
  }
  Atomics.store(progress, 0, STAGE.reading);
  const { plan, problems } = loadPlanAndTemplates(unpack(job.plan, job.contents, known), {
    refused: job.plan.refused,
    gathered,
    ...(base ? { previous: base } : {}),
  });
  if (!plan) {
    answer(problems.slice(0, MAX_PROBLEMS * 10), []);
    return;
  }

  const names = [
    ...(job.sites ?? (base ? changedSites(base, plan) : plan.sites.keys())),
  ].toSorted();
  send({ names });
  Atomics.store(progress, 0, STAGE.rendering);
  const sites: SiteOutcome[] = [];
  const into = job.tell === 'differences' ? differences : contents;
  for (const [index, name] of names.entries()) {
    Atomics.store(progress, 1, index);
    sites.push(outcome(name, { plan, base, compare: job.base !== undefined }, into));
    // What is not on the heap the thread's limits do not bound. What else the process says costs more to be asked.
    if (getHeapStatistics().external_memory > job.megabytes * MIB) {
      answer([], [], undefined, true);
      return;
    }
  }
  answer([], sites, { total: plan.sites.size, removals: base ? removals(base, plan) : [] });
}

function outcome(
  site: string,
  { plan, base, compare }: { plan: Plan; base: Plan | undefined; compare: boolean },
  into: Contents | Differences,
): SiteOutcome {
  const is = rendered(plan, site);
  const was = base && rendered(base, site);
  const before = was?.tree?.tree ?? new Map<string, TreeFile>();
  const after = is.tree?.tree ?? new Map<string, TreeFile>();
  // Where it does not render, the site stays as it is.
  const renders = is.problems.length === 0 && is.waitsFor === undefined;
  const paths = compare && renders ? changedPaths(before, after) : [];
  const about = {
    site,
    digest: is.tree?.digest ?? null,
    problems: is.problems.slice(0, MAX_PROBLEMS),
    ...(is.waitsFor === undefined ? {} : { waitsFor: is.waitsFor }),
    baseDigest: was?.tree?.digest ?? null,
  };
  if (into instanceof Contents) {
    const changes = paths.map((path): FileChange => ({
      path,
      before: into.keep(before.get(path)),
      after: into.keep(after.get(path)),
    }));
    return { ...about, changes, differences: [] };
  }
  // Of a site that comes or goes, all files do: that it does is what there is to tell.
  const told = was?.tree && is.tree ? paths : [];
  const secrets =
    told.length > 0 ? secretsOf(base ? [base, plan] : [plan], site, [before, after]) : [];
  const differences = told.map((path) =>
    into.add(path, before.get(path), after.get(path), secrets),
  );
  return { ...about, changes: [], differences };
}

/** Values that are not to be shown. An overlay's files may hold others than the plan's parameters have. */
function secretsOf(plans: readonly Plan[], site: string, trees: readonly SiteTree[]): string[] {
  const values = secretValuesOf(plans, site);
  if (!plans.some((plan) => plan.overlays.has(site))) return values;
  const inTrees = plans.flatMap((plan) =>
    trees.flatMap((tree) => secretValuesIn(plan, site, tree)),
  );
  return [...new Set([...values, ...inTrees])];
}

function rendered(
  plan: Plan,
  site: string,
): { tree?: RenderedSite; problems: Problem[]; waitsFor?: string } {
  if (!plan.sites.has(site)) return { problems: [] };
  try {
    return { tree: renderSite(plan, site), problems: [] };
  } catch (error) {
    if (error instanceof NotGathered) return { problems: [], waitsFor: missingText(error.missing) };
    if (!(error instanceof InvalidInput)) throw error;
    return { problems: [...error.problems] };
  }
}

/** Contents that are handed back, each once, and no more of them than are wanted. */
class Contents {
  readonly found = new Map<string, Uint8Array>();
  cut = false;
  #size = 0;

  keep(file: TreeFile | undefined): FileVersion | null {
    if (!file) return null;
    const sha256 = contentHash(file);
    if (!this.found.has(sha256)) {
      if (this.#size + file.content.length > MAX_CONTENTS) this.cut = true;
      else {
        this.#size += file.content.length;
        // A copy: of a view, all that lies behind it would be sent.
        this.found.set(sha256, new Uint8Array(file.content));
      }
    }
    return { mode: file.mode, sha256 };
  }
}
