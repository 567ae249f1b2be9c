// An agent that applies what stands at its site, and never ends doing so: mortal-agent.ts DATA AHEAD
import { Agent } from '../../src/agent/agent.ts';
import { loadAgentSettings } from '../../src/agent/settings.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { FakeDriver } from './service.ts';

const [data = '', ahead = '0'] = process.argv.slice(2);
const driver = new FakeDriver();
const run = driver.run.bind(driver);
driver.run = async (request) => {
  process.send?.({ run: request.kind });
  // Only a kill ends it.
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
  return run(request);
};
const agent = await Agent.open({
  data,
  settings: await loadAgentSettings(),
  version: '1.2.3',
  driver,
  standBy: { begin: async () => undefined, end: async () => undefined },
  log: createLogger({ level: 'silent', format: 'json' }),
  now: () => Date.now() + Number(ahead),
});
await agent.apply();
