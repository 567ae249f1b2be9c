import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { type SiteRun } from '../../src/model/agent-wire.ts';
import { startAgentSites } from '../support/agent-sites.ts';

const SECRET = 'correct horse/battery';
/** Ways in which a report could tell it. */
const TOLD = [SECRET, JSON.stringify(SECRET), encodeURIComponent(SECRET), btoa(SECRET)];

test(
  'what an agent tells is nowhere at the centre with a secret of its site in it (law 11)',
  { timeout: 180_000 },
  async () => {
    const { service, world, enrol } = await startAgentSites();
    const layer = await world.planFile('layers/common.yaml');
    await world.commit('Have a secret', {
      'layers/common.yaml': `${layer}\ntoken: ${SECRET}\n`,
      'stacks/base/schema.json': '{ "properties": { "token": { "x-secret": true } } }',
      'stacks/base/stack.yaml': `${await world.planFile('stacks/base/stack.yaml')}
exports: { values: { greeting: string, leaked: string } }
`,
    });
    service.look();
    await service.until(
      'it is desired',
      async () => (await service.site('lisbon')).generation === 2,
    );
    const agent = await enrol('lisbon');
    const desired = await agent.pull();
    const words = `it says ${TOLD.join(' and ')}`;
    const run: SiteRun = {
      id: 'one',
      cause: words,
      commit: desired,
      desired,
      revision: '',
      report: {
        kind: 'apply',
        driver: 'fake',
        site: 'lisbon',
        digest: 'd'.repeat(64),
        startedAt: 1,
        endedAt: 2,
        result: 'success',
        reason: words,
        outputs: { greeting: 'hello', leaked: words },
        outputFaults: [{ name: 'leaked', reason: words }],
        hosts: { lisbon: { ok: 1, changed: 1, failed: 0, unreachable: 0, skipped: 0 } },
        tasks: [
          {
            host: 'lisbon',
            playbook: 'base/playbooks/site.yml',
            name: words,
            path: 'base/playbooks/site.yml:7',
            action: 'copy',
            status: 'changed',
            duration: 1,
            message: words,
            diff: `-old\n+token=${TOLD.join('\n+')}\n`,
          },
        ],
      },
    };
    await agent.push({ runs: [run], status: { message: words, hold: words, guard: words } });

    const said = [
      await service.api('GET', '/runs'),
      await service.api('GET', '/runs/lisbon:one'),
      await service.api('GET', '/sites/lisbon'),
      await service.api('GET', '/sites/lisbon/runs'),
      await service.api('GET', '/status'),
    ].map(({ status, body }) => {
      expect(status).toBe(200);
      return JSON.stringify(body);
    });
    expect(said[1]).toContain('it says •••');
    expect(await service.store.exports.all({ site: 'lisbon' })).toMatchObject([
      { name: 'greeting', value: 'hello', fault: null },
      { name: 'leaked', value: null, fault: 'a secret of the site stands in it in the clear' },
    ]);
    const database = (await readdir(world.data)).filter((name) => name.startsWith('trueup.sqlite'));
    expect(database.length).toBeGreaterThan(0);
    const rows = await Promise.all(
      database.map((name) => readFile(join(world.data, name), 'latin1')),
    );
    for (const text of [...said, ...service.lines, ...rows])
      for (const form of TOLD) expect(text.includes(form)).toBe(false);
  },
);
