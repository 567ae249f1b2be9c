import { GitHubForge } from '../src/forge/github/github-forge.ts';
import type { RunRequest } from '../src/model/driver.ts';
import type { RunReport } from '../src/model/run.ts';
import { startGitHub } from '../test/support/github/server.ts';
import { FakeDriver, TestService } from '../test/support/service.ts';
import { syntheticPlan } from '../test/support/synthetic-plan.ts';
import { eventually } from '../test/support/wait.ts';
import { World } from '../test/support/world.ts';

/**
 * A pull request that touches every site, from its webhook to the comment and the status on the emulated GitHub:
 * merged, read, rendered, compared, stored and told. Run: `node bench/preview-posted.ts [sites]`.
 */
const SITES = Number(process.argv[2] ?? 10_000);
const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';
const LAYER = 'layers/common.yaml';
const PATIENCE = 600_000;

/** Begins what it is asked for and is at it until the end: applies are not what is measured. */
class BusyDriver extends FakeDriver {
  readonly #end = Promise.withResolvers<void>();

  override async run(request: RunRequest): Promise<RunReport> {
    await this.#end.promise;
    return super.run(request);
  }

  end(): void {
    this.#end.resolve();
  }
}

const github = await startGitHub({ owner: 'acme', repo: 'plan', token: TOKEN });
const plan = syntheticPlan({ sites: SITES, layers: 4, templates: 8, leaves: 200 });
const world = await World.create(Object.fromEntries(plan), {
  origin: github.gitDirectory,
  force: true,
});
const access = { repository: 'acme/plan', baseUrl: github.url, token: TOKEN };
const driver = new BusyDriver();
const service = await TestService.start(world, {
  driver,
  config: {
    plan: { url: github.gitUrl, pollInterval: '10m' },
    forge: { type: 'github', github: access },
    drift: { compareInterval: '10m' },
  },
});
try {
  service.look();
  await wait('the plan is in force', async () => {
    const { goodRevision, evaluatingRevision } = await service.store.plan.get();
    return goodRevision !== null && evaluatingRevision === null;
  });
  const forge = new GitHubForge({ ...access, token: () => TOKEN });
  for (const change of ['added: 7\n', 'added: 8\n']) {
    const branch = `change-${change.length}-${change.at(-2)}`;
    await world.git('checkout', '-q', '--detach', 'origin/main');
    const changed = plan.get(LAYER)!.replace('ntp0.example.org', 'ntp9.example.org') + change;
    const head = await world.commit('Change the clock everywhere', { [LAYER]: changed }, branch);
    const draft = { branch, base: 'main', title: 'Change the clock', body: '', labels: [] };
    const { number } = await forge.ensurePullRequest(draft);
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    service.service.controller.nudge({ pullRequest: number });
    const told = await wait('it is told', () =>
      github.statuses.find(({ commit, context }) => commit === head && context === 'trueup/render'),
    );
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const comment = github.comments.find(({ pull }) => pull === number);
    console.log(
      `#${number}: ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s CPU; ${told.description}; ` +
        `a comment of ${comment?.body.length} characters`,
    );
  }
} finally {
  driver.end();
  await service.stop();
  await world.remove();
  await github.close();
}

function wait<T>(what: string, look: () => T | false | undefined | Promise<T | false | undefined>) {
  return eventually(what, look, { patience: PATIENCE });
}
