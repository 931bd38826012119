import assert from "node:assert/strict";
import { test } from "node:test";
import "./support/page";
import { refusal } from "../src/files/dav";
import { type Entry, matching, nameBelow, sorted } from "../src/files/listing";
import { addressOf, directionOf, faultOf, freeName, parted, savedName, shownName } from "../src/files/names";
import { mayRead, mayWrite, standingOf } from "../src/files/standing";
import { readText, type TextFile, writeText } from "../src/files/text-file";
import { next, type Transfer } from "../src/files/transfers";
import { current, update } from "../src/store";
import { files } from "../src/strings/files";
import type { Me } from "../src/types";
import { olivia, session } from "./support/samples";

const bytes = (text: string) => new TextEncoder().encode(text);

function entry(name: string, change: Partial<Entry> = {}): Entry {
  return { name, isFolder: false, size: 1, modified: 0, etag: undefined, ...change };
}

test("a name is shown with what could deceive made visible, and scripts of the world as they are", () => {
  assert.equal(shownName("invoice\u202efdp.exe"), "invoice\ufffdfdp.exe");
  assert.equal(shownName("a\u0000\n\u007f\u200b\u2066b"), "a\u2400\u240a\ufffd\ufffd\ufffdb");
  for (const name of ["Übersicht für é.txt", "تقرير.pdf", "한국어.txt", "हिन्दी.txt", "👩‍💻.png", "नमस्ते\u200dक"]) assert.equal(shownName(name), name);
  const long = shownName(`${"x".repeat(4000)}.exe`);
  assert.ok(long.length < 300 && long.endsWith(".exe"), "its end says what kind of file it is");
});

test("a file is saved under a name that means nothing else on this computer", () => {
  assert.equal(savedName('..\\a/b:c\u202e"d.exe'), ".._a_b_c__d.exe");
  assert.deepEqual(parted("archive.tar.gz"), ["archive.tar", ".gz"]);
  assert.deepEqual(parted(".profile"), [".profile", ""]);
  assert.deepEqual(["new", "2026 تقرير", "تقرير new", "123"].map(directionOf), ["ltr", "rtl", "rtl", "ltr"]);
});

test("a free name is found whatever the other system takes for the same", () => {
  assert.equal(freeName("film.mp4", ["FILM.mp4", "film (2).mp4"]), "film (3).mp4");
  assert.equal(freeName("folder", ["folder"]), "folder (2)");
  assert.equal(freeName("new", ["other"]), "new");
});

test("what no file can be called is told before it is sent", () => {
  assert.deepEqual(["", "  ", ".profile", "..", "a/b", "a\\b", "a\tb", "é".repeat(128), "fine.txt"].map(faultOf), [
    "empty", "empty", "hidden", "hidden", "odd", "odd", "odd", "long", undefined,
  ]);
});

test("addresses hold names as they are, and answers about anything else are left out", () => {
  const folder = addressOf("ses-1", ["50 % für é", "a#b?c"]);
  assert.equal(folder, "/operator/v1/sessions/ses-1/files/50%20%25%20f%C3%BCr%20%C3%A9/a%23b%3Fc");
  assert.equal(nameBelow(folder, `${folder}/`), "");
  assert.equal(nameBelow(`${folder}/`, `https://files${folder}/x%20y`), "x y");
  const strange = ["", "/", "/elsewhere/x", `${folder}/x/y`, `${folder}/..`, `${folder}/%2e%2e/`, `${folder}/a%2fb`, `${folder}/%ff`, `${folder}x/y`];
  for (const href of strange) assert.equal(nameBelow(folder, href), undefined, href);
});

