import type { Config } from '../config/config.ts';
import { UserError } from '../model/errors.ts';
import type { PlanLoopOptions } from '../reconcile/plan-loop.ts';
import type { Store } from '../store/store.ts';

/** What keeps a revision from coming into force by accident, or from somebody who may not decide. */
export function planGuards({ plan }: Config): Pick<PlanLoopOptions, 'maxRemoved' | 'signers'> {
  const { maxRemoved, allowedSigners, openpgpHome } = plan;
  return {
    maxRemoved: maxRemoved / 100,
    ...(allowedSigners || openpgpHome ? { signers: { allowedSigners, openpgpHome } } : {}),
  };
}

/**
 * Confirms what the held revision removes; may be repeated.
 * @param about.revision the whole commit id, or its first characters, seven at least
 * @throws UserError if another one is held, or none
 */
export async function confirmRevision(
  store: Store,
  { revision, by, at }: { revision: string; by: string; at: number },
): Promise<void> {
  const { heldRevision, heldReason, confirmedRevision, goodRevision } = await store.plan.get();
  const known = [heldRevision, confirmedRevision].find(
    (one) => one !== null && revision.length >= 7 && one.startsWith(revision.toLowerCase()),
  );
  if (!known) {
    throw new UserError(
      heldRevision === null
        ? `no revision is held${goodRevision ? `: ${goodRevision.slice(0, 12)} is in force` : ''}`
        : `${revision} is not held, but ${heldRevision}`,
    );
  }
  if (known === confirmedRevision) return;
  await store.transaction(async (tx) => {
    await tx.plan.update({ confirmedRevision: known });
    await tx.audit.append({
      at,
      actor: by,
      action: 'revision.confirmed',
      subject: known,
      detail: { reason: heldReason },
    });
  });
}
