import { isUtf8 } from 'node:buffer';

/** An entry of a git tree, as it stands there. Nothing in it has been found safe. */
export interface TreeEntry {
  /** Octal, as written: `100644`, `40000`, `120000`. */
  mode: string;
  /** Bytes that are no UTF-8 are spelled `\xNN`; `valid` is then false. */
  name: string;
  valid: boolean;
  id: string;
}

const SPACE = 0x20;

/**
 * Reads a tree object: entries of `mode SP name NUL id`, the id in binary.
 * @param idBytes 20 in SHA-1 repositories, 32 in SHA-256 ones
 * @throws Error if it is cut off
 * @see https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
 */
export function parseTree(content: Buffer, idBytes: number): TreeEntry[] {
  const entries: TreeEntry[] = [];
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(SPACE, at);
    const nul = content.indexOf(0, space);
    const next = nul + 1 + idBytes;
    if (space === -1 || nul === -1 || next > content.length) throw new Error('a tree is cut off');
    const name = content.subarray(space + 1, nul);
    const valid = isUtf8(name);
    entries.push({
      mode: content.toString('latin1', at, space),
      name: valid ? name.toString('utf8') : escapeBytes(name),
      valid,
      id: content.toString('hex', nul + 1, next),
    });
    at = next;
  }
  return entries;
}

function escapeBytes(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replaceAll(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
