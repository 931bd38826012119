import assert from "node:assert/strict";
import { test } from "node:test";
import { readableCopy, readReceipt } from "../src/receipt";

function jws(header: object, payload: object): string {
  return [header, payload].map((it) => Buffer.from(JSON.stringify(it)).toString("base64url")).join(".").concat(".c2ln");
}

const request = jws({ alg: "EdDSA", kid: "org-key" }, { permissions: ["view"], operator: { id: "op", name: "Olivia Exämple" } });
const receipt = jws({ alg: "EdDSA", kid: "agent-key" }, { number: 3, outcome: "rejected", signed_request: request });
const organisation = { id: "org", name: "Example Support", public_key: "key" };

test("a receipt is read with the request it repeats and the key it names", () => {
  const read = readReceipt(receipt);
  assert.deepEqual([read?.terms.number, read?.request.operator.name, read?.key], [3, "Olivia Exämple", "agent-key"]);
  for (const text of ["", "a.b.c", "....", receipt.slice(5)]) assert.equal(readReceipt(text), undefined, text);
});

test("the readable copy has the signed text as it came, what it says, and the organisation's key", () => {
  const views = [
    { request_id: "r1", received_at: "2026-03-04T12:00:00Z", receipt },
    { request_id: "r2", received_at: "2026-03-04T12:01:00Z", receipt: "broken" },
  ];
  const copy = JSON.parse(readableCopy(views, organisation));
  assert.equal(copy.organisation.public_key, "key");
  assert.equal(copy.receipts[0].receipt.jws, receipt);
  assert.equal(copy.receipts[0].receipt.payload.outcome, "rejected");
  assert.equal(copy.receipts[0].request.payload.operator.name, "Olivia Exämple");
  assert.deepEqual(copy.receipts[1].receipt, { jws: "broken" });
});
