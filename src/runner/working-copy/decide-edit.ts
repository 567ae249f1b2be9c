import { v7 as uuidv7 } from 'uuid';

import type { SiteStore } from '../../git/site-store.ts';
import type { Store } from '../../store/store.ts';
import { editMessage } from './edit-words.ts';
import { editsAt, MAX_COMMITS } from './edits-at.ts';

/** A decision that was made where only the site's history is known. */
export interface EditDecision {
  /** The newest commit of the edit in the site's history (`observedCommit` of its drift). */
  observed: string;
  decision: 'adopted' | 'rejected';
  /** Of the drift: names the decision, so that it is noted once. */
  fingerprint: string;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
}

/**
 * Notes a decision that was made elsewhere on an edit at a site, so that the next `bringIn` carries it out: that edit
 * makes way for what the plan says, and everything else that was edited, before or since, lives on. The edit is found
 * in the site's own history. Safe to repeat.
 * @returns whether there was anything to note: false where it was noted before, or nothing of the edit had stood
 */
export async function decideEdit(
  { store, trees }: { store: Store; trees: SiteStore },
  site: string,
  { observed, decision, fingerprint, by, at }: EditDecision,
): Promise<boolean> {
  const row = await store.sites.get(site);
  if (!row?.baseCommit) return false;
  const { start, commits } = await trees.history(row.baseCommit, observed, MAX_COMMITS);
  // What the site had been brought to when the edit was made.
  const base = commits.findLast(({ parents }) => parents[1] !== undefined)?.parents[1] ?? start;
  const edits = await editsAt(trees, { base, observed });
  const edit = edits.find(({ commits }) => commits.includes(observed));
  if (!edit) return false;
  const author = edit.authors[0] ?? 'unknown';
  const [editCommit] = await trees.writeCommits([
    {
      site,
      files: edit.tree,
      parents: [base],
      message: editMessage(site, edit.paths, edit.message),
      author: { name: author, email: `${author}@${site}` },
      time: edit.time,
    },
  ]);
  return store.transaction(async (tx) => {
    const { drift, inserted } = await tx.drifts.insertIfAbsent({
      id: uuidv7(),
      site,
      kind: 'tree',
      fingerprint,
      contentKey: fingerprint,
      baseCommit: base,
      observedCommit: observed,
      editCommit: editCommit!,
      paths: edit.paths,
      author,
      message: edit.message,
      detectedAt: edit.time,
    });
    if (inserted) await tx.drifts.decide(drift.id, decision, by, at);
    return inserted;
  });
}
