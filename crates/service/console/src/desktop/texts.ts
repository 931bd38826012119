// Texts that the user's computer sends along with the picture. They are a stranger's: they are read up to a size, and what in
// them cannot be seen, or would be obeyed where they are pasted, is left out.

/** The longest text that is taken, in bytes of UTF-8 and with each line ending in two. */
const LONGEST = 2 * 1024 * 1024 + 1;
/** So little goes in at a time that what comes out of it is little too, whatever it was made of. */
const AT_ONCE = 1024;
const LONGEST_REASON = 300;
const SIZE_BYTES = 4;

/** The first text of an extended clipboard's message, without its flags; nothing where it is none, or too long. */
export async function unpacked(packed: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const { readable, writable } = new DecompressionStream("deflate");
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  const feed = async () => {
    for (let at = 0; at < packed.length; at += AT_ONCE) await writer.write(packed.subarray(at, at + AT_ONCE));
    await writer.close();
  };
  // Reading tells of it.
  feed().catch(() => {});
  const whole = new Uint8Array(SIZE_BYTES + LONGEST);
  let length = 0;
  try {
    for (;;) {
      const { value } = await reader.read();
      if (!value) return undefined;
      whole.set(value.subarray(0, whole.length - length), length);
      length = Math.min(whole.length, length + value.length);
      const size = length < SIZE_BYTES ? 0 : new DataView(whole.buffer).getUint32(0);
      if (size > LONGEST) return undefined;
      const text = whole.subarray(SIZE_BYTES, SIZE_BYTES + size);
      // Senders may flush and not end what they packed, so that its end is not waited for.
      if (length >= SIZE_BYTES + size && length >= SIZE_BYTES) return new TextDecoder().decode(text).replace(/\0$/, "");
    }
  } catch {
    return undefined;
  } finally {
    reader.cancel().catch(() => {});
  }
}

const CONTROL = /(?![\n\t])[\u0000-\u001f\u007f-\u009f]/gu;
/** As `protocol::text` has them. Joiners stay: some scripts need them. */
const INVISIBLE =
  /[\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b\u200e-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\u{e0000}-\u{e0fff}]/gu;

/** What of a text may be shown and copied on: its lines and tabs stay. */
export function plain(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(CONTROL, "").replace(INVISIBLE, "");
}

/** What people read of a reason: before it there may be a word for programs, like `unsupported_display: `. */
export function wordsOf(reason: string): string {
  const words = plain(reason.replace(/^[a-z_]+:/, "")).trim();
  return words.length > LONGEST_REASON ? `${words.slice(0, LONGEST_REASON)}…` : words;
}
