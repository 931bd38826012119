// An authenticator app: codes by RFC 6238 from the key that the console shows.

import { createHmac } from "node:crypto";

const STEP_MS = 30_000;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** The code of a moment. */
export function code(key: string, at = Date.now()): string {
  let bits = "";
  for (const letter of key.replaceAll(/\s/g, "")) bits += LETTERS.indexOf(letter).toString(2).padStart(5, "0");
  const secret = Buffer.from(bits.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const digest = createHmac("sha1", secret).update(step).digest();
  const start = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(start) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The code after this one, which the service takes half a minute early. */
export const nextCode = (key: string) => code(key, Date.now() + STEP_MS);
