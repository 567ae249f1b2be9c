import { sha256, type FileMode, type TreeFile } from '../model/tree.ts';

/** A file that was made for one tree. */
class OwnFile implements TreeFile {
  readonly mode: FileMode;
  readonly content: Buffer;
  /** Worked out when it is asked for: of a file that is only compared it never is. */
  #sha256: string | undefined;

  constructor(text: string, mode: FileMode) {
    this.mode = mode;
    this.content = Buffer.from(text);
  }

  static hashOf(file: OwnFile): string {
    return (file.#sha256 ??= sha256(file.content));
  }
}

/** A file with this text, for the tree of one site alone or for those that share it by keeping it. */
export function fileOf(text: string, mode: FileMode = '100644'): TreeFile {
  return new OwnFile(text, mode);
}

const hashes = new WeakMap<Buffer, string>();

/**
 * SHA-256 of a file's content, worked out once, for files never change. What was made for one site carries its own:
 * tens of thousands of entries in a weak map would keep the garbage collector busy.
 */
export function contentHash(file: TreeFile): string {
  if (file instanceof OwnFile) return OwnFile.hashOf(file);
  let hash = hashes.get(file.content);
  if (hash === undefined) hashes.set(file.content, (hash = sha256(file.content)));
  return hash;
}
