import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, formOf, list, regionOf, t } from "../src/language";

test("the language is the one that was chosen, else the browser's first that there is, else English", () => {
  assert.equal(choose("ko", ["de-AT"]), "ko");
  assert.equal(choose(null, ["pt-BR", "de-AT", "fr"]), "de");
  assert.equal(choose("tlh", ["PT", "FR-ca"]), "fr");
  assert.equal(choose(null, ["pt", "constructor"]), "en");
  assert.equal(choose("__proto__", []), "en");
});

test("dates are written as in the reader's own region, where the browser names it", () => {
  assert.equal(regionOf("en", ["de-AT", "en-US", "en-GB"]), "en-US");
  assert.equal(regionOf("de", ["de-AT"]), "de-AT");
  assert.equal(regionOf("de", ["en-US", "de-x-u-nu-arab"]), "de");
  assert.equal(regionOf("en", []), "en-GB");
});

test("a value is put where its name stands, and kept from reordering the sentence where it could", () => {
  assert.equal(t("Withdraw {name}", { name: "$& {name}" }), "Withdraw $& {name}");
  assert.equal(t("{a} {b}", { a: 1 }), "1 {b}");
  assert.equal(t("Withdraw {name}", { name: "أحمد" }), "Withdraw \u2068أحمد\u2069");
});

test("a number takes the form that its language has for it", () => {
  assert.deepEqual([0, 1, 2].map((it) => formOf("de", it, 2)), [1, 0, 1]);
  assert.deepEqual([0, 1, 2, 1_000_000].map((it) => formOf("fr", it, 2)), [0, 0, 1, 1]);
  assert.deepEqual([0, 1, 2].map((it) => formOf("ko", it, 1)), [0, 0, 0]);
  assert.deepEqual([0, 1, 2, 3, 11, 100].map((it) => formOf("ar", it, 6)), [0, 1, 2, 3, 4, 5]);
});

test("names in a row are joined as the language does", () => {
  assert.equal(list(["Chat", "Show notes"]), "Chat, Show notes");
  assert.equal(list([]), "");
});
