// Sizes and speeds as people read them.

import { percent } from "../format";
import { locale } from "../language";
import { files } from "../strings/files";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** `812 bytes`, `1.4 MB`; nothing for nothing. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return "";
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(count, 1)) / 3));
  const value = count / 1000 ** power;
  const digits = power > 0 && value < 100 ? 1 : 0;
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    // The short form of these is not that of several.
    unitDisplay: power === 0 ? "long" : "short",
    maximumFractionDigits: digits,
  }).format(value);
}

export function speed(perSecond: number): string {
  return files.perSecond(bytes(Math.round(perSecond)));
}

/** `43 %`. */
export function share(part: number, whole: number): string {
  return percent(whole === 0 ? 1 : part / whole);
}
