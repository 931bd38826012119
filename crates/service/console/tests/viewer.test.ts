import assert from "node:assert/strict";
import { test } from "node:test";
import { chord, type Keys } from "../src/desktop/chord";
import { choosable, place, shownPart } from "../src/desktop/layout";
import type { Phase } from "../src/desktop/link";
import { read } from "../src/desktop/preferences";
import { isWanted, standingOf } from "../src/desktop/standing";
import { session } from "./support/samples";

const LEFT = { id: 7, x: 0, y: 0, width: 1000, height: 800 };
const RIGHT = { id: 9, x: 1000, y: 200, width: 500, height: 600 };
const BOTH = { desktop: { width: 1500, height: 800 }, monitors: [LEFT, RIGHT] };

test("monitors can be chosen where there are two, as they stand from left to right", () => {
  assert.deepEqual(choosable(BOTH.desktop, [RIGHT, LEFT]), [LEFT, RIGHT]);
  assert.deepEqual(choosable(BOTH.desktop, [LEFT]), []);
  assert.deepEqual(choosable({ width: 1200, height: 800 }, [LEFT, RIGHT]), [], "one reaches out of the desktop");
});

test("a monitor that is gone gives way to the whole desktop", () => {
  assert.deepEqual(shownPart(BOTH, 9), RIGHT);
  assert.deepEqual(shownPart(BOTH, 8), { x: 0, y: 0, width: 1500, height: 800 });
});

test("what is shown fills the room in one direction, and the rest of the desktop lies around it", () => {
  assert.deepEqual(place(BOTH.desktop, RIGHT, { width: 2000, height: 1200 }, "fit"), {
    view: { width: 1000, height: 1200 },
    desktop: { width: 3000, height: 1600 },
    left: 2000,
    top: 400,
  });
  assert.deepEqual(place(BOTH.desktop, RIGHT, { width: 100, height: 100 }, "actual").view, { width: 500, height: 600 });
});

test("a desktop of which nothing is known takes no room", () => {
  const nothing = { width: 0, height: 0 };
  assert.deepEqual(place(nothing, { x: 0, y: 0, ...nothing }, { width: 100, height: 100 }, "fit").view, nothing);
});

test("what the session says of the desktop goes before what the line says", () => {
  const running: Phase = { at: "running" };
  const broken: Phase = { at: "reconnecting", why: "broken" };
  assert.equal(standingOf(session(), running), "running");
  assert.equal(standingOf(session({ suspended: true }), broken), "suspended");
  assert.equal(standingOf(session({ granted: ["chat"] }), broken), "takenBack");
  const ended = { reason: "user", at: "2026-03-04T12:30:00Z" } as const;
  assert.equal(standingOf(session({ ended, granted: [], suspended: true }), running), "ended");
  assert.equal(standingOf(session(), broken), "reconnecting");
  assert.equal(standingOf(session(), { at: "reconnecting", why: "unreachable" }), "unreachable");
});

test("the service's goodbye is believed before its event has come", () => {
  assert.equal(standingOf(session(), { at: "over", why: "over" }), "ended");
  assert.equal(standingOf(session(), { at: "over", why: "not_granted" }), "takenBack");
  assert.equal(standingOf(session(), { at: "over", why: "replaced" }), "elsewhere");
});

test("there is a line only while the session allows one", () => {
  assert.ok(isWanted(session()));
  assert.ok(!isWanted(session({ suspended: true })));
  assert.ok(!isWanted(session({ granted: ["chat", "control"] })));
});

/** `+Control`: goes down; `-Control`: is let go. */
function leaves(presses: string, altGr = false): boolean {
  const watch = chord();
  const held = new Set<string>();
  return presses.split(" ").map((press) => {
    const code = press.slice(1);
    if (press.startsWith("+")) held.add(code);
    else held.delete(code);
    const event: Keys = {
      type: press.startsWith("+") ? "keydown" : "keyup",
      code,
      ctrlKey: held.has("ControlLeft"),
      altKey: held.has("AltLeft"),
      shiftKey: held.has("ShiftLeft"),
      getModifierState: () => altGr,
    };
    return watch(event);
  }).some(Boolean);
}

test("Ctrl, Alt and Shift together leave the picture, in any order, once they are let go", () => {
  assert.ok(leaves("+ControlLeft +AltLeft +ShiftLeft -ControlLeft"));
  assert.ok(leaves("+ShiftLeft +ControlLeft +AltLeft -AltLeft"));
  assert.ok(!leaves("+ControlLeft +AltLeft +ShiftLeft"));
});

test("a shortcut with Ctrl, Alt and Shift, and what AltGr types, go to the user's computer", () => {
  assert.ok(!leaves("+ControlLeft +AltLeft +ShiftLeft +KeyT -KeyT -ShiftLeft -AltLeft -ControlLeft"));
  assert.ok(!leaves("+ControlLeft +AltLeft -AltLeft -ControlLeft"));
  assert.ok(!leaves("+ControlLeft +AltLeft +ShiftLeft -ShiftLeft", true));
});

test("what was stored in the browser is taken only where it still means something", () => {
  assert.deepEqual(read(null), { zoom: "fit", quality: "auto" });
  assert.deepEqual(read('{"zoom":"actual","quality":"sharp"}'), { zoom: "actual", quality: "sharp" });
  assert.deepEqual(read('{"zoom":7,"quality":"best"}'), { zoom: "fit", quality: "auto" });
  assert.deepEqual(read("null"), { zoom: "fit", quality: "auto" });
});
