import type { Problem } from '../model/problem.ts';
import { pathFault } from '../model/tree.ts';
import type { SiteOverlay } from './plan.ts';
import { absentSchema } from './schemas.ts';
import { checkShape, positionOf, quoted, topOf } from './shape.ts';
import type { YamlDocument } from './yaml/node.ts';
import { nodeAt } from './yaml/value.ts';

const FOLDER = 'overlays';
/** Says which files a site goes without; beside it in an overlay's folder stand whole files. */
const ABSENT = '.trueup-absent.yaml';
/** What trueup itself writes into a site tree, and nobody else. */
const OWN_FOLDER = '.trueup/';

/** The file that lists what a site goes without. */
export function absentFile(site: string): string {
  return `${FOLDER}/${site}/${ABSENT}`;
}

/** Where a plan keeps a site's own version of a file of its tree. */
export function overlayFile(site: string, path: string): string {
  return `${FOLDER}/${site}/${path}`;
}

/**
 * Reads a site's overlay.
 * @param paths every path in its folder
 * @param absent the parsed file of absent paths, if there is one that can be parsed
 */
export function readOverlay(
  site: string,
  paths: readonly string[],
  absent: YamlDocument | undefined,
): { overlay: SiteOverlay; problems: Problem[] } {
  const problems: Problem[] = [];
  const files = new Map<string, string>();
  for (const source of paths) {
    const path = source.slice(overlayFile(site, '').length);
    if (path === ABSENT) continue;
    if (isOwn(path)) {
      const message = `${quoted(path)} is written by trueup alone and cannot be overlaid`;
      problems.push({ message, position: topOf(source) });
    } else files.set(path, source);
  }
  const read = absent && checkShape(absent, absentSchema, new Map());
  problems.push(...(read?.problems ?? []));
  const gone = read?.value?.paths ?? [];
  for (const [index, path] of gone.entries()) {
    const fault = absenceFault(path, files);
    if (!fault) continue;
    const position = positionOf(nodeAt(absent!.root, ['paths', index])!.source!);
    problems.push({ message: `the path ${quoted(path)} ${fault}`, position });
  }
  return { overlay: { files, absent: gone }, problems };
}

function absenceFault(path: string, files: ReadonlyMap<string, string>): string | undefined {
  if (isOwn(path)) return 'is written by trueup alone and cannot be absent';
  if (files.has(path)) return 'is overlaid by a file and absent at once';
  return pathFault(path);
}

function isOwn(path: string): boolean {
  return (
    path.toLowerCase().startsWith(OWN_FOLDER) || path.toLowerCase() === OWN_FOLDER.slice(0, -1)
  );
}
