import type { z } from 'zod';

import type { Problem } from '../model/problem.ts';
import type { PostCheck } from './plan.ts';
import { durationMs, type stackSchema } from './schemas.ts';
import { positionOf, quoted } from './shape.ts';
import { keyPosition } from './sites.ts';
import type { YamlDocument, YamlNode } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

interface Read {
  /** Undefined where the stack has none, or one that cannot be used. */
  check: PostCheck | undefined;
  /** The playbook that it names, which the stack must have. */
  playbooks: { playbook: string; node: YamlNode }[];
  problems: Problem[];
}

/** Reads a stack's `postCheck`: a playbook, or a map with a playbook or a command, and a timeout. */
export function readPostCheck(
  { root }: YamlDocument,
  { postCheck: given }: z.output<typeof stackSchema>,
): Read {
  if (given === undefined) return { check: undefined, playbooks: [], problems: [] };
  const short = typeof given === 'string';
  const { playbook, command, timeout } = short ? { playbook: given } : given;
  const problems: Problem[] = [];
  if ((playbook === undefined) === (command === undefined)) {
    const message = '"postCheck" must have a playbook or a command, and not both';
    problems.push({ message, position: keyPosition(root, ['postCheck']) });
  }
  if (timeout !== undefined && durationMs(timeout) < 1000) {
    const { source } = nodeAt(root, ['postCheck', 'timeout'])!;
    const message = `"postCheck.timeout" must be 1s or more, not ${quoted(timeout)}`;
    problems.push({ message, position: positionOf(source!) });
  }
  for (const [index, word] of (command ?? []).entries()) {
    if (!word.includes('\0') && (index > 0 || word !== '')) continue;
    const { source } = nodeAt(root, ['postCheck', 'command', index])!;
    const what = index === 0 ? 'the name of a program' : 'an argument of a program';
    problems.push({ message: `${quoted(word)} cannot be ${what}`, position: positionOf(source!) });
  }
  const run = playbook !== undefined ? { playbook } : { command: command ?? [] };
  const seconds = timeout === undefined ? {} : { timeout: Math.ceil(durationMs(timeout) / 1000) };
  const path = short ? ['postCheck'] : ['postCheck', 'playbook'];
  return {
    check: problems.length === 0 ? { run, ...seconds } : undefined,
    playbooks: playbook === undefined ? [] : [{ playbook, node: nodeAt(root, path)! }],
    problems,
  };
}
