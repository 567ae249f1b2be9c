import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

import type { Page, PlanStatus, Review, Revision, Status } from '../../server/wire.ts';
import { post, tell, token } from '../api.ts';
import { Badge, Commit, Fault, Time } from '../parts/bits.tsx';
import { useResource } from '../resource.ts';

/** What the plan asked for, when, and how far that has come; what is held waits for a word here. */
export function RevisionsPage() {
  const { data, fault } = useResource<Page<Revision>>('/revisions?limit=100');
  const status = useResource<Status>('/status');
  useEffect(() => {
    document.title = 'Revisions · trueup';
  }, []);
  const plan = status.data.value?.plan;
  return (
    <>
      <h1>Revisions</h1>
      <Fault text={fault.value ?? status.fault.value} />
      {plan && <Standing plan={plan} />}
      <table>
        <thead>
          <tr>
            <th>Revision</th>
            <th>Subject</th>
            <th>State</th>
            <th>Sites that change</th>
            <th>Committed</th>
            <th>Everywhere</th>
            <th>As it was shown</th>
          </tr>
        </thead>
        <tbody>
          {data.value?.items.map((row) => (
            <tr key={row.revision}>
              <td>
                <Commit id={row.revision} />
              </td>
              <td>
                {row.subject} <span class="faint">by {row.author}</span>
              </td>
              <td>
                <Badge state={row.result} /> {row.revision === plan?.goodRevision && 'in force'}
              </td>
              <td>{row.changedSites}</td>
              <td>
                <Time at={row.committedAt} />
              </td>
              <td>
                <Time at={row.result === 'applied' ? row.completedAt : null} none="" />
              </td>
              <td>{row.review && <Shown review={row.review} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data.value?.items.length === 0 && <p class="faint">No revision was seen so far.</p>}
    </>
  );
}

function Shown({ review: { pulls, same, different, examples } }: { review: Review }) {
  const shown = pulls.map((number) => `#${number}`).join(', ');
  if (different === 0) {
    return (
      <>
        {same} as {shown} showed
      </>
    );
  }
  return (
    <strong>
      {different} other than {shown} showed: {examples.slice(0, 3).join(', ')}
    </strong>
  );
}

/** What keeps the newest revision from being in force, and what can be done about it. */
function Standing({ plan }: { plan: PlanStatus }) {
  const { headRevision, goodRevision, heldRevision, heldReason, invalidRevision, problems } = plan;
  if (heldRevision !== null)
    return <Held key={heldRevision} revision={heldRevision} why={heldReason} />;
  if (invalidRevision !== null) {
    return (
      <section class="fault">
        <h2>
          <Commit id={invalidRevision} /> is not valid
        </h2>
        <p>The last good one stays in force until its faults are mended.</p>
        <ul>
          {problems.slice(0, 20).map(({ message, position }) => (
            <li key={`${position?.file}:${position?.line}:${message}`}>
              {position && (
                <code>
                  {position.file}:{position.line}:{position.column}
                </code>
              )}{' '}
              {message}
            </li>
          ))}
        </ul>
      </section>
    );
  }
  if (headRevision === null || headRevision === goodRevision) return null;
  return (
    <p class="lead" role="status">
      <Commit id={headRevision} /> is on its way into force.
    </p>
  );
}

function Held({ revision, why }: { revision: string; why: string | null }) {
  const busy = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  const confirmed = useSignal(false);
  const confirm = async (): Promise<void> => {
    busy.value = true;
    fault.value = undefined;
    try {
      await post<PlanStatus>(`/revisions/${revision}/confirm`);
      confirmed.value = true;
    } catch (error) {
      fault.value = tell(error);
    }
    busy.value = false;
  };
  return (
    <section class="card decide" aria-label="Held revision">
      <h2>
        <Commit id={revision} /> is held
      </h2>
      <p>It {why}. Nothing of it is applied until somebody confirms that this is meant.</p>
      {confirmed.value ? (
        <p role="status">Confirmed: it comes into force now.</p>
      ) : (
        <>
          <button
            type="button"
            class="primary"
            disabled={busy.value || token.value === ''}
            onClick={() => void confirm()}
          >
            Confirm
          </button>
          {token.value === '' && (
            <p class="faint">To confirm it, enter the operator’s token above.</p>
          )}
        </>
      )}
      <Fault text={fault.value} />
    </section>
  );
}
