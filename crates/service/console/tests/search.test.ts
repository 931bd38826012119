import assert from "node:assert/strict";
import { test } from "node:test";
import { searchQuery } from "../src/ui/search";

const NOTHING = { search: "", from: "", until: "" };

test("what is not looked for is not asked", () => {
  assert.equal(searchQuery(NOTHING, { operator: "", after: undefined }), "");
  assert.equal(searchQuery({ ...NOTHING, search: "  " }, { after: "1.2" }), "after=1.2");
});

test("both days count whole, in the operator's own time zone", () => {
  const query = new URLSearchParams(searchQuery({ ...NOTHING, from: "2026-03-04", until: "2026-03-04" }, {}));
  assert.equal(query.get("from"), new Date(2026, 2, 4).toISOString());
  assert.equal(query.get("until"), new Date(2026, 2, 5).toISOString());
});

test("signs are written so that they arrive", () => {
  const query = new URLSearchParams(searchQuery({ ...NOTHING, search: "Ülkü & Co" }, { operator: "op-1", permission: "control" }));
  assert.deepEqual(Object.fromEntries(query), { search: "Ülkü & Co", operator: "op-1", permission: "control" });
});
