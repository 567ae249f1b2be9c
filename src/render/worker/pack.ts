import type { FileMode, TrackedFile } from '../../model/tree.ts';
import type { PackedPlan, PlanSource } from './job.ts';

/** Gathers the contents of plans, each distinct one once, in one buffer that can be handed to a thread. */
export class Packer {
  readonly #places = new Map<string, { start: number; content: Buffer }>();
  #size = 0;

  add({ files, refused = [] }: PlanSource): PackedPlan {
    const packed: PackedPlan['files'] = [];
    for (const [path, { mode, hash, content }] of files) {
      let place = this.#places.get(hash);
      if (!place) {
        this.#places.set(hash, (place = { start: this.#size, content }));
        this.#size += content.length;
      }
      packed.push([path, mode, hash, place.start, place.start + content.length]);
    }
    return { files: packed, refused };
  }

  contents(): ArrayBuffer {
    const all = new Uint8Array(this.#size);
    for (const { start, content } of this.#places.values()) all.set(content, start);
    return all.buffer;
  }
}

/**
 * The plan's files again. Files that are the same in two plans are the same object, and so are what is known of them.
 * @param known files by mode and blob id; looked into and added to
 */
export function unpack(
  { files }: PackedPlan,
  contents: ArrayBuffer,
  known: Map<string, TrackedFile>,
): Map<string, TrackedFile> {
  return new Map(
    files.map(([path, mode, hash, start, end]) => {
      const key: `${FileMode} ${string}` = `${mode} ${hash}`;
      let file = known.get(key);
      if (!file)
        known.set(key, (file = { mode, hash, content: Buffer.from(contents, start, end - start) }));
      return [path, file];
    }),
  );
}
