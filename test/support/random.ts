import { createHash } from 'node:crypto';

/** Numbers in [0, 1) that the seed alone decides. */
export function seededRandom(seed: string): () => number {
  let count = 0;
  return () => {
    count += 1;
    const digest = createHash('sha256').update(`${seed} ${count}`).digest();
    return digest.readUInt32BE(0) / 2 ** 32;
  };
}
