// Names of files and folders. Those from the user's computer are anybody's: they may hold what reorders a line, what
// cannot be seen, and what looks like markup. Pure.

/** From the shared folder on; empty: the folder itself. */
export type Path = readonly string[];

/** The longest name there can be, in bytes. */
const MAX_BYTES = 255;
/** How much of a longer one is shown at its beginning and end, in characters. */
const [SHOWN_START, SHOWN_END] = [160, 60];

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/gu;
/** What is drawn as nothing, or decides the direction of what stands around it. Joiners stay: some scripts need them. */
const UNSEEN =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
const REPLACEMENT = "\ufffd";

/** A name as it is shown: everything in it can be seen, and it reads in the order in which it is. */
export function shownName(name: string): string {
  const visible = name
    .replace(CONTROL, (it) => (it < " " ? String.fromCharCode(0x2400 + it.charCodeAt(0)) : REPLACEMENT))
    .replace(UNSEEN, REPLACEMENT);
  const characters = [...visible];
  if (characters.length <= MAX_BYTES) return visible;
  // The end says what kind of file it is.
  return [...characters.slice(0, SHOWN_START), "…", ...characters.slice(-SHOWN_END)].join("");
}

/** The name without its ending, and the ending with its dot. */
export function parted(name: string): readonly [stem: string, ending: string] {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
}

/** Which way a text is read, by its first letter. */
export function directionOf(words: string): "ltr" | "rtl" {
  return /^\P{L}*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u.test(words) ? "rtl" : "ltr";
}

/** A name to save a file under on this computer. */
export function savedName(name: string): string {
  return shownName(name).replace(/[\u2400-\u241f\ufffd/\\:*?"<>|]/g, "_");
}

export type NameFault = "empty" | "hidden" | "odd" | "long";

/** Why nothing can have this name; the user's computer may know more reasons. */
export function faultOf(name: string): NameFault | undefined {
  if (name.trim() === "") return "empty";
  if (name.startsWith(".")) return "hidden";
  if (/[/\\\u0000-\u001f\u007f-\u009f]/.test(name)) return "odd";
  return new TextEncoder().encode(name).length > MAX_BYTES ? "long" : undefined;
}

/** Names compared as those systems do that tell the least apart. */
export function folded(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** The name, or one like it that nothing has: `film (2).mp4`. */
export function freeName(name: string, taken: readonly string[]): string {
  const known = new Set(taken.map(folded));
  const [stem, ending] = parted(name);
  let free = name;
  for (let number = 2; known.has(folded(free)); number++) free = `${stem} (${number})${ending}`;
  return free;
}

/** Where a session's file or folder is. */
export function addressOf(session: string, path: Path): string {
  return `/operator/v1/sessions/${session}/files/${path.map(encodeURIComponent).join("/")}`;
}

/** As one reads it. */
export function shownPath(path: Path): string {
  return path.map(shownName).join(" / ");
}

export function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}
