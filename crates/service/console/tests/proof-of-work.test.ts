import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sha256, solve } from "../src/proof-of-work";

function expected(message: string): string {
  return createHash("sha256").update(message).digest("hex");
}

test("the hash is SHA-256 at every length around the block's edge", () => {
  for (const length of [0, 1, 54, 55, 56, 63, 64, 65, 119, 120, 200]) {
    const message = "ä".repeat(length >> 1) + "x".repeat(length & 1);
    const hash = [...sha256(message)].map((word) => word.toString(16).padStart(8, "0")).join("");
    assert.equal(hash, expected(message), `${length} bytes`);
  }
});

test("a solution has the zero bits that were asked for", async () => {
  const challenge = { challenge: "a challenge", zero_bits: 12 };
  assert.match(expected(challenge.challenge + (await solve(challenge))), /^000/);
});
