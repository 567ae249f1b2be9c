import leven from 'leven';

/** How far apart two words may be and still be taken for a slip of the pen: a third of the longer one's letters. */
const SLIP = 1 / 3;
/** In words of four letters and more, two letters that changed places are a slip as well. */
const SWAP = 2;

/** The known word that was probably meant, if one is near enough; of two that are as near, the first. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let distance = Infinity;
  for (const candidate of known) {
    const d = leven(word.toLowerCase(), candidate.toLowerCase());
    if (d < distance) [best, distance] = [candidate, d];
  }
  if (best === undefined) return undefined;
  const length = Math.max(word.length, best.length);
  return distance <= Math.max(length * SLIP, length >= 4 ? SWAP : 0) ? best : undefined;
}
