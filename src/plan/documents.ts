import type { Problem } from '../model/problem.ts';
import type { PlanFiles } from './plan.ts';
import type { YamlDocument } from './yaml/node.ts';
import { decodeUtf8, parseYaml } from './yaml/parse.ts';

/** Parsed files of a plan, by path. */
export type Documents = ReadonlyMap<string, YamlDocument>;

/**
 * Parses files of a plan, but takes over what is known of those that did not change.
 * @param paths all of them files of the plan
 */
export function readDocuments(
  paths: Iterable<string>,
  files: PlanFiles,
  previous?: { files: PlanFiles; documents: Documents },
): { documents: Map<string, YamlDocument>; problems: Problem[] } {
  const documents = new Map<string, YamlDocument>();
  const problems: Problem[] = [];
  for (const path of paths) {
    const file = files.get(path)!;
    const known = previous?.documents.get(path);
    if (known && previous?.files.get(path)?.hash === file.hash) {
      documents.set(path, known);
      continue;
    }
    const { text, problem } = decodeUtf8(path, file.content);
    const read = problem ? { document: undefined, problems: [problem] } : parseYaml(path, text);
    problems.push(...read.problems);
    if (read.document) documents.set(path, read.document);
  }
  return { documents, problems };
}
