import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);

export const CHART = fileURLToPath(new URL('../../charts/trueup', import.meta.url));

/** Kubernetes objects as a test looks at them. */
// The objects' types are Kubernetes' own, and what is wrong in one shows as a failed assertion.
// oxlint-disable-next-line typescript/no-explicit-any
export type Manifest = any;

/** The values files that the chart is checked with, by name. */
export async function valuesFiles(): Promise<Map<string, string>> {
  const files = await readdir(join(CHART, 'ci'));
  return new Map(files.toSorted().map((file) => [file, join(CHART, 'ci', file)]));
}

/**
 * Runs helm on the chart, away from the user's own helm folders.
 * @throws what execFile throws, with helm's words in `stderr`
 */
export async function helmRun(helm: string, home: string, args: string[]): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
  };
  const { stdout } = await run(helm, args, { env, cwd: home, maxBuffer: 16 * 2 ** 20 });
  return stdout;
}

/** Every object that the chart makes of these values, read as Kubernetes reads it: YAML 1.1, faults thrown. */
export async function renderChart(helm: string, home: string, args: string[]): Promise<Manifest[]> {
  const text = await helmRun(helm, home, [
    'template',
    'edge-1',
    CHART,
    '--namespace',
    'prod',
    ...args,
  ]);
  return parseAllDocuments(text, { version: '1.1' }).map((document) => {
    const [fault] = [...document.errors, ...document.warnings];
    if (fault !== undefined) throw fault;
    return document.toJS();
  });
}

/** The one object of a kind. */
export function only(manifests: Manifest[], kind: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`${found.length} objects are of kind ${kind}`);
  return found[0];
}
