import type { TestContext } from 'vitest';

import { bringPrometheus, locate, type Tool } from '../../scripts/chart-tools.ts';
import { messageOf } from '../../src/model/errors.ts';

export type FoundTool = { path: string; reason?: never } | { path?: never; reason: string };

const found = new Map<Tool, Promise<FoundTool>>();

/**
 * The path of a program that tests use, or why it cannot be had. promtool and prometheus are taken from the
 * distribution where they are missing (a few seconds, once); helm takes minutes to build, so that is left to
 * `npm run chart:tools`.
 */
export function findTool(name: Tool): Promise<FoundTool> {
  let tool = found.get(name);
  if (tool === undefined) {
    tool = look(name);
    found.set(name, tool);
  }
  return tool;
}

/**
 * The path of a program that a test needs. Where it is missing the test is skipped with the reason, or fails if
 * TRUEUP_NEED_TOOLS is set, as it is in `npm run chart:check`.
 */
export async function needTool(context: TestContext, name: Tool): Promise<string> {
  const tool = await findTool(name);
  if (tool.path !== undefined) return tool.path;
  if (process.env['TRUEUP_NEED_TOOLS'] !== undefined) throw new Error(tool.reason);
  return context.skip(tool.reason);
}

/** Skips the test for a reason, if there is one, and says it; fails if TRUEUP_NEED_TOOLS is set. */
export function skipFor(context: TestContext, reason: string | undefined): void {
  if (reason === undefined) return;
  if (process.env['TRUEUP_NEED_TOOLS'] !== undefined) throw new Error(reason);
  context.skip(reason);
}

async function look(name: Tool): Promise<FoundTool> {
  const path = await locate(name);
  if (path !== undefined) return { path };
  if (name === 'helm') return { reason: 'helm is missing: npm run chart:tools builds it' };
  try {
    await bringPrometheus();
  } catch (error) {
    return { reason: `${name} is missing, and apt does not bring it: ${messageOf(error)}` };
  }
  const brought = await locate(name);
  return brought === undefined ? { reason: `${name} is not in the package` } : { path: brought };
}
