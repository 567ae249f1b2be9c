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
            <th>More</th>
          </tr>
        </thead>
        <tbody>
          {data.value?.items.map((event) => (
            <tr key={event.id}>
              <td>
                <Time at={event.at} />
              </td>
              <td>{event.actor}</td>
              <td>{event.action}</td>
              <td>{event.subject}</td>
              <td>
                <code>{JSON.stringify(event.detail)}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.value?.items.length === 0 && <p class="faint">Nothing was decided so far.</p>}
    </>
  );
}
