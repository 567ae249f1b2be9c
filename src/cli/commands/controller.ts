import { loadConfig } from '../../config/load.ts';
import { startService } from '../../controller/service.ts';
import { EXIT, type Output } from '../output.ts';
import { UI_FOLDER } from '../ui-folder.ts';
import { version } from '../version.ts';

/** `trueup controller`: runs until it is told to end. A second signal ends it at once. */
export async function controller(options: { config?: string }, output: Output): Promise<number> {
  const config = await loadConfig({ file: options.config, env: process.env });
  const service = await startService({ config, version: await version(), ui: UI_FOLDER });
  output.document({ url: service.url, dataDir: config.dataDir });
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
  process.once('SIGINT', () => process.exit(EXIT.error));
  await service.stop();
  return EXIT.ok;
}
