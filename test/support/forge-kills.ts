import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openStore, type Store } from '../../src/store/store.ts';
import { Acts } from './forge-acts.ts';
import { Mortals } from './forge-mortals.ts';
import { type FakeGitHub, startGitHub } from './github/server.ts';
import { seededRandom } from './random.ts';
import { TOKEN } from './service-process.ts';
import { eventually } from './wait.ts';
import { pairPlan, site } from './world-plan.ts';
import { World } from './world.ts';

const FORGE_TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const SECRET = 'a-secret-shared-with-the-forge';
/** Acts that are played at once, each at a site of its own. */
const AT_ONCE = 3;
const MERGED = `drift:
  autoMerge:
    - { kinds: [param], sites: 'region=auto' }
`;

export interface KillsOutcome {
  deaths: string[];
  acts: number;
  calls: number;
  pulls: number;
  comments: number;
  merges: number;
  seconds: number;
}

/**
 * Kills controllers, so many of them, each at a random call to the forge, while people edit, decide, open pull
 * requests and break the plan; then holds the forge to what must be there exactly once.
 * @throws Error with the seed and the last of the log if anything is doubled or missing
 */
export async function playKills(kills: number, seed: string): Promise<KillsOutcome> {
  const random = seededRandom(seed);
  const started = performance.now();
  const github = await startGitHub({ owner: 'acme', repo: 'plan', token: FORGE_TOKEN });
  const names = Array.from({ length: AT_ONCE }, (_, i) => `site-${i}`);
  const world = await World.create((hosts) => planOf(hosts, names), {
    origin: github.gitDirectory,
    force: true,
  });
  const log = join(world.root, 'controller.log');
  let mortals: Mortals | undefined;
  let store: Store | undefined;
  try {
    const settings = await writeSettings(world, github);
    mortals = new Mortals({ github, settings, log, random, kills, secret: SECRET });
    const running = mortals;
    const acts = new Acts({
      github,
      world,
      url: () => running.url,
      store: async () => (store ??= await openStore({ file: join(world.data, 'trueup.sqlite') })),
      tell: async () => ({
        proposals: (await store?.proposals.list({ limit: 5 }))?.map(
          ({ number, state, site: at, choice, closeReason }) => ({
            number,
            state,
            at,
            choice,
            closeReason,
          }),
        ),
        pulls: github.pulls
          .slice(-5)
          .map(({ number, state, title, branch }) => ({ number, state, title, branch })),
        comments: github.comments.slice(-5),
        plan: await store?.plan.get(),
      }),
    });
    const played = await Promise.race([
      play(acts, running, { names, kills, random }),
      running.fails,
    ]);
    await atRest(() => store!, names.length);
    const code = await running.end();
    if (code !== 0) throw new Error(`the last controller ended with ${code}`);
    const faults = [...faultsOf(github, acts.edits), ...github.violations];
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return {
      deaths: running.deaths,
      acts: played,
      calls: github.requests.length,
      pulls: github.pulls.length,
      comments: github.comments.length,
      merges: github.pulls.filter(({ merge }) => merge !== null).length,
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    const lines = (await readFile(log, 'utf8').catch(() => '')).split('\n').slice(-30);
    const told = [`seed ${seed}`, ...(mortals?.deaths.slice(-12) ?? []), ...lines];
    throw new Error(told.join('\n'), { cause: error });
  } finally {
    mortals?.kill();
    await store?.close();
    await world.remove();
    await github.close();
  }
}

function planOf(hosts: string, names: readonly string[]): Record<string, string> {
  const { 'sites/lisbon.yaml': _lisbon, 'sites/porto.yaml': _porto, ...files } = pairPlan(hosts);
  return {
    ...files,
    'plan.yaml': `${files['plan.yaml']}${MERGED}`,
    ...Object.fromEntries(names.flatMap(filesOf)),
  };
}

/** A site whose edits people decide, and one whose edits the plan lets be merged. */
function filesOf(name: string): [path: string, text: string][] {
  const auto = name.replace('site', 'auto');
  return [
    [`sites/${name}.yaml`, site(name)],
    [`sites/${auto}.yaml`, site(auto).replace('region: south', 'region: auto')],
  ];
}

async function writeSettings(world: World, github: FakeGitHub): Promise<string> {
  const file = join(world.root, 'trueup.json');
  const access = {
    repository: 'acme/plan',
    baseUrl: github.url,
    token: FORGE_TOKEN,
    webhookSecret: SECRET,
    writesPerMinute: 60_000,
  };
  const settings = {
    dataDir: world.data,
    plan: { url: github.gitUrl, pollInterval: '1s' },
    forge: { type: 'github', github: access },
    // Addresses that are told stay the same, wherever one listens.
    server: { port: 0, token: TOKEN, publicUrl: 'https://trueup.example.org' },
    drift: { settle: '20ms', compareInterval: '1s', gather: '20ms', maxProposalsPerHour: 10_000 },
    log: { level: 'debug', format: 'json' },
  };
  await writeFile(file, JSON.stringify(settings));
  return file;
}

/** Plays acts, one after the other at each site, until all kills are done. Returns how many there were. */
async function play(
  acts: Acts,
  mortals: Mortals,
  { names, kills, random }: { names: readonly string[]; kills: number; random: () => number },
): Promise<number> {
  let count = 0;
  let deck: Acts['kinds'][number][] = [];
  const playAt = async (name: string): Promise<void> => {
    while (mortals.deaths.length < kills) {
      // Each kind comes once before any comes again.
      if (deck.length === 0) deck = [...acts.kinds];
      const [act] = deck.splice(Math.floor(random() * deck.length), 1);
      count += 1;
      await act!(name);
    }
  };
  await Promise.all(names.map(playAt));
  return count;
}

/** Waits until there is nothing left to do. */
async function atRest(store: () => Store, sites: number): Promise<void> {
  await eventually(
    'all is at rest',
    async () => {
      const rows = (await store().sites.list({ limit: 500 })).filter((row) => !row.removedAt);
      const { pending, open } = await store().proposals.countByState();
      const plan = await store().plan.get();
      return (
        rows.length >= sites &&
        rows.every(
          (row) =>
            row.state === 'synced' &&
            row.observedDigest === row.desiredDigest &&
            row.appliedDigest === row.desiredDigest,
        ) &&
        pending + open === 0 &&
        plan.goodRevision === plan.headRevision
      );
    },
    { patience: 150_000 },
  );
}

/** What is doubled at the forge, or missing. */
function faultsOf(github: FakeGitHub, edits: readonly string[]): string[] {
  const { pulls, comments, statuses, requests, repository } = github;
  const faults: string[] = [];
  const once = (what: string, count: number, least = 1): void => {
    if (count > 1 || count < least) faults.push(`${what}: ${count} times`);
  };
  for (const edit of edits)
    once(
      `pull request of "${edit}"`,
      pulls.filter(({ title }) => title.includes(`→ ${edit}`)).length,
    );
  for (const [branch, same] of Map.groupBy(pulls, (pull) => pull.branch))
    once(`pull request of ${branch}`, same.length);
  const merges = repository.git('log', '--merges', '--format=%s', 'main').split('\n');
  for (const { number, merge, user } of pulls) {
    const subjects = merges.filter((line) => new RegExp(`#${number}\\b`).test(line));
    if (merge) once(`merge of #${number}`, subjects.length);
    else if (subjects.length > 0) faults.push(`#${number} is merged and says that it is not`);
    const own = comments.filter(({ pull, user: by }) => pull === number && by !== 'maintainer');
    const marks = Map.groupBy(own, ({ body }) => body.split('\n', 1)[0]!);
    for (const [mark, same] of marks) once(`comment ${mark} of #${number}`, same.length);
    if (user === 'maintainer')
      once(`preview of #${number}`, marks.get('<!-- trueup:preview -->')?.length ?? 0);
  }
  // Where two came to be, one of them was taken away again: it was there, and people were told of it.
  const deleted = requests.filter(
    ({ method, path }) => method === 'DELETE' && /comments/.test(path),
  );
  if (deleted.length > 0) faults.push(`${deleted.length} comments were deleted`);
  const said = Map.groupBy(statuses, ({ commit, context }) => `${context} of ${commit}`);
  for (const [what, all] of said) {
    const words = all.map(({ state, description }) => `${state} ${description}`);
    const twice = words.some((word, index) => word === words[index + 1]);
    if (twice) faults.push(`${what} says the same twice: ${words.join('; ')}`);
  }
  return faults;
}
