// The line to a session's desktop: a WebSocket with RFB in it. It comes back by itself for as long as it is wanted; the
// session's approval goes on, so that nobody is asked again.

import { type Final, finalClosing, type Passing, passingClosing } from "./closing";
import { openSocket, takeEarly } from "./early";
import type { Monitor, Size } from "./layout";
import { Screen, type ScreenSettings } from "./screen";

export type Phase =
  /** The first time. */
  | { readonly at: "connecting" }
  /** Connected, and nothing to be seen yet. */
  | { readonly at: "waiting" }
  | { readonly at: "running" }
  /** The line broke, or was never there; it is tried again. */
  | { readonly at: "reconnecting"; readonly why: Passing }
  /** The user's computer says why it shows nothing. It is not tried again by itself. */
  | { readonly at: "refused"; readonly reason: string }
  /** The service closed it for good. */
  | { readonly at: "over"; readonly why: Final };

export interface LinkListener {
  changed(phase: Phase): void;
  laidOut(desktop: Size, monitors: readonly Monitor[]): void;
  /** The user has sent what they copied. */
  copied(text: string): void;
  /** The line is down: is the session still what it was? */
  lost(): void;
}

export interface DesktopLink {
  configure(settings: ScreenSettings): void;
  releaseKeys(): void;
  sendCtrlAltDel(): void;
  sendText(text: string): void;
  /** Gives up a line on which nothing may come any more, and opens another. */
  renew(): void;
  /** Does not wait any longer where the next try is due later. */
  hurry(): void;
  /** Tries at once, also what is not tried by itself. */
  retry(): void;
  close(): void;
}

const FIRST_RETRY_MS = 400;
const LONGEST_RETRY_MS = 5_000;
/** From opening the line to the first picture. The service waits for the agent for ten seconds of it. */
const PICTURE_WITHIN_MS = 25_000;

/** Opens the line and draws into `target` until it is closed; nothing is left in there whenever it is down. */
export function openDesktop(url: string, target: HTMLElement, first: ScreenSettings, listener: LinkListener): DesktopLink {
  let settings = first;
  let screen: Screen | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let closed = false;

  const open = () => {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    screen?.disconnect();
    let reason: string | undefined;
    const early = takeEarly(url);
    const socket = early?.socket ?? openSocket(url);
    const opened: Screen = new Screen(target, socket, {
      connected: () => listener.changed({ at: "waiting" }),
      drawn: () => {
        if (screen !== opened) return;
        clearTimeout(deadline);
        retryMs = FIRST_RETRY_MS;
        listener.changed({ at: "running" });
      },
      laidOut: (desktop, monitors) => listener.laidOut(desktop, monitors),
      refused: (words) => {
        reason = words;
      },
      copied: (words) => listener.copied(words),
    });
    const deadline = setTimeout(() => socket.close(), PICTURE_WITHIN_MS);
    socket.addEventListener("close", ({ code }) => {
      clearTimeout(deadline);
      // Another one has taken its place, or nobody wants it any more.
      if (screen !== opened || closed) return;
      screen = undefined;
      down(code, reason);
    });
    opened.configure(settings);
    screen = opened;
    for (const message of early?.messages ?? []) socket.dispatchEvent(new MessageEvent("message", { data: message.data }));
  };

  const down = (code: number, reason: string | undefined) => {
    listener.lost();
    const final = finalClosing(code);
    if (final) return listener.changed({ at: "over", why: final });
    if (reason !== undefined) return listener.changed({ at: "refused", reason });
    listener.changed({ at: "reconnecting", why: passingClosing(code) });
    retryTimer = setTimeout(open, (0.5 + Math.random() / 2) * retryMs);
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  };

  const retry = () => {
    if (screen || closed) return;
    listener.changed({ at: "connecting" });
    open();
  };

  const hurry = () => {
    if (retryTimer !== undefined) open();
  };

  // A browser without a network keeps its sockets open for minutes, and a picture that stands still would be a lie.
  const cut = () => screen?.disconnect();

  const renew = () => {
    if (!screen || closed) return;
    // It may take its time to close.
    listener.changed({ at: "reconnecting", why: "broken" });
    open();
  };

  addEventListener("online", hurry);
  addEventListener("offline", cut);
  retry();

  return {
    configure: (next) => {
      settings = next;
      screen?.configure(next);
    },
    releaseKeys: () => screen?.releaseKeys(),
    sendCtrlAltDel: () => screen?.sendCtrlAltDel(),
    sendText: (words) => screen?.send(words),
    renew,
    hurry,
    retry,
    close: () => {
      closed = true;
      clearTimeout(retryTimer);
      retryTimer = undefined;
      removeEventListener("online", hurry);
      removeEventListener("offline", cut);
      screen?.disconnect();
    },
  };
}
