import assert from "node:assert/strict";
import { test } from "node:test";
import { countersignedAt, readableCopy, readReceipt } from "../src/receipt";

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

test("what is exported is the file that both programs verify, with the texts as they were signed", () => {
  const countersignature = jws({ alg: "EdDSA" }, { received_at: "2026-03-04T12:00:00Z" });
  const views = [
    { request_id: "r1", received_at: "2026-03-04T12:00:00Z", receipt, countersignature },
    { request_id: "r2", received_at: "2026-03-04T12:01:00Z", receipt: "broken" },
  ];
  const file = JSON.parse(readableCopy(views, { ...organisation, key_successions: ["a.b.c"] }));
  assert.deepEqual([file.format, file.version], ["ondemand-receipts", 1]);
  assert.deepEqual(file.organisations, [{ id: "org", name: "Example Support", public_key: "key", key_successions: ["a.b.c"] }]);
  assert.deepEqual([file.receipts[0].receipt, file.receipts[0].countersignature], [receipt, countersignature]);
  assert.equal(file.receipts[0].terms.outcome, "rejected");
  assert.equal(file.receipts[0].request.operator.name, "Olivia Exämple");
  assert.deepEqual(file.receipts[1], { receipt: "broken" });
  assert.equal(countersignedAt(countersignature), "2026-03-04T12:00:00Z");
  for (const none of [undefined, "", "x.y"]) assert.ok(!countersignedAt(none));
});
