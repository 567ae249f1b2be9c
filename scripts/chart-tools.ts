/**
 * Finds the programs that check the chart, the alerts and the metrics; those that are missing are brought into
 * node_modules/.cache/trueup, and nothing else of the machine is touched:
 *
 * - helm is built with Go at a pinned version (minutes of CPU the first time, seconds afterwards)
 * - promtool and prometheus are taken out of the distribution's package, without installing it
 *
 * `npm run chart:tools` brings all of them. A program on the PATH always wins.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type Tool = 'helm' | 'promtool' | 'prometheus';

const HELM = '3.22.0';
/** The Kubernetes version that this Helm is made for, which a plain `go install` leaves out. */
const KUBERNETES_MINOR = 37;

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../node_modules/.cache/trueup', import.meta.url));
const bin = join(cache, 'bin');

/** The path of a program: from the PATH, else from our cache; undefined where neither has it. */
export async function locate(tool: string): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, bin]) {
    const path = join(folder, tool);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

/**
 * Takes promtool and prometheus out of the distribution's package, with the ordinary apt.
 * @throws Error where there is no apt, it has no such package, or it does not answer within two minutes
 */
export async function bringPrometheus(): Promise<void> {
  await inScratch(async (folder) => {
    const options = { cwd: folder, timeout: 120_000 };
    await run('apt-get', ['download', 'prometheus'], options).catch(async () => {
      // The machine has no package lists: fetch them, but into our folder.
      const ours = ['Dir::State::Lists=lists', 'Dir::Cache=cache'].flatMap((setting) => [
        '-o',
        setting.replace('=', `=${folder}/`),
      ]);
      await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
      await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
      await run('apt-get', [...ours, 'update'], options);
      await run('apt-get', [...ours, 'download', 'prometheus'], options);
    });
    const archive = (await readdir(folder)).find((file) => file.endsWith('.deb'));
    if (archive === undefined) throw new Error('apt-get download left no package behind');
    await run('dpkg', ['-x', archive, 'package'], options);
    for (const tool of ['promtool', 'prometheus']) {
      await rename(join(folder, 'package', 'usr', 'bin', tool), join(bin, tool));
    }
  });
}

/**
 * Builds helm with Go.
 * @throws Error where Go is missing, too old, or cannot reach its module proxy
 */
export async function buildHelm(): Promise<void> {
  const module = 'helm.sh/helm/v3';
  const versions = ['pkg/chartutil', 'pkg/lint/rules'].flatMap((name) => [
    `-X ${module}/${name}.k8sVersionMajor=1`,
    `-X ${module}/${name}.k8sVersionMinor=${KUBERNETES_MINOR}`,
  ]);
  const flags = ['-s -w', `-X ${module}/internal/version.version=v${HELM}`, ...versions].join(' ');
  await inScratch(async (folder) => {
    const go = ['go', 'install', '-trimpath', '-ldflags', flags, `${module}/cmd/helm@v${HELM}`];
    // Not from within the repository, and gently: it takes all cores for minutes.
    await run('nice', ['-n', '19', ...go], {
      cwd: folder,
      env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
      maxBuffer: 64 * 2 ** 20,
    });
    await rename(join(folder, 'helm'), join(bin, 'helm'));
  });
}

/** Works in a folder beside the cache's programs, so that a finished one is moved there in one step. */
async function inScratch(work: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(bin, { recursive: true });
  const folder = await mkdtemp(join(cache, 'scratch-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  if ((await locate('promtool')) === undefined || (await locate('prometheus')) === undefined) {
    console.log('taking promtool and prometheus from the distribution');
    await bringPrometheus();
  }
  if ((await locate('helm')) === undefined) {
    console.log(`building helm ${HELM} with Go; this takes minutes the first time`);
    await buildHelm();
  }
  for (const tool of ['helm', 'promtool', 'prometheus']) console.log(await locate(tool));
}
