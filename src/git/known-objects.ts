/** Ids that one generation holds; about 100 bytes each. */
const GENERATION = 150_000;

/**
 * Ids of objects that were lately written, so that they are not written again. Nothing in a store of ours is ever
 * pruned: what was there is there. Bounded: of what was not asked for in a long time, nothing is known.
 */
export class KnownObjects {
  #young = new Set<string>();
  #old = new Set<string>();

  has(id: string): boolean {
    if (this.#young.has(id)) return true;
    if (!this.#old.has(id)) return false;
    this.add(id);
    return true;
  }

  add(id: string): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
  }
}
