import { UserError } from '../model/errors.ts';
import type { PreviewCheck } from '../model/preview.ts';
import type { PreviewRow } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { whyUnchecked } from './report.ts';

/**
 * Notes that an operator asks for a check run of a pull request, as its preview shows it; the preview loop makes it.
 * @param ask.commit the commit that the operator has read; needed for a fork's, in full, since its code would be run
 * @throws UserError where it cannot be checked now
 */
export async function askForCheck(
  store: Store,
  ask: { number: number; commit: string | undefined; by: string; at: number },
): Promise<void> {
  const { number, commit, by, at } = ask;
  await store.transaction(async (tx) => {
    const row = await tx.previews.get(number);
    const why = row ? whyNot(row, commit) : 'it has no preview';
    if (!row || why !== undefined)
      throw new UserError(`pull request #${number} cannot be checked: ${why}`);
    const { head } = row;
    // Begun and not done: so it is carried on, whatever happens to us.
    const asked = { head, askedBy: by, state: 'running' } as const;
    const check: PreviewCheck = { ...asked, reason: '', sites: [], left: 0 };
    await tx.previews.update(number, { check, told: null });
    await tx.audit.append({
      at,
      actor: by,
      action: 'preview.checked',
      subject: `#${number}`,
      detail: { commit: head },
    });
  });
}

function whyNot(row: PreviewRow, commit: string | undefined): string | undefined {
  const { state, head, fork, check, report } = row;
  if (state !== 'open') return `it is ${state}`;
  if (check?.state === 'running' && check.head === head) return 'a check run is under way';
  if (commit !== undefined && !head.startsWith(commit)) return `it is at ${head} by now`;
  // Two commits with the same first digits are made in seconds.
  if (fork && commit !== head)
    return `it comes from a fork: name the commit that you have read, by its whole id (${head})`;
  return whyUnchecked(report);
}
