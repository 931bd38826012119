// Solves the challenge that a service under attack asks for before it looks up a session code.
// SHA-256 is here because the browser's own is asynchronous, and a million promises take twenty times as long.

import type { ProofOfWorkChallenge } from "./types";

const TRIES_AT_ONCE = 20_000;

/** The solution; the page stays usable meanwhile. */
export async function solve(challenge: ProofOfWorkChallenge): Promise<string> {
  for (let first = 0; ; first += TRIES_AT_ONCE) {
    for (let number = first; number < first + TRIES_AT_ONCE; number++) {
      const solution = String(number);
      if (leadingZeroBits(sha256(challenge.challenge + solution)) >= challenge.zero_bits) return solution;
    }
    await new Promise((resume) => setTimeout(resume));
  }
}

function leadingZeroBits(hash: Uint32Array): number {
  let bits = 0;
  for (const word of hash) {
    bits += Math.clz32(word);
    if (word !== 0) break;
  }
  return bits;
}

// The constants are the fractional parts of the roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3).
const PRIMES = Array.from({ length: 312 }, (_, n) => n).filter(
  (n) => n > 1 && Array.from({ length: n - 2 }, (_, d) => d + 2).every((d) => n % d !== 0),
);
const fraction = (value: number) => (value - Math.floor(value)) * 2 ** 32;
const K = Uint32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Uint32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

/** SHA-256 as eight words. */
export function sha256(message: string): Uint32Array {
  const bytes = new TextEncoder().encode(message);
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setUint32(padded.length - 4, bytes.length * 8);

  const hash = START.slice();
  const w = new Uint32Array(64);
  const at = (list: Uint32Array, index: number) => list[index] as number;
  const rotate = (word: number, by: number) => (word >>> by) | (word << (32 - by));

  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 16; i++) w[i] = words.getUint32(block + i * 4);
    for (let i = 16; i < 64; i++) {
      const x = at(w, i - 15);
      const y = at(w, i - 2);
      const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
      const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
      w[i] = at(w, i - 16) + s0 + at(w, i - 7) + s1;
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash;
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + at(K, i) + at(w, i)) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => (hash[i] = at(hash, i) + word));
  }
  return hash;
}
