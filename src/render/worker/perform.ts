import { InvalidInput } from '../../model/errors.ts';
import type { Problem } from '../../model/problem.ts';
import { changedPaths, type TrackedFile, type TreeFile } from '../../model/tree.ts';
import { changedSites } from '../../plan/changes.ts';
import type { Plan } from '../../plan/plan.ts';
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
  const answer = (problems: Problem[], sites: SiteOutcome[], tooLarge?: true): void => {
    const { found, cut } = contents;
    send({
      result: {
        problems,
        sites,
        contents: found,
        contentsCut: cut,
        ...(tooLarge ? { tooLarge } : {}),
      },
    });
  };

  const known = new Map<string, TrackedFile>();
  let base: Plan | undefined;
  if (job.base) {
    Atomics.store(progress, 0, STAGE.readingBase);
    const { files, refused } = { ...job.base, files: unpack(job.base, job.contents, known) };
    // One that is not valid has no sites: all that the plan renders is new.
    base = loadPlanAndTemplates(files, { refused }).plan;
  }
  Atomics.store(progress, 0, STAGE.reading);
  const { plan, problems } = loadPlanAndTemplates(unpack(job.plan, job.contents, known), {
    refused: job.plan.refused,
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
  for (const [index, name] of names.entries()) {
    Atomics.store(progress, 1, index);
    sites.push(outcome(name, { plan, base, compare: job.base !== undefined }, contents));
    // What is not on the heap the thread's limits do not bound.
    if (process.memoryUsage().external > job.megabytes * MIB) {
      answer([], [], true);
      return;
    }
  }
  answer([], sites);
}

function outcome(
  site: string,
  { plan, base, compare }: { plan: Plan; base: Plan | undefined; compare: boolean },
  contents: Contents,
): SiteOutcome {
  const is = rendered(plan, site);
  const was = base && rendered(base, site);
  const before = was?.tree?.tree ?? new Map<string, TreeFile>();
  const after = is.tree?.tree ?? new Map<string, TreeFile>();
  return {
    site,
    digest: is.tree?.digest ?? null,
    problems: is.problems.slice(0, MAX_PROBLEMS),
    baseDigest: was?.tree?.digest ?? null,
    // Where it does not render, the site stays as it is.
    changes:
      !compare || is.problems.length > 0
        ? []
        : changedPaths(before, after).map((path): FileChange => ({
            path,
            before: contents.keep(before.get(path)),
            after: contents.keep(after.get(path)),
          })),
  };
}

function rendered(plan: Plan, site: string): { tree?: RenderedSite; problems: Problem[] } {
  if (!plan.sites.has(site)) return { problems: [] };
  try {
    return { tree: renderSite(plan, site), problems: [] };
  } catch (error) {
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
