import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';

import { loadConfig } from '../../config/load.ts';
import { type Service, startService, tokenFileOf } from '../../controller/service.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { EXIT, type Output, styled } from '../output.ts';
import { UI_FOLDER } from '../ui-folder.ts';
import { version } from '../version.ts';
import { Story } from './story.ts';
import { createWorld, type World } from './world.ts';

/** `trueup demo`: with `once` plays the whole story and leaves; else brings the sites up and stays. */
export async function demo(
  options: { once?: boolean; dir?: string },
  output: Output,
): Promise<number> {
  const started = performance.now();
  const world = await createWorld(options.dir);
  const service = await start(world);
  try {
    const story = new Story(world, service, output);
    if (options.once) await story.play();
    else {
      await story.bringUp();
      tellWhatToTry(world, service, output);
      await new Promise<void>((resolve) => {
        process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
      });
    }
    const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
    output.document({ folder: world.root, seconds, steps: story.steps });
    output.line(
      `\n${styled('green', 'done')} in ${seconds} s. Everything it made is in ${world.root}`,
    );
    return EXIT.ok;
  } catch (error) {
    output.note(`The controller's log is ${world.log}`);
    throw error;
  } finally {
    await service.stop(2000);
  }
}

async function start(world: World): Promise<Service> {
  const config = await loadConfig({
    env: { TRUEUP_RUNNER_ANSIBLE_PLAYBOOK: process.env['TRUEUP_RUNNER_ANSIBLE_PLAYBOOK'] },
    overrides: {
      dataDir: world.data,
      plan: { url: world.origin, pollInterval: '1s' },
      server: { port: 0 },
      runner: { concurrency: 4 },
    },
  });
  const file = createWriteStream(world.log, { flags: 'a' });
  const log = createLogger({
    level: 'debug',
    format: 'json',
    write: (line) => void file.write(line),
  });
  return startService({ config, version: await version(), log, ui: UI_FOLDER });
}

function tellWhatToTry(world: World, service: Service, output: Output): void {
  const { url } = service;
  const site = 'lisbon-07';
  const tree = join(world.data, 'sites', site, 'tree');
  const cli = `npx trueup`;
  const page = existsSync(UI_FOLDER)
    ? `${url}/               the web UI`
    : 'npm run build:ui, and start again: the web UI';
  output.line(`
${styled('bold', 'The controller is up.')} Stop it with Ctrl-C.

  where to look
    ${page}
    ${url}/metrics
    ${url}/api/v1/status          ${url}/api/v1/openapi.json
    ${cli} status --server ${url}
    git --git-dir=${join(world.data, 'sites.git')} log -p refs/sites/${site}/desired
    ${world.log}

  what to try (in another terminal, in this folder)
    edit a rendered file of a site:      ${tree}/group_vars/all.yml
    see what the plan could learn:       ${cli} proposals --server ${url}
    adopt it, or send the site back:     export TRUEUP_TOKEN=$(cat ${tokenFileOf(world.data)})
                                         ${cli} proposals merge 1 --server ${url}
                                         ${cli} proposals close 1 --server ${url}
    change the plan:                     cd ${world.clone}, edit, commit, git push origin HEAD:main
    what Ansible made of it:             ${world.hosts}
`);
}
