import type { MergeTarget } from '../../src/forge/local/ports.ts';
import type { BareRepository } from './github/repository.ts';

/** A repository of a test as what the local forge merges in. */
export function mergeTarget(repository: BareRepository): MergeTarget {
  return {
    branchHead: async (branch) => repository.branchCommit(branch),
    contains: async (base, commit) => repository.reaches(base, commit),
    changedFiles: async (base, head) => {
      const range = `${base}...${head}`;
      return repository.git('diff', '--name-only', '--no-renames', range).split('\n').filter(Boolean);
    },
    merge: async (request) => repository.merge(request),
  };
}
