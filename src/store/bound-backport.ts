import type { StoredBackport } from './rows.ts';

/** Characters: of one patch, and of all patches of a result. */
const MAX_PATCH = 64 * 1024;
const MAX_PATCHES = 512 * 1024;

/**
 * A result of working backwards as it is kept in a row: patches that are very large are left out, and a note says
 * so; they stand in the proposal's commit.
 */
export function boundBackport(result: StoredBackport): StoredBackport {
  let left = MAX_PATCHES;
  const proposals = result.proposals.map((proposal) => {
    const notes = [...proposal.notes];
    const edits = proposal.edits.map((edit) => {
      if (edit.patch.length <= MAX_PATCH && edit.patch.length <= left) {
        left -= edit.patch.length;
        return edit;
      }
      notes.push(`the patch of ${edit.file} is too large to keep here: see the proposal's branch`);
      return { ...edit, patch: '' };
    });
    return { ...proposal, edits, notes };
  });
  return { ...result, proposals };
}
