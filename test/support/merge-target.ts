import type { MergeTarget } from '../../src/forge/local/ports.ts';
import type { BareRepository } from './github/repository.ts';

/** A repository of a test as what the local forge merges in. */
export function mergeTarget(repository: BareRepository): MergeTarget {
  return {
    branchHead: async (branch) => repository.branchCommit(branch),
    contains: async (base, commit) => repository.reaches(base, commit),
    changedFiles: async (base, head) =>
      repository
        .changedFiles(base, head)
        .flatMap(({ path, before }) => (before === undefined ? [path] : [path, before])),
    merge: async (request) => repository.merge(request),
  };
}
