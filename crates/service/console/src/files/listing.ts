// What is in a folder, from the answer of the user's computer (RFC 4918, multistatus). The answer is a stranger's: nothing
// in it is expanded, and what does not lie in the folder that was asked for is left out.

import { folded } from "./names";

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
  /** In bytes; of a folder nothing. */
  readonly size: number | undefined;
  /** In milliseconds since 1970. */
  readonly modified: number | undefined;
  readonly etag: string | undefined;
}

export interface Listing {
  readonly entries: readonly Entry[];
  /** How many bytes there is room for, where that is told. */
  readonly free: number | undefined;
  /** Whether there is more in it than is listed. */
  readonly cut: boolean;
}

export const PROPERTIES =
  '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><resourcetype/><getcontentlength/>' +
  "<getlastmodified/><getetag/><quota-available-bytes/></prop></propfind>";

const DAV = "DAV:";
/** As many of a folder as a page can show, sort and search without standing still. */
const MOST = 20_000;

/** Reads the answer about the folder at `address`; nothing where it is no such answer. */
export function listingOf(xml: string, address: string): Listing | undefined {
  // What a document type could bring is never needed.
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) return undefined;
  const document = new DOMParser().parseFromString(xml, "application/xml");
  if (document.getElementsByTagName("parsererror").length > 0) return undefined;
  const entries = new Map<string, Entry>();
  let free: number | undefined;
  // Each element is looked at once, however they are nested: what is asked of the whole tree again and again takes minutes.
  for (const response of below([document.documentElement], "response")) {
    const [href] = below([response], "href");
    const name = nameBelow(address, href?.textContent?.trim() ?? "");
    const properties = new Map<string, Element>();
    for (const it of below(below(below([response], "propstat"), "prop"))) if (!properties.has(it.localName)) properties.set(it.localName, it);
    const textOf = (property: string) => properties.get(property)?.textContent?.trim() || undefined;
    if (name === "") free = numberOf(textOf("quota-available-bytes"));
    if (!name || entries.has(name)) continue;
    if (entries.size === MOST) return { entries: [...entries.values()], free, cut: true };
    const type = properties.get("resourcetype");
    const isFolder = type !== undefined && below([type], "collection").length > 0;
    const modified = Date.parse(textOf("getlastmodified") ?? "");
    entries.set(name, {
      name,
      isFolder,
      size: isFolder ? undefined : numberOf(textOf("getcontentlength")),
      modified: Number.isNaN(modified) ? undefined : modified,
      etag: textOf("getetag"),
    });
  }
  return { entries: [...entries.values()], free, cut: false };
}

/** What lies directly in these, of this name if there is one. */
function below(elements: readonly Element[], name?: string): Element[] {
  const children = elements.flatMap((it) => [...it.children]);
  return children.filter((it) => it.namespaceURI === DAV && (name === undefined || it.localName === name));
}

/** The name of what lies directly in the folder; empty for the folder itself, nothing for anything else. */
export function nameBelow(address: string, href: string): string | undefined {
  const path = href.replace(/^https?:\/\/[^/]*/i, "");
  let names: string[];
  try {
    names = path.split("/").map(decodeURIComponent);
  } catch {
    return undefined;
  }
  if (names.at(-1) === "") names.pop();
  const above = address.split("/").map(decodeURIComponent);
  if (above.at(-1) === "") above.pop();
  if (above.some((name, at) => names[at] !== name) || names.length > above.length + 1) return undefined;
  if (names.length === above.length) return "";
  const name = names.at(-1) ?? "";
  return name === "." || name === ".." || /[/\\\0]/.test(name) ? undefined : name;
}

function numberOf(digits: string | undefined): number | undefined {
  return digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

export type Column = "name" | "size" | "modified";

export interface Order {
  readonly by: Column;
  readonly descending: boolean;
}

/** Folders first, then as asked for. */
export function sorted(entries: readonly Entry[], { by, descending }: Order, locale: string): readonly Entry[] {
  const names = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
  const byName = (a: Entry, b: Entry) => names.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
  const compare = (a: Entry, b: Entry) => (by === "name" ? 0 : (a[by] ?? -1) - (b[by] ?? -1)) || byName(a, b);
  const direction = descending ? -1 : 1;
  return [...entries].sort((a, b) => Number(b.isFolder) - Number(a.isFolder) || direction * compare(a, b));
}

/** Those with the words in their names. */
export function matching(entries: readonly Entry[], words: string): readonly Entry[] {
  const wanted = folded(words.trim());
  return wanted === "" ? entries : entries.filter((it) => folded(it.name).includes(wanted));
}
