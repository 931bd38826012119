// A text file as it is edited, and back again as it was: with its line ends and its byte order mark. Pure.

/** The largest that is opened, in bytes. */
export const MAX_TEXT = 512 * 1024;

export interface TextFile {
  /** With `\n` at every line's end. */
  readonly words: string;
  readonly ending: "\n" | "\r\n";
  /** Lines end in several ways; saved, they all end in the same. */
  readonly mixed: boolean;
  readonly mark: boolean;
}

export type NoText =
  | "large"
  /** Bytes that no text has. */
  | "binary"
  /** Text perhaps, but not in UTF-8. */
  | "encoding";

const MARK = "\ufeff";

export function readText(bytes: Uint8Array): TextFile | NoText {
  if (bytes.length > MAX_TEXT) return "large";
  let whole: string;
  try {
    whole = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes.includes(0) ? "binary" : "encoding";
  }
  // Tabs, line ends, form feeds and the escapes of logs are text.
  if (/[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/.test(whole)) return "binary";
  const mark = whole.startsWith(MARK);
  const text = mark ? whole.slice(1) : whole;
  const windows = text.match(/\r\n/g)?.length ?? 0;
  const all = text.match(/\r\n|\r|\n/g)?.length ?? 0;
  const unix = text.match(/(?<!\r)\n/g)?.length ?? 0;
  return {
    words: text.replace(/\r\n?/g, "\n"),
    ending: windows > unix ? "\r\n" : "\n",
    mixed: Math.max(windows, unix) !== all,
    mark,
  };
}

export function writeText({ ending, mark }: TextFile, words: string): Uint8Array<ArrayBuffer> {
  const text = words.replace(/\r\n?/g, "\n").replaceAll("\n", ending);
  return new TextEncoder().encode((mark ? MARK : "") + text);
}
