// An agent whose guard is a process of its own; what locks the hosts out never ends: guarded-agent.ts agent|guard DATA HOSTS
import { Agent } from '../../src/agent/agent.ts';
import { agentDirectory, lockOf } from '../../src/agent/data-directory.ts';
import { loadAgentSettings } from '../../src/agent/settings.ts';
import { keepGuard, processStandBy } from '../../src/agent/stand-by.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { LOCK, LockableHosts } from './lockable-hosts.ts';

const [role, data = '', hosts = ''] = process.argv.slice(2);
const settings = await loadAgentSettings();
settings.sync = { interval: 1000, wait: 1000 };
settings.apply.answerWithin = 300;

function open(): Promise<Agent> {
  return Agent.open({
    data,
    settings,
    version: '1.2.3',
    driver: new LockableHosts(hosts, async (text) => {
      if (text !== LOCK) return;
      process.send?.({ applied: text });
      await new Promise(() => undefined);
    }),
    standBy: processStandBy([process.execPath, process.argv[1]!, 'guard', data, hosts]),
    log: createLogger({ level: 'silent', format: 'json' }),
  });
}

if (role === 'guard') {
  const ended = new AbortController();
  process.once('SIGTERM', () => ended.abort());
  await keepGuard({ lock: lockOf(agentDirectory(data).root), open, signal: ended.signal });
} else {
  const agent = await open();
  await agent.start();
}
