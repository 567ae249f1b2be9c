import { compareText } from '../../model/problem.ts';
import { siteOf } from '../../plan/layers.ts';
import type { Plan } from '../../plan/plan.ts';
import { decodeUtf8 } from '../../plan/yaml/parse.ts';
import { placeOfOffset } from './places.ts';
import type { MentionReport } from './types.ts';

/** Longer files are no playbooks (bytes). */
const MAX_BYTES = 1024 * 1024;

/**
 * The files of a site's playbooks and roles in which a name stands as a word of its own. Ansible reads them, not we:
 * that the name is there does not prove that it means the parameter, and a name may be put together.
 */
export function mentionsOf(plan: Plan, site: string, name: string): MentionReport[] {
  const escaped = name.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
  const word = new RegExp(`(?<!\\w)${escaped}(?!\\w)`, 'g');
  const mentions: MentionReport[] = [];
  for (const stack of siteOf(plan, site).stacks) {
    for (const { source, template } of plan.stacks.get(stack)!.files) {
      if (template || !/\/(?:playbooks|roles)\//.test(source)) continue;
      const content = plan.files.get(source)?.content;
      if (!content || content.length > MAX_BYTES) continue;
      const { text = '' } = decodeUtf8(source, content);
      const found = [...text.matchAll(word)];
      const [first] = found;
      if (!first) continue;
      const position = placeOfOffset(source, text, first.index);
      mentions.push({ file: source, position, count: found.length });
    }
  }
  return mentions.toSorted((a, b) => compareText(a.file, b.file));
}
