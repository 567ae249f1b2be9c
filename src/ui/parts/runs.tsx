import { useSignal } from '@preact/signals';

import type { Run, RunDetail } from '../../server/wire.ts';
import { useResource } from '../resource.ts';
import { Badge, Commit, Fault, Time } from './bits.tsx';

/** Applies and checks of a site, newest first; one can be looked at task by task. */
export function Runs({ runs }: { runs: Run[] }) {
  const open = useSignal<string | undefined>(undefined);
  return (
    <section>
      <h2>Runs</h2>
      <table class="runs">
        <thead>
          <tr>
            <th>Started</th>
            <th>Kind</th>
            <th>Result</th>
            <th>Revision</th>
            <th>Cause</th>
            <th>Tasks</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.id}>
              <td>
                <Time at={run.startedAt} />
              </td>
              <td>{run.kind}</td>
              <td>
                <Badge state={run.result ?? 'applying'} /> {run.reason}
              </td>
              <td>
                <Commit id={run.revision} />
              </td>
              <td>{run.cause}</td>
              <td>
                <button
                  type="button"
                  aria-expanded={open.value === run.id}
                  onClick={() => {
                    open.value = open.value === run.id ? undefined : run.id;
                  }}
                >
                  Show
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {runs.length === 0 && <p class="faint">None so far.</p>}
      {open.value !== undefined && <Tasks id={open.value} />}
    </section>
  );
}

function Tasks({ id }: { id: string }) {
  const { data, fault } = useResource<RunDetail>(`/runs/${encodeURIComponent(id)}`);
  return (
    <div class="card">
      <Fault text={fault.value} />
      <table>
        <thead>
          <tr>
            <th>Host</th>
            <th>Task</th>
            <th>Status</th>
            <th>Seconds</th>
            <th>Message</th>
          </tr>
        </thead>
        <tbody>
          {data.value?.tasks?.map((task, index) => (
            <tr key={index}>
              <td>{task.host}</td>
              <td title={task.path}>{task.name}</td>
              <td>
                <Badge state={task.status} />
              </td>
              <td>{task.duration.toFixed(1)}</td>
              <td>{task.message ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
