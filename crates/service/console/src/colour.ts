// Colours and how well they are told apart (WCAG 2.2, 1.4.3 and 1.4.11).

type Rgb = readonly [number, number, number];

/** `#1a56e8`, also where `1A56E8` was typed; nothing where it is no colour. */
export function parseColour(typed: string): string | undefined {
  const digits = /^#?([0-9a-f]{6})$/i.exec(typed.trim())?.[1];
  return digits && `#${digits.toLowerCase()}`;
}

/** How much lighter one is than the other, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(rgb(one)), luminance(rgb(other))].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** The colour, moved towards black or white until it stands out from `ground` by `least`. */
export function readable(colour: string, ground: string, least: number): string {
  const towards = luminance(rgb(ground)) > 0.18 ? 0 : 255;
  for (let step = 0; step <= 20; step++) {
    const moved = hex(rgb(colour).map((it) => it + ((towards - it) * step) / 20));
    if (contrast(moved, ground) >= least) return moved;
  }
  return hex([towards, towards, towards]);
}

/** Black or white, whichever is easier to read on `ground`. */
export function inkOn(ground: string): string {
  return contrast("#ffffff", ground) >= contrast("#000000", ground) ? "#ffffff" : "#000000";
}

function rgb(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return [red, green, blue];
}

function hex(channels: readonly number[]): string {
  return `#${channels.map((it) => Math.round(it).toString(16).padStart(2, "0")).join("")}`;
}

function luminance(channels: Rgb): number {
  const [red = 0, green = 0, blue = 0] = channels
    .map((it) => it / 255)
    .map((it) => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
