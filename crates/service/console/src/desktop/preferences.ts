// How an operator likes to see desktops, remembered in this browser.

import type { Zoom } from "./layout";
import type { Quality } from "./screen";

export interface Preferences {
  readonly zoom: Zoom;
  readonly quality: Quality;
}

export const QUALITIES: readonly Quality[] = ["auto", "sharp", "fast"];

const STORED = "ondemand-viewer";
const USUAL: Preferences = { zoom: "fit", quality: "auto" };

export function load(): Preferences {
  try {
    return read(localStorage.getItem(STORED));
  } catch {
    return USUAL;
  }
}

export function store(preferences: Preferences): void {
  try {
    localStorage.setItem(STORED, JSON.stringify(preferences));
  } catch {
    // A browser that keeps nothing begins with the usual ones each time.
  }
}

/** What was stored, each part of it only where it still means something. */
export function read(stored: string | null): Preferences {
  const { zoom, quality } = (JSON.parse(stored ?? "{}") ?? {}) as Partial<Preferences>;
  return {
    zoom: zoom === "actual" ? zoom : USUAL.zoom,
    quality: QUALITIES.find((it) => it === quality) ?? USUAL.quality,
  };
}
