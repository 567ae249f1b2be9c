import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AnsibleDriver } from '../../ansible/driver.ts';
import type { RunRequest } from '../../model/driver.ts';
import { UserError } from '../../model/errors.ts';
import { type RunKind, type RunReport, type TaskReport, totalCounts } from '../../model/run.ts';
import type { ExportedValue, Plan } from '../../plan/plan.ts';
import { secretValuesIn } from '../../plan/secrets.ts';
import { playbooksOf, renderSite, withManifest } from '../../render/render.ts';
import { runPlan } from '../../render/run-plan.ts';
import { Runner } from '../../runner/runner.ts';
import { readExports, writeExports } from '../exports-file.ts';
import { count, EXIT, type Output, styled, styledDiff } from '../output.ts';
import { openPlan, type PlanOptions } from '../plan-source.ts';

/** Seconds. */
const TIMEOUT = 30 * 60;

export interface ApplyOptions extends PlanOptions {
  check?: boolean;
  vaultPasswordFile?: string;
}

/** `trueup apply`: renders a site and runs Ansible on it here and now. */
export async function apply(site: string, options: ApplyOptions, output: Output): Promise<number> {
  const report = await run(site, options.check ? 'check' : 'apply', options, output);
  output.document(report);
  return tell(report, output);
}

/** `trueup drift`: a check run that tells how the hosts differ from the plan. */
export async function drift(site: string, options: ApplyOptions, output: Output): Promise<number> {
  const report = await run(site, 'check', options, output);
  output.document(report);
  return tell(report, output);
}

async function run(
  site: string,
  kind: RunKind,
  options: ApplyOptions,
  output: Output,
): Promise<RunReport> {
  const { plan, revision } = await openPlan(options);
  if (!plan.sites.has(site))
    throw new UserError(
      `the plan has no site ${site}; it has ${[...plan.sites.keys()].join(', ')}`,
    );
  const rendered = renderSite(plan, site);
  const tree = withManifest(rendered, {
    plan: plan.name,
    revision,
    generation: 0,
    run: runPlan(plan, site),
  });
  const report = await runHere(
    {
      kind,
      site,
      tree,
      playbooks: playbooksOf(plan, site),
      outputs: Object.fromEntries(
        [...gatheredBy(plan, site)].map(([name, { rule }]) => [name, { secret: rule.secret }]),
      ),
      cause: revision ? `revision ${revision.slice(0, 10)}` : 'the plan as it stands',
      secrets: secretValuesIn(plan, site, rendered.tree),
    },
    options,
    output,
  );
  await keepOutputs(plan, report, options.exports);
  return report;
}

/** Runs Ansible on this machine for a tree, until it ends or somebody interrupts us. */
export async function runHere(
  request: Omit<RunRequest, 'id' | 'timeout' | 'signal' | 'onProgress'>,
  { vaultPasswordFile }: { vaultPasswordFile?: string },
  output: Output,
): Promise<RunReport> {
  const workDirectory = await mkdtemp(join(tmpdir(), 'trueup-'));
  const driver = new AnsibleDriver({
    workDirectory,
    ...(vaultPasswordFile ? { vaultPasswordFile } : {}),
  });
  const runner = new Runner({ driver, concurrency: 1 });
  const cancel = new AbortController();
  const stop = (): void => cancel.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await runner.submit({
      ...request,
      id: randomUUID(),
      timeout: TIMEOUT,
      signal: cancel.signal,
      onProgress: ({ host, task, status }) => {
        if (process.stderr.isTTY && !output.json)
          output.note(styled('dim', `${host}  ${task}  ${status}`));
      },
    });
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await runner.stop();
    await rm(workDirectory, { recursive: true, force: true });
  }
}

function gatheredBy(plan: Plan, site: string): Map<string, { stack: string; rule: ExportedValue }> {
  const stacks = plan.sites.get(site)!.stacks.map((name) => plan.stacks.get(name)!);
  return new Map(
    stacks.flatMap(({ name: stack, exportedValues }) =>
      [...exportedValues].map(([name, rule]) => [name, { stack, rule }] as const),
    ),
  );
}

/** Adds what a successful apply gathered to the file that others are rendered with. */
async function keepOutputs(plan: Plan, report: RunReport, file: string | undefined): Promise<void> {
  if (file === undefined || report.kind !== 'apply' || report.result !== 'success') return;
  const wanted = gatheredBy(plan, report.site);
  const values = Object.entries(report.outputs ?? {}).flatMap(([name, value]) => {
    const { stack, rule } = wanted.get(name) ?? {};
    return stack !== undefined && rule?.fault(value) === undefined
      ? [{ site: report.site, stack, name, value }]
      : [];
  });
  if (values.length > 0) await writeExports(file, await readExports(file), values);
}

/** Shows how a run went. Returns the exit code: a check that would change something is a difference. */
export function tell(report: RunReport, output: Output): number {
  for (const task of report.tasks.filter(({ status }) => status !== 'ok' && status !== 'skipped')) {
    output.line(taskLine(task));
    if (task.message) output.line(`  ${task.message}`);
    if (task.diff) output.line(styledDiff(task.diff));
  }
  const { ok, changed, failed, unreachable } = totalCounts(report.hosts);
  const seconds = ((report.endedAt - report.startedAt) / 1000).toFixed(1);
  const verb = report.kind === 'check' ? 'would change' : 'changed';
  const unverifiable = report.tasks.filter(({ status }) => status === 'unverifiable').length;
  output.line(
    `${report.result === 'success' ? styled('green', report.site) : styled('red', report.site)}: ` +
      `${count(Object.keys(report.hosts).length, 'host')}, ${changed} ${verb}, ${ok} ok, ${failed} failed, ${unreachable} unreachable` +
      `${unverifiable > 0 ? `, ${unverifiable} could not be checked` : ''} (${seconds} s)`,
  );
  for (const { name, reason } of report.outputFaults ?? [])
    output.note(`${name} is not taken: ${reason}`);
  if (report.reason) output.note(report.reason);
  if (report.result !== 'success') return EXIT.error;
  return report.kind === 'check' && changed > 0 ? EXIT.differs : EXIT.ok;
}

function taskLine({ host, name, status, path }: TaskReport): string {
  const color = status === 'failed' || status === 'unreachable' ? 'red' : 'yellow';
  return `${styled(color, status.padEnd(12))} ${host}  ${name}  ${styled('dim', path)}`;
}
