import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { chord, type Keys } from "../src/desktop/chord";
import { choosable, place, shownPart } from "../src/desktop/layout";
import type { Phase } from "../src/desktop/link";
import { read } from "../src/desktop/preferences";
import { isWanted, standingOf } from "../src/desktop/standing";
import { plain, unpacked, wordsOf } from "../src/desktop/texts";
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

/** As an agent sends it: its size, the text, and zlib around both. */
function packed(text: Uint8Array, size = text.length): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(size);
  return new Uint8Array(deflateSync(Buffer.concat([head, text])));
}

test("a text for the clipboard is read, also where its sender has not ended it", async () => {
  const text = "Grüße, 世界\r\nsecond line";
  const whole = packed(Buffer.from(`${text}\0`));
  assert.equal(await unpacked(whole), text);
  assert.equal(await unpacked(whole.slice(0, -4)), text, "without the checksum at its end");
  assert.equal(await unpacked(packed(new Uint8Array(0))), "");
  const million = "x".repeat(1024 * 1024);
  assert.equal(await unpacked(packed(Buffer.from(million))), million);
});

test("what is too long, cut or no text at all is not read, whatever it says of itself", async () => {
  const zeros = new Uint8Array(64 * 1024 * 1024);
  assert.equal(await unpacked(packed(zeros)), undefined);
  assert.equal(await unpacked(packed(zeros, 3 * 1024 * 1024)), undefined);
  assert.equal(await unpacked(packed(zeros, 0xffffffff)), undefined);
  assert.equal(await unpacked(packed(Buffer.from("short"), 100)), undefined);
  assert.equal(await unpacked(Uint8Array.of(1, 2, 3)), undefined);
  assert.equal(await unpacked(new Uint8Array(0)), undefined);
});

test("nothing in a text acts or hides where it is pasted", () => {
  assert.equal(plain("\u001b[201~rm -rf\r\n\tb\u0085\u202ec\u200b"), "[201~rm -rf\n\tbc");
  assert.equal(plain("می\u200cخواهم 👩‍💻"), "می\u200cخواهم 👩‍💻");
});

test("a reason is as long as a sentence, and its word for programs is left out", () => {
  assert.equal(wordsOf("unsupported_display: it is \u202elocked"), "it is locked");
  assert.ok(wordsOf("x".repeat(1_000_000)).length < 400);
});
