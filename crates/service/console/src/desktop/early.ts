// The line to a desktop that is about to be shown, opened as soon as the user has approved: the computer is reached while the
// page is still being drawn.

export interface EarlySocket {
  readonly socket: WebSocket;
  /** What has come in before anybody took it. */
  readonly messages: readonly MessageEvent[];
}

/** Nobody came for it, so that it is closed. */
const WANTED_WITHIN_MS = 5_000;

let early: (EarlySocket & { readonly url: string; readonly timer: ReturnType<typeof setTimeout> }) | undefined;

/** Where a session's desktop is: the same host as the page's, by the same security. */
export function addressOf(session: string): string {
  const address = new URL(`/operator/v1/sessions/${session}/desktop`, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

export function openSocket(url: string): WebSocket {
  return new WebSocket(url, ["binary"]);
}

export function openEarly(session: string): void {
  const url = addressOf(session);
  const messages: MessageEvent[] = [];
  const socket = openSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onmessage = (event) => messages.push(event);
  close();
  early = { url, socket, messages, timer: setTimeout(close, WANTED_WITHIN_MS) };
}

/** Hands over the line that was opened early, if there is one to this address. */
export function takeEarly(url: string): EarlySocket | undefined {
  const taken = early?.url === url ? early : undefined;
  if (!taken) return undefined;
  clearTimeout(taken.timer);
  early = undefined;
  return taken.socket.readyState <= WebSocket.OPEN ? taken : undefined;
}

function close(): void {
  clearTimeout(early?.timer);
  early?.socket.close();
  early = undefined;
}
