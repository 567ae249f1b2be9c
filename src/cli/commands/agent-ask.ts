import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, copyFile, rm } from 'node:fs/promises';
import { resolve as absolute, join } from 'node:path';

import { z } from 'zod';

import type { AgentView } from '../../agent/agent.ts';
import { type Asked, askAgent, perform } from '../../agent/control.ts';
import { agentDirectory, CARRIED } from '../../agent/data-directory.ts';
import { partName } from '../../agent/exchange.ts';
import { errorCode, UserError } from '../../model/errors.ts';
import { type RunReport, totalCounts } from '../../model/run.ts';
import { count, EXIT, type Output, styled, styledDiff } from '../output.ts';
import { writeWhole } from '../whole-file.ts';
import { type DataOptions, openAgentOnce } from './agent.ts';

const Exported = z
  .object({ bytes: z.number(), sequence: z.number(), files: z.array(z.string()) })
  .nullable();

/** Asks the agent that runs on the data directory, or does it in its place where none runs. */
export async function ask(options: DataOptions, asked: Asked): Promise<unknown> {
  const running = await askAgent(agentDirectory(options.data).socket, asked);
  if (running) return running.answer;
  const agent = await openAgentOnce(options);
  try {
    return await perform(agent, asked);
  } finally {
    await agent.stop();
  }
}

/** `trueup agent status` */
export async function status(options: DataOptions, output: Output): Promise<number> {
  const view = viewOf(await ask(options, { do: 'view' }));
  tell(view, output);
  output.document(view);
  return EXIT.ok;
}

/** `trueup agent import` */
export async function importBundle(
  file: string,
  options: DataOptions,
  output: Output,
): Promise<number> {
  const answer = await handedOver(options, file, async (handed) => {
    if (handed !== file) await lend(file, handed);
    return ask(options, { do: 'import', file: absolute(handed) });
  });
  const view = viewOf(answer);
  output.line(
    z.object({ fresh: z.boolean() }).parse(answer).fresh
      ? `took in generation ${view.status?.generation}`
      : 'the site has it already',
  );
  tell(view, output);
  output.document(answer);
  return EXIT.ok;
}

/** `trueup agent export` */
export async function exportBundle(
  file: string,
  options: DataOptions & { full?: boolean },
  output: Output,
): Promise<number> {
  const made = await handedOver(options, file, async (handed) => {
    const asked = { do: 'export' as const, file: absolute(handed), full: options.full === true };
    const answer = Exported.parse(await ask(options, asked));
    if (!answer) return null;
    const files = answer.files.map((_, at) => partName(file, at + 1));
    for (const [at, from] of handed === file ? [] : answer.files.entries()) {
      await writeWhole(files[at]!, createReadStream(from), 0o600);
      await rm(from, { force: true });
    }
    return { ...answer, files };
  });
  if (!made) output.line('the centre has everything');
  else output.line(`wrote ${made.bytes} bytes to ${made.files.join(', ')}`);
  if (made && made.files.length > 1)
    output.line('it was too much for one bundle: take them in one after the other, in this order');
  output.document(made ?? { bytes: 0 });
  return EXIT.ok;
}

/** `trueup agent apply` */
export async function apply(
  options: DataOptions & { check?: boolean },
  output: Output,
): Promise<number> {
  if (options.check) {
    const { report, code } = await tellCheck(options, output);
    output.document(report);
    return code;
  }
  const { view, code } = await tellApply(options, output);
  output.document(view);
  return code;
}

/** A check run of what stands at the site, or would with an edit, told to people. */
export async function tellCheck(
  options: DataOptions,
  output: Output,
  edits?: (Asked & { do: 'edit' })['edits'],
): Promise<{ report: RunReport; code: number }> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const report = (await ask(options, { do: 'check', ...(edits && { edits }) })) as RunReport;
  for (const task of report.tasks.filter(({ status }) => status !== 'ok' && status !== 'skipped')) {
    output.line(`${styled('bold', task.host)}  ${task.status}  ${task.name}`);
    if (task.diff) output.line(styledDiff(task.diff));
  }
  const { changed } = totalCounts(report.hosts);
  output.line(
    report.result === 'success'
      ? `applied, it would change ${count(changed, 'thing')}`
      : `the check run ended otherwise (${report.result}): ${report.reason}`,
  );
  if (report.result !== 'success') return { report, code: EXIT.error };
  return { report, code: changed > 0 ? EXIT.differs : EXIT.ok };
}

