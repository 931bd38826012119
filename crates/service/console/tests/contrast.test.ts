import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

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

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

for (const [scheme, sheet] of [
  ["light", colours(light)],
  ["dark", colours(light, dark)],
] as const) {
  test(`every text can be read on its ground in the ${scheme} scheme`, () => {
    for (const [front, back, least] of PAIRS) {
      const [a, b] = [front, back].map((it) => luminance(sheet.get(it) ?? assert.fail(`--${it} is not a colour`)));
      const [high, low] = [Math.max(a ?? 0, b ?? 0), Math.min(a ?? 0, b ?? 0)];
      const ratio = (high + 0.05) / (low + 0.05);
      assert.ok(ratio >= least, `--${front} on --${back} has ${ratio.toFixed(2)}, and needs ${least}`);
    }
  });
}
