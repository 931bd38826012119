import assert from "node:assert/strict";
import { test } from "node:test";
import { historyQuery, NO_FILTERS } from "../src/history/query";

test("what is not looked for is not asked", () => {
  assert.equal(historyQuery(NO_FILTERS, "op-1"), "");
  assert.equal(historyQuery({ ...NO_FILTERS, search: "  " }, "op-1", "1.2"), "after=1.2");
});

test("both days count whole, in the operator's own time zone", () => {
  const query = new URLSearchParams(historyQuery({ ...NO_FILTERS, from: "2026-03-04", until: "2026-03-04" }, "op-1"));
  assert.equal(query.get("from"), new Date(2026, 2, 4).toISOString());
  assert.equal(query.get("until"), new Date(2026, 2, 5).toISOString());
});

test("signs are written so that they arrive", () => {
  const filters = { ...NO_FILTERS, search: "Ülkü & Co", mine: true, permission: "control", ended: "user" } as const;
  const query = new URLSearchParams(historyQuery(filters, "op-1"));
  assert.deepEqual(Object.fromEntries(query), { search: "Ülkü & Co", operator: "op-1", permission: "control", ended: "user" });
});
