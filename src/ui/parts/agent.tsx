import type { SiteAgent } from '../../server/wire-site-agent.ts';
import { Fact, Facts, Time } from './bits.tsx';

/** A clock that is off by more than this (seconds) is worth a word. */
const CLOCK_SKEW = 60;

/** How the agent at a site does: when it was heard of, what it lacks, and what it still has for us. */
export function AgentCard({ agent }: { agent: SiteAgent }) {
  const { contact, lag, owed, carried, conflicts, hold, guard, clockSkew } = agent;
  const heard = [agent.lastContactAt, agent.lastReturnAt]
    .filter((at) => at !== null)
    .toSorted()
    .at(-1);
  const conditions: [boolean, string][] = [
    [contact === 'connected', contact === 'never' ? 'never heard of' : contact],
    [lag === 0, lag === 0 ? 'has what is desired' : `${lag} desired trees behind`],
    [!owed, owed ? `has ${owed} commits and reports for us` : 'owes nothing'],
    ...(agent.enrolled ? [] : [[false, 'none is enrolled'] as [boolean, string]]),
    ...(carried > 0 ? [[false, `${carried} decisions on their way`] as [boolean, string]] : []),
    ...(hold ? [[false, `holds: ${hold}`] as [boolean, string]] : []),
    ...(guard ? [[false, `guard: ${guard}`] as [boolean, string]] : []),
    ...conflicts
      .slice(0, 20)
      .map((path) => [false, `plan and site disagree in ${path}`] as [boolean, string]),
  ];
  return (
    <section class="card">
      <h2>Agent</h2>
      <ul class="conditions" aria-label="Agent">
        {conditions.map(([good, text], index) => (
          <li key={index} class={good ? 'good' : 'bad'}>
            <span aria-hidden="true">{good ? '✓' : '✗'}</span> {text}
          </li>
        ))}
      </ul>
      <Facts>
        <Fact name="Heard of">
          <Time at={heard ?? null} />
        </Fact>
        <Fact name="Last bundle back">
          <Time at={agent.lastReturnAt} />
        </Fact>
        <Fact name="Has generation">{agent.generation}</Fact>
        {agent.version !== null && <Fact name="Version">{agent.version}</Fact>}
        {agent.key !== null && <Fact name="Key">{agent.key}</Fact>}
        {clockSkew !== null && Math.abs(clockSkew) > CLOCK_SKEW && (
          <Fact name="Clock">{Math.round(clockSkew)} s ahead</Fact>
        )}
      </Facts>
    </section>
  );
}
