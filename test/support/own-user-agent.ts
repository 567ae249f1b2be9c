// An agent that runs no Ansible, for a process of another user: own-user-agent.ts DATA; SIGTERM ends it
import { Agent } from '../../src/agent/agent.ts';
import { serveControl } from '../../src/agent/control.ts';
import { loadAgentSettings } from '../../src/agent/settings.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { FakeDriver } from './service.ts';

const settings = await loadAgentSettings();
settings.sync = { interval: 100, wait: 1000 };
settings.edits = { settle: 20, compareInterval: 1000 };
const agent = await Agent.open({
  data: process.argv[2]!,
  settings,
  version: '1.2.3',
  driver: new FakeDriver(),
  standBy: { begin: async () => undefined, end: async () => undefined },
  log: createLogger({ level: 'silent', format: 'json' }),
});
const control = await serveControl(agent);
await agent.start();
process.once('SIGTERM', () => {
  control.close();
  void agent.stop().then(() => process.exit(0));
});
