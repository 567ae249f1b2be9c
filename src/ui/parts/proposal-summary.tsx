import type { ProposalDetail } from '../../server/wire.ts';
import { useResource } from '../resource.ts';
import { Badge } from './bits.tsx';
import { Change } from './change.tsx';

/** What the plan could learn, and why: for the page of the site that was edited. */
export function ProposalSummary({ id }: { id: string }) {
  const { data } = useResource<ProposalDetail>(`/proposals/${encodeURIComponent(id)}`);
  const proposal = data.value;
  if (!proposal) return null;
  return (
    <div class="proposed">
      <h3>
        <a href={`/proposals/${encodeURIComponent(proposal.number ?? id)}`}>
          {proposal.number === null ? '' : `#${proposal.number} `}
          {proposal.title}
        </a>{' '}
        <Badge state={proposal.state} />
      </h3>
      {proposal.changes.slice(0, proposal.adopted).map((change, index) => (
        <Change key={index} change={change} />
      ))}
    </div>
  );
}
