import type { SiteAgent } from '../../server/wire-site-agent.ts';
import { count, styled } from '../output.ts';

/** How the agent at a site does, in a few words: when it was heard of, what it lacks, what it owes. */
export function agentWords(agent: SiteAgent): string {
  const { contact, lastContactAt, lastReturnAt, lag, owed, carried, conflicts } = agent;
  const heard = [lastContactAt, lastReturnAt]
    .filter((at) => at !== null)
    .toSorted()
    .at(-1);
  const words = [
    contact === 'connected' ? styled('green', contact) : styled('yellow', contact),
    ...(contact === 'late' && heard ? [`heard of at ${heard}`] : []),
    ...(lag > 0 ? [`${lag} behind`] : []),
    ...(owed ? [`owes ${owed}`] : []),
    ...(carried > 0 ? [`${count(carried, 'decision')} on the way`] : []),
    ...(conflicts.length > 0 ? [styled('red', count(conflicts.length, 'conflict'))] : []),
  ];
  return words.join(', ');
}

/** The same in full, a line each: what people need who look after that one site. */
export function agentLines(agent: SiteAgent): string[] {
  const { conflicts, hold, guard, clockSkew, version, enrolled } = agent;
  return [
    `agent    ${agentWords(agent)}${version ? ` (${version})` : ''}`,
    ...(enrolled ? [] : ['         none is enrolled']),
    ...(hold ? [`         ${styled('red', 'held')}: ${hold}`] : []),
    ...(guard ? [`         ${styled('yellow', 'guard')}: ${guard}`] : []),
    ...conflicts.slice(0, 10).map((path) => `         conflict in ${path}`),
    ...(clockSkew !== null && Math.abs(clockSkew) > 60
      ? [`         its clock is ${Math.round(clockSkew)} s ahead`]
      : []),
  ];
}
