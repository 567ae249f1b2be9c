import { useEffect } from 'preact/hooks';

import type { Event, Page } from '../../server/wire.ts';
import { Fault, Time } from '../parts/bits.tsx';
import { useResource } from '../resource.ts';

/** Who decided what, and when. */
export function AuditPage() {
  const { data, fault } = useResource<Page<Event>>('/events?limit=200');
  useEffect(() => {
    document.title = 'Audit · trueup';
  }, []);
  return (
    <>
      <h1>Audit</h1>
      <Fault text={fault.value} />
      <table>
        <thead>
          <tr>
            <th>When</th>
            <th>Who</th>
            <th>What</th>
            <th>Of</th>
            <th>Details</th>
          </tr>
        </thead>
        <tbody>
          {data.value?.items.map((event) => (
            <tr key={event.id}>
              <td>
                <Time at={event.at} />
              </td>
              <td class="word">{event.actor}</td>
              <td class="word">{event.action}</td>
              <td class="word">{event.subject}</td>
              <td>
                <Details of={event.detail} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.value?.items.length === 0 && <p class="faint">Nothing was decided so far.</p>}
    </>
  );
}

/** What else is known of it: a proposal by its number and title, everything else by its name. */
function Details({ of: detail }: { of: Event['detail'] }) {
  const { proposal, number, title, ...rest } = detail;
  if (typeof proposal === 'string' && typeof title === 'string') {
    return (
      <>
        <a href={`/proposals/${encodeURIComponent(proposal)}`}>
          {typeof number === 'number' && `#${number} `}
          {title}
        </a>{' '}
        <Details of={rest} />
      </>
    );
  }
  const words = Object.entries(detail).filter(([, value]) => value !== null);
  return (
    <>
      {words.map(([name, value]) => (
        <span key={name} class="detail">
          <span class="faint">{name}</span>{' '}
          <code>{typeof value === 'string' ? value : JSON.stringify(value)}</code>
        </span>
      ))}
    </>
  );
}
