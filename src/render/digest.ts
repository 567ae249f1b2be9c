import { sha256 } from '../model/tree.ts';

const hashes = new WeakMap<Buffer, string>();

/** SHA-256 of a file's content, worked out once: sites share most of their files, and files never change. */
export function contentHash(content: Buffer): string {
  let hash = hashes.get(content);
  if (hash === undefined) hashes.set(content, (hash = sha256(content)));
  return hash;
}