test("folders come first, numbers count, and equal things keep one order", () => {
  const all = [entry("b 10", { size: 5 }), entry("b 9", { size: 5 }), entry("A", { size: 9, modified: 7 }), entry("z", { isFolder: true, size: undefined })];
  const names = (by: "name" | "size" | "modified", descending = false) => sorted(all, { by, descending }, "en").map((it) => it.name);
  assert.deepEqual(names("name"), ["z", "A", "b 9", "b 10"]);
  assert.deepEqual(names("name", true), ["z", "b 10", "b 9", "A"]);
  assert.deepEqual(names("size"), ["z", "b 9", "b 10", "A"]);
  assert.deepEqual(names("modified", true), ["z", "A", "b 10", "b 9"]);
  assert.deepEqual(matching(all, " B 1").map((it) => it.name), ["b 10"]);
});

test("a text comes back byte for byte where nothing was changed", () => {
  for (const text of ["", "one line", "a\nb\n", "a\r\nb\r\n", "\ufeffmark\r\n", "é 한국어 👩‍💻\n", "\u001b[31mred\u001b[0m\n"]) {
    const file = readText(bytes(text)) as TextFile;
    assert.ok(!file.mixed, text);
    assert.deepEqual(writeText(file, file.words), bytes(text), JSON.stringify(text));
  }
});

test("lines that end in several ways are said to, and saved in the way that most have", () => {
  const file = readText(bytes("a\r\nb\nc\r\nd\re")) as TextFile;
  assert.deepEqual([file.mixed, file.words], [true, "a\nb\nc\nd\ne"]);
  assert.deepEqual(writeText(file, file.words), bytes("a\r\nb\r\nc\r\nd\r\ne"));
});

test("what would be damaged as text is not opened", () => {
  assert.equal(readText(new Uint8Array(600_000)), "large");
  assert.equal(readText(Uint8Array.of(0xff, 0xd8, 0, 1)), "binary");
  assert.equal(readText(bytes("a\u0000b")), "binary");
  assert.equal(readText(Uint8Array.of(0x66, 0xfc, 0x72)), "encoding");
});

test("files are there while the session grants them and the user's computer can be reached", () => {
  const granted = ["files_read"] as const;
  assert.equal(standingOf(session({ granted: [...granted] })), "ready");
  assert.equal(standingOf(session({ granted: ["view"] })), "notGranted");
  assert.equal(standingOf(session({ granted: [...granted], suspended: true })), "suspended");
  assert.equal(standingOf(session({ granted: [...granted], suspended: true, presence: { present: false } })), "away");
  assert.equal(standingOf(session({ granted: [], ended: { reason: "user", at: "2026-03-04T12:30:00Z" } })), "ended");
  assert.deepEqual([mayRead, mayWrite].map((it) => it(session({ granted: ["files_write"] }))), [false, true]);
});

test("only the service ends a sign-in, and never the user's computer", () => {
  const me: Me = {
    operator: olivia,
    organisation: { id: "org-1", name: "Example Support", public_key: "x" },
    login: "olivia",
    role: "operator",
    must_change_password: false,
    must_set_second_factor: false,
    csrf_token: "x",
  };
  update({ me });
  const problem = { get: (name: string) => (name === "content-type" ? "application/problem+json" : null) };
  for (const status of [403, 404, 500]) {
    const { message } = refusal(status, problem, '{"code":"unauthenticated"}');
    assert.deepEqual([message, current().me], [files.problems.failed, me]);
  }
  refusal(401, problem, '{"code":"unauthenticated"}');
  assert.equal(current().me, null);
});

test("two files at a time go to each user's computer, whatever the others' do", () => {
  const upload = (id: number, of: string, state: Transfer["state"]): Transfer => ({
    id, session: of, state, path: ["x"], direction: "up", size: 1, sent: 0, speed: undefined, problem: undefined, turn: 0,
  });
  const away = [upload(1, "a", "waiting"), upload(2, "a", "waiting"), upload(3, "a", "queued")];
  const here = [upload(4, "b", "done"), upload(5, "b", "running"), upload(6, "b", "queued"), upload(7, "b", "queued")];
  assert.deepEqual(next([...away, ...here]).map((it) => it.id), [6]);
  assert.deepEqual(next(here.slice(2)).map((it) => it.id), [6, 7]);
});
