// A controller whose driver runs nothing, and that kills itself: mortal-service.ts CONFIG STEP
// oxlint-disable-next-line import/no-unassigned-import
import './mortal.ts';
import { loadConfig } from '../../src/config/load.ts';
import { startService } from '../../src/controller/service.ts';
import { dieAt, stepsTaken } from './mortal.ts';
import { FakeDriver } from './service.ts';

const [file, step] = process.argv.slice(2);
dieAt(Number(step));
const config = await loadConfig({ file, env: {} });
const service = await startService({ config, version: '1.2.3', driver: new FakeDriver() });
process.stdout.write(`${JSON.stringify({ url: service.url }, null, 2)}\n`);
await new Promise((resolve) => process.once('SIGTERM', resolve));
await service.stop(1000);
process.stdout.write(`${JSON.stringify({ steps: stepsTaken() })}\n`);
