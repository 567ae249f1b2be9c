// A controller whose driver runs nothing, to be killed by whoever watches the forge: forge-mortal.ts CONFIG
// It loads everything first and begins only when it is told to, so that a successor can be had at once.
import { loadConfig } from '../../src/config/load.ts';
import { startService } from '../../src/controller/service.ts';
import { FakeDriver } from './service.ts';

const [file] = process.argv.slice(2);
if (!process.send || file === undefined) throw new Error('to be forked with a file of settings');
process.once('disconnect', () => process.exit(1));
process.once('message', () => {
  void begin(file);
});
process.send({ loaded: true });

async function begin(settings: string): Promise<void> {
  const config = await loadConfig({ file: settings, env: {} });
  const service = await startService({ config, version: '1.2.3', driver: new FakeDriver() });
  process.send?.({ url: service.url });
  process.once('message', () => {
    void service.stop(5000).then(() => process.exit(0));
  });
}
