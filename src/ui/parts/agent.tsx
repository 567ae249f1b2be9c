import type { SiteAgent } from '../../server/wire-site-agent.ts';
import { Fact, Facts, Time } from './bits.tsx';

/** A clock that is off by more than this (seconds) is worth a word. */
const CLOCK_SKEW = 60;

/** Conflicts named one by one. */
const MAX_CONFLICTS = 20;

/** Whether an agent was heard of lately, in a word; when, when pointed at. */
export function Contact({ agent }: { agent: SiteAgent }) {
  const heard = heardOf(agent);
  return (
    <span
      class={agent.contact === 'connected' ? 'faint' : 'late'}
      title={heard === null ? 'never heard of' : `heard of at ${heard}`}
    >
      {agent.contact}
    </span>
  );
}

/** How the agent at a site does: when it was heard of, what it lacks, and what it still has for us. */
export function AgentCard({ agent }: { agent: SiteAgent }) {
  const { contact, lag, owed, carried, conflicts, hold, guard, clockSkew } = agent;
  const conditions: [boolean, string][] = [
    [contact === 'connected', contact === 'never' ? 'never heard of' : contact],
    [lag === 0, lag === 0 ? 'has what is desired' : `${count(lag, 'desired tree')} behind`],
    ...(owed === null ? [] : [[owed === 0, owes(owed)] as [boolean, string]]),
    ...(agent.enrolled ? [] : [[false, 'none is enrolled'] as [boolean, string]]),
    ...(carried > 0
      ? [[false, `${count(carried, 'decision')} on the way`] as [boolean, string]]
      : []),
    ...(hold ? [[false, `holds: ${hold}`] as [boolean, string]] : []),
    ...(guard ? [[false, `guard: ${guard}`] as [boolean, string]] : []),
    ...conflicts
      .slice(0, MAX_CONFLICTS)
      .map((path) => [false, `plan and site disagree in ${path}`] as [boolean, string]),
    ...(conflicts.length > MAX_CONFLICTS
      ? [
          [false, `and in ${count(conflicts.length - MAX_CONFLICTS, 'more file')}`] as [
            boolean,
            string,
          ],
        ]
      : []),
  ];
  return (
    <section class="card">
      <h2>Agent</h2>
      {agent.message !== '' && <p class="lead">{agent.message}</p>}
      <ul class="conditions" aria-label="Agent">
        {conditions.map(([good, text], index) => (
          <li key={index} class={good ? 'good' : 'bad'}>
            <span aria-hidden="true">{good ? '✓' : '✗'}</span> {text}
          </li>
        ))}
      </ul>
      <Facts>
        <Fact name="Heard of">
          <Time at={heardOf(agent)} />
        </Fact>
        <Fact name="Last bundle back">
          <Time at={agent.lastReturnAt} />
        </Fact>
        <Fact name="Has generation">{agent.generation}</Fact>
        {agent.version !== null && <Fact name="Version">{agent.version}</Fact>}
        {agent.key !== null && <Fact name="Key">{agent.key}</Fact>}
        {clockSkew !== null && Math.abs(clockSkew) > CLOCK_SKEW && (
          <Fact name="Clock">
            {Math.round(Math.abs(clockSkew))} s {clockSkew > 0 ? 'ahead' : 'behind'}
          </Fact>
        )}
      </Facts>
    </section>
  );
}

/** When it last asked for anything, or a bundle of it came, whichever way. */
function heardOf({ lastContactAt, lastReturnAt }: SiteAgent): string | null {
  const times = [lastContactAt, lastReturnAt].filter((at) => at !== null);
  return times.toSorted().at(-1) ?? null;
}

function owes(owed: number): string {
  return owed === 0
    ? 'owes nothing'
    : `owes ${count(owed, 'commit or report', 'commits and reports')}`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
