// A desktop in a few lines: an RFB server whose monitors each have one colour, over whatever carries bytes.

import { constants, deflateSync, inflateSync } from "node:zlib";

export type Colour = readonly [number, number, number];

export interface ScriptedMonitor {
  readonly id: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: Colour;
}

/** What carries the bytes. */
export interface Line {
  onMessage: (bytes: Buffer) => void;
  send(bytes: Buffer): void;
}

export interface Script {
  readonly monitors: readonly ScriptedMonitor[];
  /** Sends no picture before `show`. */
  readonly hidden?: boolean;
  /** Shows nothing, and says why. */
  readonly refusal?: string;
}

const TIGHT = 7;
const EXTENDED_DESKTOP_SIZE = -308;
const QUALITY = -32;
const EXTENDED_CLIPBOARD = 0xc0a1e5ce | 0;
const TEXT = 1;
const [CAPS, REQUEST, NOTIFY, PROVIDE] = [1 << 24, 1 << 25, 1 << 27, 1 << 28] as const;

export class ScriptedDesktop {
  /** Keys that went down and up, by keysym. */
  readonly keys: [keysym: number, down: boolean][] = [];
  /** Where the pointer was, with the buttons that were down. */
  readonly pointers: [x: number, y: number, buttons: number][] = [];
  /** Texts that came for the clipboard. */
  readonly texts: string[] = [];
  private offered = "";
  private hasClipboard = false;
  /** The latest wish, 0 to 9. */
  quality: number | undefined;
  private buffer = Buffer.alloc(0);
  private stage: "version" | "security" | "init" | "running" = "version";
  private asked = false;
  private due: boolean;

  constructor(
    private readonly line: Line,
    private script: Script,
  ) {
    this.due = !script.hidden;
    line.onMessage = (bytes) => {
      this.buffer = Buffer.concat([this.buffer, bytes]);
      while (this.step()) this.update();
    };
    line.send(Buffer.from("RFB 003.008\n"));
  }

  /** Shows other monitors, or other colours. */
  show(monitors: readonly ScriptedMonitor[]): void {
    this.script = { ...this.script, monitors };
    this.due = true;
    this.update();
  }

  /** The user sends what they copied. */
  sendText(text: string): void {
    this.offered = text;
    this.clipboard(NOTIFY | TEXT);
  }

  /** Sends it at once, whoever wants it or not. */
  provideText(text: string): void {
    this.clipboard(PROVIDE | TEXT, deflateSync(sized(`${text}\0`)));
  }

  private clipboard(flags: number, data: Buffer = Buffer.alloc(0)): void {
    this.line.send(Buffer.concat([Buffer.from([3, 0, 0, 0]), double(-4 - data.length), double(flags), data]));
  }

  /** A message of the extended clipboard, as far as it is complete. */
  private cutText(): boolean {
    if (this.buffer.length < 12) return false;
    const length = -this.buffer.readInt32BE(4);
    if (length < 4) throw new Error("the viewer sent a text without the extended clipboard");
    const message = this.take(8 + length);
    const flags = message?.readUInt32BE(8) ?? 0;
    // What the viewer can do, in the same flags.
    if (flags & CAPS) return true;
    if (flags & NOTIFY && flags & TEXT) this.clipboard(REQUEST | TEXT);
    if (flags & REQUEST) this.clipboard(PROVIDE | TEXT, deflateSync(sized(`${this.offered}\0`)));
    if (message && flags & PROVIDE) {
      // noVNC flushes its stream and does not end it. The size stands before a text, and a zero at its end.
      const inflated = inflateSync(message.subarray(12), { finishFlush: constants.Z_SYNC_FLUSH });
      this.texts.push(inflated.subarray(4, -1).toString());
    }
    return message !== undefined;
  }

  private step(): boolean {
    switch (this.stage) {
      case "version":
        if (!this.take(12)) return false;
        this.stage = "security";
        this.line.send(this.script.refusal === undefined ? Buffer.from([1, 1]) : Buffer.concat([Buffer.from([0]), sized(this.script.refusal)]));
        return true;
      case "security":
        if (!this.take(1)) return false;
        this.stage = "init";
        this.line.send(Buffer.alloc(4));
        return true;
      case "init": {
        if (!this.take(1)) return false;
        this.stage = "running";
        const { width, height } = this.size();
        const format = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0];
        this.line.send(Buffer.concat([words(width, height), Buffer.from(format), sized("Scripted desktop")]));
        return true;
      }
      case "running":
        return this.message();
    }
  }

  private message(): boolean {
    const { buffer } = this;
    if (buffer.length < 4) return false;
    switch (buffer[0]) {
      case 0:
        return this.take(20) !== undefined;
      case 2: {
        const count = buffer.readUInt16BE(2);
        const message = this.take(4 + 4 * count);
        const wished = Array.from({ length: message ? count : 0 }, (_, at) => message?.readInt32BE(4 + 4 * at) ?? 0);
        this.quality = wished.find((it) => it >= QUALITY && it < QUALITY + 10) ?? this.quality;
        if (this.quality !== undefined && this.quality < 0) this.quality -= QUALITY;
        if (!this.hasClipboard && wished.includes(EXTENDED_CLIPBOARD)) {
          this.hasClipboard = true;
          this.clipboard(CAPS | REQUEST | NOTIFY | PROVIDE | TEXT, double(1024 * 1024));
        }
        return message !== undefined;
      }
      case 3: {
        const message = this.take(10);
        this.asked ||= message !== undefined;
        if (message?.[1] === 0 && !this.script.hidden) this.due = true;
        return message !== undefined;
      }
      case 4: {
        const message = this.take(8);
        if (message) this.keys.push([message.readUInt32BE(4), message[1] === 1]);
        return message !== undefined;
      }
      case 5: {
        const message = this.take(6);
        if (message) this.pointers.push([message.readUInt16BE(2), message.readUInt16BE(4), message[1] ?? 0]);
        return message !== undefined;
      }
      case 6:
        return this.cutText();
      default:
        throw new Error(`the viewer sent a message of kind ${buffer[0]}, which nobody offered`);
    }
  }

  private update(): void {
    if (!this.asked || !this.due || this.stage !== "running") return;
    this.asked = false;
    this.due = false;
    const { monitors } = this.script;
    const { width, height } = this.size();
    const screens = monitors.map((it) => Buffer.concat([double(it.id), words(it.x, it.y, it.width, it.height), double(0)]));
    const layout = [words(0, 0, width, height), double(EXTENDED_DESKTOP_SIZE), Buffer.from([monitors.length, 0, 0, 0]), ...screens];
    const fills = monitors.map((it) =>
      Buffer.concat([words(it.x, it.y, it.width, it.height), double(TIGHT), Buffer.from([0x80, ...it.colour])]),
    );
    this.line.send(Buffer.concat([Buffer.from([0, 0]), words(1 + fills.length), ...layout, ...fills]));
  }

  private size(): { width: number; height: number } {
    const { monitors } = this.script;
    return {
      width: Math.max(...monitors.map((it) => it.x + it.width)),
      height: Math.max(...monitors.map((it) => it.y + it.height)),
    };
  }

  private take(length: number): Buffer | undefined {
    if (this.buffer.length < length) return undefined;
    const taken = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return taken;
  }
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, at) => bytes.writeUInt16BE(value, at * 2));
  return bytes;
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function sized(text: string): Buffer {
  const content = Buffer.from(text);
  return Buffer.concat([double(content.length), content]);
}
