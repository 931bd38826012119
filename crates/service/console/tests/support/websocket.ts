// A WebSocket in a few lines, from the client's end: Node's own cannot send headers.

import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";

const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** A WebSocket on which whole binary messages go. */
export class WebSocketEnd {
  private onMessage: (bytes: Buffer) => void = () => {};
  /** The code of the other side's goodbye; 1006 without one. */
  readonly closed: Promise<number>;
  private buffer: Buffer;
  private code = 1006;

  constructor(
    private readonly socket: Duplex,
    first: Buffer,
  ) {
    this.buffer = first;
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => socket.on("close", () => resolve(this.code)));
  }

  /** Takes what arrives, and what came right behind the handshake. */
  listen(onMessage: (bytes: Buffer) => void): void {
    this.onMessage = onMessage;
    while (this.step());
    this.socket.on("data", (data: Buffer) => {
      this.buffer = Buffer.concat([this.buffer, data]);
      while (this.step());
    });
  }

  send(bytes: Buffer): void {
    this.frame(BINARY, bytes);
  }

  /** Breaks the line without a word. */
  cut(): void {
    this.socket.destroy();
  }

  private frame(kind: number, payload: Buffer): void {
    if (this.socket.destroyed || this.socket.writableEnded) return;
    const wide = payload.length >= 126;
    if (payload.length >= 65536) throw new Error("too large for these few lines");
    const head = Buffer.from([0x80 | kind, 0x80 | (wide ? 126 : payload.length), ...(wide ? [payload.length >> 8, payload.length & 0xff] : [])]);
    const mask = randomBytes(4);
    this.socket.write(Buffer.concat([head, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]));
  }

  /** What servers send is not masked. */
  private step(): boolean {
    const { buffer } = this;
    const short = (buffer[1] ?? 0) & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (buffer.length < start) return false;
    const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(2) : buffer.readUInt32BE(6);
    if (buffer.length < start + length) return false;
    this.buffer = buffer.subarray(start + length);
    this.handle((buffer[0] ?? 0) & 0x0f, buffer.subarray(start, start + length));
    return true;
  }

  private handle(kind: number, payload: Buffer): void {
    if (kind === PING) this.frame(PONG, payload);
    else if (kind === CLOSE) {
      this.code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
      this.frame(CLOSE, payload);
      this.socket.end();
    } else if (kind === BINARY) this.onMessage(payload);
  }
}

/** Opens one at an `http:` address. */
export function dial(address: string, subprotocol: string, headers: Record<string, string>): Promise<WebSocketEnd> {
  const wish = request(address, {
    headers: {
      ...headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      "sec-websocket-protocol": subprotocol,
    },
  });
  return new Promise((resolve, reject) => {
    wish.on("upgrade", (_, socket, first) => resolve(new WebSocketEnd(socket, first)));
    wish.on("response", (answer) => reject(new Error(`the tunnel was answered with ${answer.statusCode}`)));
    wish.on("error", reject);
    wish.end();
  });
}
