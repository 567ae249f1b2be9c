import type { PlanEdit } from '../model/proposal.ts';
import type { SiteTree } from '../model/tree.ts';
import type { Plan } from '../plan/plan.ts';
import { applyEdits } from '../plan/yaml/edit.ts';
import { makeNode } from '../plan/yaml/make.ts';
import { parseYaml } from '../plan/yaml/parse.ts';
import { unifiedPatch } from '../plan/yaml/patch.ts';

/** Lists the files of the site tree that one site goes without. */
const ABSENT = '.trueup-absent.yaml';

/** Plan edits that keep files at one site as they were found there; a deleted one is listed as absent. */
export function overlayEdits(
  plan: Plan,
  site: string,
  observed: SiteTree,
  paths: readonly string[],
): PlanEdit[] {
  const edits: PlanEdit[] = [];
  const absent: string[] = [];
  const present: string[] = [];
  for (const path of paths) {
    const found = observed.get(path);
    const file = `overlays/${site}/${path}`;
    if (found) {
      present.push(path);
      const before = plan.files.get(file);
      edits.push({
        file,
        content: found.content,
        mode: found.mode,
        patch: contentPatch(file, before?.content, found.content),
      });
      continue;
    }
    const before = plan.files.get(file);
    if (before) {
      edits.push({
        file,
        content: null,
        mode: before.mode,
        patch: contentPatch(file, before.content, undefined),
      });
    }
    absent.push(path);
  }
  const list = absentEdit(plan, site, absent, present);
  return list ? [...edits, list] : edits;
}

/** The edit of the list of absent files, if it changes: gone files come in, those that are back go out. */
function absentEdit(
  plan: Plan,
  site: string,
  absent: readonly string[],
  present: readonly string[],
): PlanEdit | undefined {
  const known = plan.overlays.get(site)?.absent ?? [];
  const wanted = [
    ...known.filter((path) => !present.includes(path)),
    ...absent.filter((path) => !known.includes(path)),
  ];
  if (wanted.length === known.length && wanted.every((path, index) => path === known[index]))
    return undefined;
  const file = `overlays/${site}/${ABSENT}`;
  const before = plan.files.get(file);
  if (wanted.length === 0 && before) {
    return {
      file,
      content: null,
      mode: before.mode,
      patch: contentPatch(file, before.content, undefined),
    };
  }
  const text =
    before?.content.toString('utf8') ?? 'apiVersion: trueup/v1\nkind: Absent\npaths: []\n';
  const { document } = parseYaml(file, text);
  if (!document) return undefined;
  const edited = applyEdits(document, [{ kind: 'set', path: ['paths'], value: makeNode(wanted) }]);
  const content = Buffer.from(edited.text);
  return { file, content, mode: '100644', patch: contentPatch(file, before?.content, content) };
}

/** A unified diff of a file's content; of binary content only that it differs. */
export function contentPatch(
  file: string,
  before: Buffer | undefined,
  after: Buffer | undefined,
): string {
  if (before?.includes(0) || after?.includes(0)) return `Binary file ${file} differs\n`;
  return unifiedPatch(file, before?.toString('utf8') ?? null, after?.toString('utf8') ?? null);
}