/** Applies what stands at the site, and tells people how it does then. */
export async function tellApply(
  options: DataOptions,
  output: Output,
): Promise<{ view: AgentView; code: number }> {
  const view = viewOf(await ask(options, { do: 'apply' }));
  tell(view, output);
  const applied = view.status?.failed === false && view.status.hold === null;
  return { view, code: applied ? EXIT.ok : EXIT.error };
}

/** `trueup agent resolve` */
export async function resolve(
  path: string,
  choice: string,
  options: DataOptions,
  output: Output,
): Promise<number> {
  if (choice !== 'plan' && choice !== 'site')
    throw new UserError(`"${choice}" is no choice: say plan or site`);
  const answer = await ask(options, { do: 'resolve', path, choice });
  const { left } = z.object({ left: z.array(z.string()) }).parse(answer);
  output.line(left.length > 0 ? `still to be solved: ${left.join(', ')}` : 'the site goes on');
  output.document(answer);
  return EXIT.ok;
}

/**
 * Names a file to the agent. One that runs may be another user, and as a service sees neither our /tmp nor a stick, or may
 * not write there: it gets the file in its own directory, where we may reach it.
 */
async function handedOver<T>(
  { data }: DataOptions,
  file: string,
  use: (handed: string) => Promise<T>,
): Promise<T> {
  const { socket, transfer } = agentDirectory(data);
  if (!(await askAgent(socket, { do: 'view' }))) return use(file);
  const handed = join(transfer, `${CARRIED}${randomUUID()}.bundle`);
  try {
    return await use(handed);
  } finally {
    await rm(handed, { force: true });
  }
}

async function lend(file: string, handed: string): Promise<void> {
  try {
    await copyFile(file, handed);
    // It has the mode of ours until now; who reaches it at all, the folder says.
    await chmod(handed, 0o644);
  } catch (error) {
    const code = errorCode(error) ?? 'no reason given';
    throw new UserError(
      code === 'ENOENT'
        ? `there is no file ${file}`
        : `${file} cannot be handed to the agent (${code})`,
    );
  }
}

function viewOf(answer: unknown): AgentView {
  // Of our own making, by this very version.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return answer as AgentView;
}

function tell(view: AgentView, output: Output): void {
  const { site, tree, server, status, contact, edited, troubles, owed } = view;
  // Why it is held has a line of its own.
  const message = status?.message.startsWith('held: ') ? 'held' : status?.message;
  output.line(`${styled('bold', site)}  ${message || 'nothing was brought here yet'}`);
  if (status?.hold) output.line(`  ${styled('yellow', 'held')}      ${status.hold}`);
  else if (status && status.base !== status.desired)
    output.line(
      `  waits     generation ${status.generation} is here, and is still to be brought in`,
    );
  for (const path of status?.conflicts ?? [])
    output.line(`  conflict  ${path}: or \`trueup agent resolve ${path} plan|site\``);
  for (const path of edited) output.line(`  edited    ${path}`);
  if (status?.guard) output.line(`  ${styled('red', 'guard')}     ${status.guard}`);
  for (const trouble of troubles)
    if (trouble !== contact?.error) output.line(`  ${styled('red', 'trouble')}   ${trouble}`);
  output.line(`  tree      ${tree}`);
  const heard = contact?.at
    ? `heard of at ${new Date(contact.at).toISOString()}`
    : 'never heard of';
  const centre = contact?.error ? `${heard}; now: ${contact.error}` : heard;
  output.line(`  centre    ${server === null ? 'by hand' : `${server}, ${centre}`}`);
  if (owed > 0)
    output.line(`  owes      ${owed === 1 ? '1 commit or report' : `${owed} commits and reports`}`);
}
