import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, clock, codeIn, duration, groupedCode, operatingSystem, parseCode, secondsLeft } from "../src/format";

test("a code is shown in three groups", () => {
  assert.equal(groupedCode("123456789"), "123-456-789");
});

test("an address that was mangled on its way holds no code", () => {
  assert.equal(codeIn("#123-456-789"), "123456789");
  assert.equal(codeIn("#123%20456%20789"), "123456789");
  for (const hash of ["", "#", "#123-456-789%", "#%ff", "#elsewhere"]) assert.equal(codeIn(hash), undefined, hash);
});

test("a code is read as people write it", () => {
  for (const typed of ["123456789", " 123-456-789\n", "123 456 789", "123–456–789", "١٢٣-٤٥٦-٧٨٩", "１２３４５６７８９"]) {
    assert.equal(parseCode(typed), "123456789", typed);
  }
  for (const typed of ["", "12345678", "1234567890", "12345678x", "<b>", "123456789/"]) {
    assert.equal(parseCode(typed), undefined, typed);
  }
});

test("a countdown never shows less than nothing, and shows zero only when time is up", () => {
  assert.equal(secondsLeft(10, 0), 10);
  assert.equal(secondsLeft(10, 9_001), 1);
  assert.equal(secondsLeft(10, 10_000), 0);
  assert.equal(secondsLeft(10, 60_000), 0);
});

test("clocks have hours only where there are any", () => {
  assert.deepEqual([0, 59.9, 60, 754, 3600, 36_061].map(clock), ["0:00", "0:59", "1:00", "12:34", "1:00:00", "10:01:01"]);
});

test("durations in sentences name their units", () => {
  assert.deepEqual([12, 60, 3599, 3600, 7500].map(duration), ["12 s", "1 min", "59 min", "1 h", "2 h 5 min"]);
});

test("what was long ago has a date", () => {
  const now = Date.parse("2026-03-04T12:00:00Z");
  assert.equal(ago("2026-03-04T11:59:30Z", now), "just now");
  assert.equal(ago("2026-03-04T11:15:00Z", now), "45 min ago");
  assert.equal(ago("2026-03-04T02:00:00Z", now), "10 h ago");
  assert.match(ago("2026-03-01T02:00:00Z", now), /2026/);
});

test("the clock of a service that is ahead is no reason for a time in the future", () => {
  assert.equal(ago("2026-03-04T12:00:05Z", Date.parse("2026-03-04T12:00:00Z")), "just now");
});

test("an operating system that nobody thought of is shown as it names itself", () => {
  assert.deepEqual(["linux", "macos", "windows", "haiku"].map(operatingSystem), ["Linux", "macOS", "Windows", "haiku"]);
});
