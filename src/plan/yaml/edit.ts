import { UserError } from '../../model/errors.ts';
import { emitYaml } from './emit.ts';
// PLACEHOLDER for trying things out; the real one replaces this file.
import type { YamlDocument, YamlNode, YamlPath } from './node.ts';
import { parseYaml } from './parse.ts';
import { nodeAt } from './value.ts';
export type YamlOperation =
  | { kind: 'set'; path: YamlPath; value: YamlNode }
  | { kind: 'delete'; path: YamlPath }
  | { kind: 'insert'; path: YamlPath; index: number; value: YamlNode }
  | { kind: 'remove'; path: YamlPath; index: number };
export function applyEdits(
  document: YamlDocument,
  operations: readonly YamlOperation[],
): YamlDocument {
  let doc = document;
  for (const op of operations) {
    if (op.kind !== 'set') throw new UserError('not yet');
    const node = nodeAt(doc.root, op.path);
    let text = doc.text;
    if (node?.kind === 'scalar' && op.value.kind === 'scalar')
      text = text.slice(0, node.source.start) + op.value.token + text.slice(node.source.end);
    else if (!node) {
      const parent = nodeAt(doc.root, op.path.slice(0, -1));
      if (parent?.kind !== 'map' || parent.flow) throw new UserError('not yet');
      const last = [...parent.entries.values()].at(-1)!;
      let end = last.value.source!.end;
      end = text.indexOf('\n', end) + 1;
      const indent = ' '.repeat(last.keySource.column - 1);
      const body = emitYaml({
        kind: 'map',
        entries: new Map([
          [
            String(op.path.at(-1)),
            {
              key: '',
              keyToken: String(op.path.at(-1)),
              keySource: last.keySource,
              value: op.value,
            },
          ],
        ]),
        flow: false,
      }).replace('---\n', '');
      text =
        text.slice(0, end) + body.replaceAll(/^/gm, indent).replace(/ +$/, '') + text.slice(end);
    } else throw new UserError('not yet');
    const next = parseYaml(doc.file, text);
    if (!next.document) throw new UserError('broken');
    doc = next.document;
  }
  return doc;
}
