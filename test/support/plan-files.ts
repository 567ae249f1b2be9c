import { blobId, type FileMode, type TrackedFile } from '../../src/model/tree.ts';

/** A plan in memory: path → text, bytes, or either with a mode. */
export type PlanSource = Readonly<
  Record<string, string | Uint8Array | { mode: FileMode; content: string | Uint8Array }>
>;

/** The files of a plan as a reader of git would give them. */
export function planFiles(
  source: PlanSource | ReadonlyMap<string, string>,
): Map<string, TrackedFile> {
  const entries = source instanceof Map ? source : Object.entries(source);
  const files = new Map<string, TrackedFile>();
  for (const [path, file] of entries) {
    const whole = typeof file === 'object' && 'mode' in file;
    const content = Buffer.from(whole ? file.content : file);
    files.set(path, { mode: whole ? file.mode : '100644', content, hash: blobId(content) });
  }
  return files;
}
