/*! Contains noVNC (https://github.com/novnc/noVNC), MPL-2.0, unchanged, and pako (https://github.com/nodeca/pako), MIT. */
// The picture and what is done in it: noVNC, with what the viewer has to know beyond its interface. That is when the first
// picture has been drawn, how large the desktop is, and which monitors it is made of; and the clipboard, which noVNC ties to
// control.

import RFB from "@novnc/novnc";
import type { Monitor, Size } from "./layout";
import { plain, unpacked, wordsOf } from "./texts";

export type Quality = "auto" | "sharp" | "fast";

export interface ScreenSettings {
  /** What the picture is called. */
  readonly name: string;
  /** The element that says how to leave the picture by keyboard. */
  readonly hint: string;
  readonly control: boolean;
  /** Whether texts are exchanged. */
  readonly clipboard: boolean;
  /** Whether keys go to the user's computer while the picture has the focus. */
  readonly keyboard: boolean;
  readonly quality: Quality;
}

export interface ScreenListener {
  /** The other side has agreed; the first picture is on its way. */
  connected(): void;
  /** The first picture is there to be seen. */
  drawn(): void;
  /** The desktop's size, or its monitors, are known or have changed. */
  laidOut(desktop: Size, monitors: readonly Monitor[]): void;
  /** The other side says why it shows nothing. */
  refused(reason: string): void;
  /** The user has sent what they copied; what is unfit to be copied on is not in it. */
  copied(text: string): void;
}

/** Quality and compression, 0 to 9 each: what the agent may go up to. It goes below where the line is slow. */
const LEVELS: Readonly<Record<Quality, readonly [number, number]>> = { auto: [6, 2], sharp: [9, 2], fast: [2, 9] };
const SCREEN_BYTES = 16;
/** The longest message about the clipboard, in bytes; the agent's own are much shorter. */
const LONGEST_CUT_TEXT = 4 * 1024 * 1024;
/** Before the text stand three bytes that mean nothing and its length; below zero, flags follow. */
const [CUT_TEXT_HEAD, FLAGS_BYTES] = [7, 4];
/** A format among the flags, and what is done with it, which is their first byte. */
const [TEXT, PROVIDE] = [1, 16];
/** A reason is bytes here, and is cut again as words. */
const LONGEST_REASON = 4096;

export class Screen extends RFB {
  private readonly canvas: HTMLCanvasElement | null;
  private pixels = false;
  private shown = false;
  private clipboard = false;
  private desktop: Size = { width: 0, height: 0 };
  private monitors: readonly Monitor[] = [];

  constructor(
    target: HTMLElement,
    socket: WebSocket,
    private readonly listener: ScreenListener,
  ) {
    super(target, socket, { shared: true });
    this.canvas = target.querySelector("canvas");
    this.background = "transparent";
    // The element around it has the size that is wanted.
    this.scaleViewport = true;
    // While the user's pointer is in the picture the agent hides the operator's; a dot stands for it.
    this.showDotCursor = true;
    this.addEventListener("connect", () => listener.connected());
    this.addEventListener("clipboard", ({ detail }) => listener.copied(plain(detail.text)));
    this.addEventListener("securityfailure", ({ detail }) =>
      listener.refused(wordsOf(decoded((detail.reason ?? "").slice(0, LONGEST_REASON)))),
    );
  }

  configure({ name, hint, control, clipboard, keyboard, quality }: ScreenSettings): void {
    this.clipboard = clipboard;
    if (this.viewOnly === control) {
      this.releaseKeys();
      this.viewOnly = !control;
    }
    const typing = control && keyboard;
    this.focusOnClick = typing;
    if (!typing) this.blur();
    [this.qualityLevel, this.compressionLevel] = LEVELS[quality];
    if (!this.canvas) return;
    this.canvas.tabIndex = typing ? 0 : -1;
    this.canvas.setAttribute("role", typing ? "application" : "img");
    this.canvas.setAttribute("aria-label", name);
    if (typing) this.canvas.setAttribute("aria-describedby", hint);
    else this.canvas.removeAttribute("aria-describedby");
  }

