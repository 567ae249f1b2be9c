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

/**
 * What a whole run draws its random moments from: the same each time, so that a run says the same twice.
 * `TRUEUP_SEED=random` draws others each time, `TRUEUP_SEED=17` those of a seed that a failure named.
 */
export function seedOfRun(): number {
  const wanted = process.env['TRUEUP_SEED'] ?? '20261123';
  return wanted === 'random' ? Date.now() % 1_000_000 : Number(wanted);
}
