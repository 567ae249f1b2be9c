import type { Forge, PullRequest } from '../forge/forge.ts';
import type { PlanRepository } from '../git/plan-repository.ts';
import { UserError } from '../model/errors.ts';
import type { Problem } from '../model/problem.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlanSource } from '../render/worker/untrusted-renderer.ts';

/** Paths of a conflict that are named. */
const MAX_NAMED = 10;
/** The trial merge is a commit that nobody sees, so that its time may be any. */
const WORDS = {
  message: 'Merge for a preview\n',
  author: { name: 'trueup', email: 'trueup@localhost' },
  time: 0,
};

const ANSIBLE_CONFIG = /^(?!overlays\/)(?:.*\/)?ansible\.cfg$/;

/** What merging a pull request would give. */
export type Trial =
  | { kind: 'plan'; plan: PlanSource }
  /** It cannot be merged, or what it holds cannot be read. */
  | { kind: 'faults'; problems: Problem[] }
  /** It changes no file of the plan. */
  | { kind: 'untouched' }
  /** It has moved while we looked. */
  | { kind: 'later' };

export interface TrialOptions {
  repository: PlanRepository;
  forge: Forge;
  /** Folder of the repository that the plan is in; empty: its top. */
  path: string;
}

/**
 * Merges a pull request into its base, in our mirror alone, and reads the plan that comes of it.
 * @param at.base commit of the branch that it goes to
 * @param at.current the plan in force, whose files need not be read again
 */
export async function readTrial(
  { repository, forge, path }: TrialOptions,
  at: {
    pull: PullRequest;
    base: string;
    current: { revision: string; plan: Plan } | undefined;
  },
): Promise<Trial> {
  const { pull, base, current } = at;
  const { headRef, head } = await forge.mergeResult(pull.number);
  if (head !== pull.head || !(await repository.fetchCommit(headRef, head)))
    return { kind: 'later' };
  const from = await repository.mergeBase(base, head);
  if (from === undefined)
    return fault(`has no history in common with ${pull.base}`, 'start the branch anew from it');
  const touched = await repository.changedFiles(from, head);
  if (path !== '' && !touched.some((file) => file === path || file.startsWith(`${path}/`)))
    return { kind: 'untouched' };
  const merge = await repository.mergeCommit({ base, head, ...WORDS });
  if ('conflicts' in merge) {
    const named = merge.conflicts.slice(0, MAX_NAMED).join(', ');
    const more = merge.conflicts.length - MAX_NAMED;
    return fault(
      `conflicts with ${pull.base} in ${named}${more > 0 ? ` and ${more} more` : ''}`,
      `bring ${pull.base} into the branch`,
    );
  }
  try {
    const previous = current && { commit: current.revision, files: current.plan.files };
    const { files, refused } = await repository.readFiles(merge.commit, {
      path,
      ...(previous ? { previous } : {}),
    });
    const settings = touched
      .map((file) => (path === '' ? file : file.slice(path.length + 1)))
      .filter((file) => ANSIBLE_CONFIG.test(file) && files.has(file));
    if (settings.length > 0) return { kind: 'faults', problems: settings.map(settingsFault) };
    return { kind: 'plan', plan: { files, refused } };
  } catch (error) {
    // Too many files, or too large ones: as the plan loop would say once it is merged.
    if (error instanceof UserError) return fault(error.message);
    throw error;
  }
}

/** Nobody reads it: who brings one expects something else, or hopes for it. */
function settingsFault(file: string): Problem {
  return {
    message: 'an ansible.cfg of the plan counts nowhere: each site gets one that trueup writes',
    position: { file, line: 1, column: 1 },
    hint: 'take it out; an overlay can replace the one of a site',
  };
}

function fault(message: string, hint?: string): Trial {
  return { kind: 'faults', problems: [{ message, ...(hint ? { hint } : {}) }] };
}
