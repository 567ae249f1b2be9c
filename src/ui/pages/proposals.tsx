import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Page, Proposal, WaitingEdit } from '../../server/wire.ts';
import { Badge, Fault, Time } from '../parts/bits.tsx';
import { useResource } from '../resource.ts';

/** What waits for a decision, and what was decided. */
export function ProposalsPage() {
  const all = useSignal(false);
  const { data, fault } = useResource<Page<Proposal>>(
    all.value ? '/proposals?limit=200' : '/proposals?limit=200&state=open',
  );
  const waiting = useResource<{ items: WaitingEdit[] }>('/waiting');
  useEffect(() => {
    document.title = 'Proposals · trueup';
  }, []);
  return (
    <>
      <h1>Proposals</h1>
      <label class="check">
        <input
          type="checkbox"
          checked={all.value}
          onChange={(event) => {
            all.value = event.currentTarget.checked;
          }}
        />{' '}
        decided ones, too
      </label>
      <Fault text={fault.value} />
      <table>
        <thead>
          <tr>
            <th>Number</th>
            <th>Title</th>
            <th>State</th>
            <th>Sites</th>
            <th>Opened</th>
            <th>Decided</th>
          </tr>
        </thead>
        <tbody>
          {data.value?.items.map((proposal) => (
            <tr key={proposal.id}>
              <td>{proposal.number === null ? '' : `#${proposal.number}`}</td>
              <td>
                <a href={`/proposals/${encodeURIComponent(proposal.number ?? proposal.id)}`}>
                  {proposal.title}
                </a>
              </td>
              <td>
                <Badge state={proposal.state} /> {proposal.held && 'held'}
              </td>
              <td>
                {proposal.sites.slice(0, 3).join(', ')}
                {proposal.sites.length > 3 && ` and ${proposal.sites.length - 3} more`}
              </td>
              <td>
                <Time at={proposal.openedAt} none="not yet" />
              </td>
              <td>
                {proposal.decidedAt !== null && (
                  <>
                    <Time at={proposal.decidedAt} /> by {proposal.decidedBy}
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.value?.items.length === 0 && <p class="faint">Nothing waits for a decision.</p>}
      <Waiting items={waiting.data.value?.items ?? []} />
    </>
  );
}

function Waiting({ items }: { items: WaitingEdit[] }) {
  if (items.length === 0) return null;
  return (
    <section>
      <h2>Edits without a proposal so far</h2>
      <table>
        <thead>
          <tr>
            <th>Sites</th>
            <th>Files</th>
            <th>Since</th>
            <th>Waits for</th>
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={item.key}>
              <td>
                {item.sites.slice(0, 3).join(', ')}
                {item.count > 3 && ` and ${item.count - 3} more`}
              </td>
              <td>{item.paths.join(', ')}</td>
              <td>
                <Time at={item.since} />
              </td>
              <td>{item.why ?? 'its proposal is on its way'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
