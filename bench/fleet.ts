import { startGitHub } from '../test/support/github/server.ts';
import { TestService } from '../test/support/service.ts';
import { eventually } from '../test/support/wait.ts';
import { pairPlan, site } from '../test/support/world-plan.ts';
import { World } from '../test/support/world.ts';

/**
 * A bad day: many sites are edited at once, most of them alike. Tells how long it takes until each kind of edit has
 * its one proposal, or waits its turn, and what that cost in requests to the forge. Run: `node bench/fleet.ts [sites]`.
 */
const SITES = Number(process.argv[2] ?? 500);
const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
/** Each of the last sites is edited in a way of its own. */
const ODD = 60;
const PATIENCE = 900_000;

const names = Array.from({ length: SITES }, (_, i) => `site-${String(i).padStart(4, '0')}`);
const alike = names.slice(0, SITES - ODD);

const github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
const world = await World.create(
  (hosts) => {
    const { 'sites/lisbon.yaml': _lisbon, 'sites/porto.yaml': _porto, ...files } = pairPlan(hosts);
    return {
      ...files,
      ...Object.fromEntries(names.map((name) => [`sites/${name}.yaml`, site(name)])),
    };
  },
  { origin: github.gitDirectory, force: true },
);
const service = await TestService.start(world, {
  config: {
    plan: { url: github.gitUrl, pollInterval: '10s' },
    forge: {
      type: 'github',
      github: { repository: 'acme/plan', baseUrl: github.url, token: TOKEN },
    },
    drift: { compareInterval: '10s' },
  },
});
try {
  const { store } = service;
  await wait('everything is applied', async () => {
    const { synced } = await store.sites.countByState();
    return synced === SITES;
  });
  const before = github.requests.length;
  const cpu = process.cpuUsage();
  const started = performance.now();
  for (const name of alike)
    await world.edit(name, 'group_vars/all.yml', 'motd: Welcome', 'motd: Hello');
  for (const [i, name] of names.slice(alike.length).entries())
    await world.edit(name, 'group_vars/all.yml', 'motd: Welcome', `motd: Hello from ${i}`);
  const since = () => ((performance.now() - started) / 1000).toFixed(1);
  console.log(`edited ${SITES} sites in ${since()} s, ${alike.length} of them alike`);
  await wait(
    'all of them are found',
    async () => (await store.drifts.countOpen('tree')).count === SITES,
  );
  console.log(`found all after ${since()} s`);
  await wait('one proposal explains all that are alike', async () => {
    const open = await store.proposals.list({ state: 'open', limit: 100 });
    const row = open.find(({ result }) => result.sites?.length === alike.length);
    return row !== undefined && github.pulls.some(({ head }) => head === row.commit);
  });
  console.log(`one proposal explains ${alike.length} sites after ${since()} s`);
  await wait('as many as may be are open', async () => {
    const { open, pending } = await store.proposals.countByState();
    const { body } = await service.api('GET', '/waiting');
    return pending === 0 && open + body.items.length === ODD + 1 && open === 30;
  });
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${github.pulls.length} pull requests are open after ${since()} s, ${ODD + 1 - github.pulls.length} edits wait`,
  );
  console.log(`CPU ${((user + system) / 1e6).toFixed(1)} s (the emulated GitHub among it)`);
  const counts = Map.groupBy(
    github.requests.slice(before),
    ({ method, path }) => `${method} ${path.replaceAll(/[0-9a-f]{40}|\d+/g, 'N')}`,
  );
  for (const [what, requests] of counts) console.log(String(requests.length).padStart(6), what);
  console.log(`comments: ${github.comments.length}`);
} finally {
  await service.stop();
  await world.remove();
  await github.close();
}

async function wait(what: string, look: () => Promise<boolean>): Promise<void> {
  await eventually(what, look, { patience: PATIENCE });
}
