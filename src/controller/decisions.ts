import { UserError } from '../model/errors.ts';
import { askForCheck } from '../preview/ask-check.ts';
import type { Decisions as ProposalDecisions } from '../proposals/decisions.ts';
import type { Decisions } from '../server/options.ts';
import type { Store } from '../store/store.ts';
import { confirmRevision } from './guards.ts';

export interface DecisionsOptions {
  store: Store;
  proposals: ProposalDecisions;
  now: () => number;
  /** What is to look at what was decided. */
  onProposal: (id: string) => void;
  onGroup: (key: string) => void;
  onSite: (name: string) => void;
  onPlan: () => void;
  onPreview: (number: number) => void;
}

/** What people decide, or ask for: it is written down, and the loop that carries it out is nudged. */
export function createDecisions(options: DecisionsOptions): Decisions {
  const { store, proposals, now } = options;
  return {
    merge: async (id, by) => {
      const proposal = await proposals.merge(id, by);
      options.onProposal(proposal.id);
      return proposal;
    },
    close: async (id, by) => {
      const proposal = await proposals.close(id, by);
      options.onProposal(proposal.id);
      return proposal;
    },
    choose: async (id, option, by) => {
      const proposal = await proposals.choose(id, option, by);
      options.onGroup(proposal.groupKey);
      return proposal;
    },
    confirm: async (revision, by) => {
      await confirmRevision(store, { revision, by, at: now() });
      options.onPlan();
    },
    check: async (number, commit, by) => {
      await askForCheck(store, { number, commit, by, at: now() });
      options.onPreview(number);
    },
    retry: async (name, by) => {
      if (!(await store.sites.get(name))) throw new UserError(`the plan has no site ${name}`);
      const reason = `asked for by ${by} (${now()})`;
      await store.transaction(async (tx) => {
        await tx.sites.update(name, { applyForced: true, applyReason: reason });
        await tx.audit.append({
          at: now(),
          actor: by,
          action: 'site.retried',
          subject: name,
          detail: {},
        });
      });
      options.onSite(name);
    },
  };
}
