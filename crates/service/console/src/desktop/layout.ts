// Where the picture goes: which part of the desktop is shown, and how large. Pure.

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Size {
  readonly x: number;
  readonly y: number;
}

export interface Monitor extends Rect {
  readonly id: number;
}

/** What the other side says of its desktop. */
export interface Picture {
  /** Without width and height until it is known. */
  readonly desktop: Size;
  /** Those there are to choose from. */
  readonly monitors: readonly Monitor[];
}

/** `fit`: as large as there is room; `actual`: pixel for pixel, scrolled where it does not fit. */
export type Zoom = "fit" | "actual";

export interface Placement {
  /** Of what is shown, on the page. */
  readonly view: Size;
  /** Of the whole desktop, most of which may be outside of the view. */
  readonly desktop: Size;
  /** Where the view begins in it. */
  readonly left: number;
  readonly top: number;
}

/** The monitors to choose from, as they stand from left to right; none where there is no choice. */
export function choosable(desktop: Size, monitors: readonly Monitor[]): readonly Monitor[] {
  const inside = monitors.filter(
    (it) => it.width > 0 && it.height > 0 && it.x + it.width <= desktop.width && it.y + it.height <= desktop.height,
  );
  return inside.length < 2 ? [] : inside.sort((a, b) => a.x - b.x || a.y - b.y);
}

/** The part of the desktop to show: a monitor, or everything. */
export function shownPart({ desktop, monitors }: Picture, chosen: number | undefined): Rect {
  return monitors.find((it) => it.id === chosen) ?? { x: 0, y: 0, ...desktop };
}

/** Places the `shown` part of the desktop into the room there is. */
export function place(desktop: Size, shown: Rect, room: Size, zoom: Zoom): Placement {
  const fitting = Math.min(room.width / shown.width, room.height / shown.height);
  const scale = zoom === "actual" ? 1 : Number.isFinite(fitting) ? fitting : 0;
  const scaled = (size: Size) => ({ width: size.width * scale, height: size.height * scale });
  return { view: scaled(shown), desktop: scaled(desktop), left: shown.x * scale, top: shown.y * scale };
}
