import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { contrast, inkOn, parseColour, readable } from "../src/colour";

const css = readFileSync("src/styles/tokens.css", "utf8");
const [light = "", dark = ""] = css.split("@media (prefers-color-scheme: dark)");

const TEXT = 4.5;
const MARK = 3;
/** What stands on what, and how well it must be seen (WCAG 2.2, 1.4.3 and 1.4.11). */
const PAIRS: readonly (readonly [string, string, number])[] = [
  ["ink", "ground", TEXT],
  ["ink", "panel", TEXT],
  ["ink", "sunken", TEXT],
  ["ink", "hover", TEXT],
  ["ink", "accent-soft", TEXT],
  ["ink", "good-soft", TEXT],
  ["ink", "warn-soft", TEXT],
  ["ink", "danger-soft", TEXT],
  ["ink-dim", "ground", TEXT],
  ["ink-dim", "panel", TEXT],
  ["ink-dim", "sunken", TEXT],
  ["ink-dim", "hover", TEXT],
  ["accent-ink", "accent", TEXT],
  ["accent-ink", "accent-hover", MARK],
  ["danger-ink", "danger", TEXT],
  ["danger-ink", "danger-hover", MARK],
  ["accent-text", "panel", TEXT],
  ["accent-text", "ground", TEXT],
  ["accent-text", "accent-soft", TEXT],
  ["good-text", "panel", TEXT],
  ["good-text", "good-soft", TEXT],
  ["warn-text", "panel", TEXT],
  ["warn-text", "warn-soft", TEXT],
  ["danger-text", "panel", TEXT],
  ["danger-text", "danger-soft", TEXT],
  ["line-strong", "panel", MARK],
];

function colours(...sheets: string[]): Map<string, string> {
  return new Map(
    sheets.flatMap((it) => [...it.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map((m) => [m[1] ?? "", m[2] ?? ""])),
  );
}

for (const [scheme, sheet] of [
  ["light", colours(light)],
  ["dark", colours(light, dark)],
] as const) {
  test(`every text can be read on its ground in the ${scheme} scheme`, () => {
    for (const [front, back, least] of PAIRS) {
      const colour = (name: string) => sheet.get(name) ?? assert.fail(`--${name} is not a colour`);
      const ratio = contrast(colour(front), colour(back));
      assert.ok(ratio >= least, `--${front} on --${back} has ${ratio.toFixed(2)}, and needs ${least}`);
    }
  });
}

test("contrast is as WCAG computes it", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.equal(contrast("#777777", "#777777"), 1);
  assert.equal(contrast("#767676", "#ffffff").toFixed(2), "4.54");
});

test("any colour can be made to stand out, and one that does stays as it is", () => {
  assert.equal(readable("#1a56e8", "#ffffff", MARK), "#1a56e8");
  for (const colour of ["#ffffff", "#ffff00", "#000000", "#808080", "#171b22"]) {
    for (const ground of ["#ffffff", "#171b22"]) {
      assert.ok(contrast(readable(colour, ground, MARK), ground) >= MARK, `${colour} on ${ground}`);
      const shown = readable(colour, ground, MARK);
      assert.ok(contrast(inkOn(shown), shown) >= TEXT, `ink on ${shown}`);
    }
  }
});

test("a colour is read as people type it", () => {
  assert.equal(parseColour(" 1A56e8 "), "#1a56e8");
  for (const typed of ["", "#", "red", "#1a56e", "#1a56e80"]) assert.equal(parseColour(typed), undefined, typed);
});