  /** Lets go of every key; noVNC does it only when the whole window loses the focus. */
  releaseKeys(): void {
    if (this.viewOnly) return;
    this._keyboard.ungrab();
    this._keyboard.grab();
  }

  /** Offers a text for the user's clipboard. Whether it may go there the agent decides. */
  send(words: string): void {
    this.withClipboard(this.clipboard, () => this.clipboardPasteFrom(words));
  }

  protected override _handleServerCutText(): boolean {
    const asItIs = () => this.withClipboard(this.clipboard, () => super._handleServerCutText());
    if (this._sock.rQwait("text", CUT_TEXT_HEAD)) return asItIs();
    const length = numbers(this._sock.rQpeekBytes(CUT_TEXT_HEAD)).getInt32(3);
    if (Math.abs(length) > LONGEST_CUT_TEXT) {
      this.disconnect();
      return false;
    }
    const whole = CUT_TEXT_HEAD + Math.abs(length);
    if (-length < FLAGS_BYTES || this._sock.rQwait("text", whole)) return asItIs();
    const message = this._sock.rQpeekBytes(whole);
    const flags = numbers(message).getUint32(CUT_TEXT_HEAD);
    if (flags >>> 24 !== PROVIDE) return asItIs();
    // noVNC would unpack as much as it is told to; and where nobody may have it, leave it unread in the line.
    this._sock.rQskipBytes(whole);
    if (flags & TEXT && this.clipboard) void this.take(message.slice(CUT_TEXT_HEAD + FLAGS_BYTES));
    return true;
  }

  private async take(packed: Uint8Array<ArrayBuffer>): Promise<void> {
    const text = await unpacked(packed);
    if (text !== undefined && this.clipboard) this.listener.copied(plain(text));
  }

  /** noVNC ties the clipboard to control; here whoever only looks may have it, and whoever has control may not. */
  private withClipboard<T>(on: boolean, act: () => T): T {
    const looking = this._viewOnly;
    this._viewOnly = !on;
    try {
      return act();
    } finally {
      this._viewOnly = looking;
    }
  }

  protected override _handleDataRect(): boolean {
    const done = super._handleDataRect();
    this.pixels ||= done;
    return done;
  }

  protected override _framebufferUpdate(): boolean {
    const done = super._framebufferUpdate();
    if (done && this.pixels && !this.shown) {
      this.shown = true;
      // Pictures inside the picture are decoded by the browser, which takes its time.
      void this._display.flush().then(() => this.listener.drawn());
    }
    return done;
  }

  protected override _handleExtendedDesktopSize(): boolean {
    const [count = 0] = this._sock.rQwait("screens", 1) ? [] : this._sock.rQpeekBytes(1);
    const length = 4 + count * SCREEN_BYTES;
    const described = this._sock.rQwait("screens", length) ? undefined : this._sock.rQpeekBytes(length);
    const done = super._handleExtendedDesktopSize();
    if (done && described) {
      this.monitors = monitorsOf(described);
      this.tell();
    }
    return done;
  }

  protected override _resize(width: number, height: number): void {
    super._resize(width, height);
    this.desktop = { width, height };
    this.tell();
  }

  private tell(): void {
    this.listener.laidOut(this.desktop, this.monitors);
  }
}

/** The screens of an ExtendedDesktopSize message, which begin after four bytes. */
function monitorsOf(message: Uint8Array): Monitor[] {
  const fields = numbers(message);
  const starts = Array.from({ length: fields.getUint8(0) }, (_, index) => 4 + index * SCREEN_BYTES);
  return starts.map((at) => ({
    id: fields.getUint32(at),
    x: fields.getUint16(at + 4),
    y: fields.getUint16(at + 6),
    width: fields.getUint16(at + 8),
    height: fields.getUint16(at + 10),
  }));
}

function numbers(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function decoded(bytes: string): string {
  return new TextDecoder().decode(Uint8Array.from(bytes, (it) => it.charCodeAt(0)));
}
