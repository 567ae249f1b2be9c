// An agent whose guard is a process of its own; what it applies, or the look after that, never ends where it is told
// so: guarded-agent.ts agent|guard DATA HOSTS WINDOW CLOCK, with WINDOW `apply` or `look`. The guard leaves its process
// id in HOSTS/guard.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Agent } from '../../src/agent/agent.ts';
import { agentDirectory, lockOf } from '../../src/agent/data-directory.ts';
import { loadAgentSettings } from '../../src/agent/settings.ts';
import { keepGuard, processStandBy } from '../../src/agent/stand-by.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { LockableHosts } from './lockable-hosts.ts';

const [role, data = '', hosts = '', window, clock] = process.argv.slice(2);
const settings = await loadAgentSettings();
settings.sync = { interval: 1000, wait: 1000 };
settings.apply.answerWithin = 300;

/** Only a kill ends it, in the agent; its guard gets on. */
async function stand(at: 'apply' | 'look', text: string): Promise<void> {
  if (role !== 'agent' || at !== window || text !== clock) return;
  process.send?.({ [at]: text });
  await new Promise(() => undefined);
}

function open(): Promise<Agent> {
  return Agent.open({
    data,
    settings,
    version: '1.2.3',
    driver: new LockableHosts(
      hosts,
      (text) => stand('apply', text),
      (text) => stand('look', text),
    ),
    standBy: processStandBy([
      process.execPath,
      process.argv[1]!,
      'guard',
      ...process.argv.slice(3),
    ]),
    log: createLogger({ level: 'silent', format: 'json' }),
  });
}

if (role === 'guard') {
  writeFileSync(join(hosts, 'guard'), `${process.pid}`);
  const ended = new AbortController();
  process.once('SIGTERM', () => ended.abort());
  await keepGuard({ lock: lockOf(agentDirectory(data).root), open, signal: ended.signal });
} else {
  const agent = await open();
  await agent.start();
}
