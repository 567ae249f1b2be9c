import { createHash } from 'node:crypto';

const SIZE = 624;
const SHIFT = 397;

/** Python's `random.Random(seed)`: the Mersenne Twister MT19937, seeded from text or an integer as CPython does. */
export class PythonRandom {
  private readonly state = new Uint32Array(SIZE);
  private index = SIZE;

  constructor(seed: string | bigint) {
    this.seedBy(typeof seed === 'string' ? wordsOfText(seed) : wordsOf(seed < 0n ? -seed : seed));
  }

  private seedBy(key: readonly number[]): void {
    const { state } = this;
    state[0] = 19_650_218;
    for (let i = 1; i < SIZE; i += 1) state[i] = this.mix(i, 1_812_433_253) + i;
    let i = 1;
    let j = 0;
    for (let count = Math.max(SIZE, key.length); count > 0; count -= 1) {
      state[i] = (at(state, i) ^ this.mix(i, 1_664_525)) + at(key, j) + j;
      j = (j + 1) % key.length;
      i = this.next(i);
    }
    for (let count = SIZE - 1; count > 0; count -= 1) {
      state[i] = (at(state, i) ^ this.mix(i, 1_566_083_941)) - i;
      i = this.next(i);
    }
    state[0] = 0x80000000;
  }

  private mix(i: number, factor: number): number {
    const before = at(this.state, i - 1);
    return Math.imul(before ^ (before >>> 30), factor);
  }

  private next(i: number): number {
    if (i + 1 < SIZE) return i + 1;
    this.state[0] = at(this.state, SIZE - 1);
    return 1;
  }

  private word(): number {
    if (this.index >= SIZE) this.twist();
    let word = at(this.state, this.index);
    this.index += 1;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < SIZE; i += 1) {
      const word = (at(state, i) & 0x80000000) | (at(state, (i + 1) % SIZE) & 0x7fffffff);
      const odd = word & 1 ? 0x9908b0df : 0;
      state[i] = at(state, (i + SHIFT) % SIZE) ^ (word >>> 1) ^ odd;
    }
    this.index = 0;
  }

  /** An integer from 0 up to, but not, `end`, which is at least 1 and below 2³². */
  below(end: number): number {
    const bits = 32 - Math.clz32(end);
    for (;;) {
      const word = this.word() >>> (32 - bits);
      if (word < end) return word;
    }
  }
}

function at(words: Uint32Array | readonly number[], index: number): number {
  return words[index] ?? 0;
}

/** An integer in words of 32 bits, the lowest first. */
function wordsOf(value: bigint): number[] {
  const words: number[] = [];
  for (let rest = value; rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffffffffn));
  return words.length === 0 ? [0] : words;
}

function wordsOfText(text: string): number[] {
  const bytes = Buffer.from(text);
  const all = Buffer.concat([bytes, createHash('sha512').update(bytes).digest()]);
  return wordsOf(BigInt(`0x${all.toString('hex')}`));
}
