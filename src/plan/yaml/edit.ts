import { refusal, show, stepsOf, type Step, type YamlOperation } from './edit-steps.ts';
import { editText } from './edit-text.ts';
import { applyStep } from './edit-tree.ts';
import { detectStyle } from './edit-write.ts';
import type { YamlDocument } from './node.ts';
import { parseYaml } from './parse.ts';
import { nodeAt, sameNode } from './value.ts';

export type { YamlOperation } from './edit-steps.ts';

/**
 * Changes a document as a careful person would: only the text that an operation needs is touched, comments stay,
 * new text takes after what stands around it. After every step the text is read again and must have changed
 * exactly that path. Operations are done in turn, each on what the ones before have left.
 * Throws `UserError` where an operation cannot be done: no such place, a place that is reached through an alias or
 * a merge key, a change that would show elsewhere in the file too.
 */
export function applyEdits(
  document: YamlDocument,
  operations: readonly YamlOperation[],
): YamlDocument {
  let current = document;
  for (const operation of operations) {
    const verbatim = operation.op === 'set' && operation.verbatim === true;
    for (const step of stepsOf(current.root, current.file, operation))
      current = take(current, step, verbatim);
  }
  return current;
}

function take(document: YamlDocument, step: Step, verbatim: boolean): YamlDocument {
  const { file, root, text } = document;
  const expected = applyStep(root, step);
  const edited = editText(text, root, step, { ...detectStyle(root, text), verbatim });
  const { document: after, problems } = parseYaml(file, edited);
  if (after && sameNode(after.root, expected, { order: true })) return after;
  const node = nodeAt(root, step.path) ?? root;
  const at = 'at' in step ? step.at : step.entry.key;
  const why = problems[0]?.message ?? 'other values of the file would change with it';
  throw refusal(node, file, `${show([...step.path, at])} cannot be changed alone: ${why}`);
}
