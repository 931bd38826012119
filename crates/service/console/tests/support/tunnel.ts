// The agent's end of a session's tunnel (docs/api/tunnel.md): yamux in a few lines, with a scripted desktop or the user's
// folder behind each stream.

import type { Folder } from "./folder";
import { type Script, ScriptedDesktop } from "./desktop";
import { dial, type WebSocketEnd } from "./websocket";

const SUBPROTOCOL = "ondemand-tunnel.v1";
const HEAD = 12;
const [DATA, WINDOW, PING, GO_AWAY] = [0, 1, 2, 3] as const;
const [SYN, ACK, FIN, RST] = [1, 2, 4, 8] as const;
const FIRST_WINDOW = 256 * 1024;
const SENT_AT_ONCE = 32 * 1024;
const FILES = "F".charCodeAt(0);
/** Stands for the other side's end. */
const END = Buffer.alloc(0);

export interface Viewing {
  readonly desktop: ScriptedDesktop;
  /** Ends it in an orderly way. */
  end(): void;
  /** Whether the operator has gone. */
  readonly gone: boolean;
}

interface Stream {
  onMessage: (bytes: Buffer) => void;
  send(bytes: Buffer): void;
  end(): void;
  gone: boolean;
  greeted: boolean;
  /** How much may be sent still, what waits for more, and what is told when nothing waits. */
  credit: number;
  waiting: Buffer;
  ending: boolean;
  onSent: () => void;
}

export class Tunnel {
  private readonly streams = new Map<number, Stream>();
  private readonly viewings: Viewing[] = [];
  private buffer = Buffer.alloc(0);
  /** What is behind streams for files. */
  folder: Folder | undefined;
  /** Takes no more than this many bytes of files, and then stands still. */
  room = Infinity;

  private constructor(
    private readonly line: WebSocketEnd,
    /** What the next viewers see. */
    public script: Script,
  ) {
    line.listen((bytes) => {
      this.buffer = Buffer.concat([this.buffer, bytes]);
      while (this.step());
    });
  }

  static async open(service: string, session: string, ticket: string, script: Script): Promise<Tunnel> {
    const address = `${service}/agent/v1/sessions/${session}/tunnel`;
    return new Tunnel(await dial(address, SUBPROTOCOL, { authorization: `Bearer ${ticket}` }), script);
  }

  /** Whether nobody is connected through it. */
  get idle(): boolean {
    return [...this.streams.values()].every((it) => it.gone);
  }

  /** The code with which the service closed it. */
  get closed(): Promise<number> {
    return this.line.closed;
  }

  /** Breaks it without a word. */
  cut(): void {
    this.line.cut();
  }

  /** Waits for a viewer that was not taken yet. */
  async viewing(): Promise<Viewing> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const next = this.viewings.shift();
      if (next) return next;
      if (Date.now() > deadline) throw new Error("no viewer came");
      await new Promise((resume) => setTimeout(resume, 20));
    }
  }

  private step(): boolean {
    const { buffer } = this;
    if (buffer.length < HEAD) return false;
    const [kind, flags] = [buffer[1], buffer.readUInt16BE(2)];
    const [id, length] = [buffer.readUInt32BE(4), buffer.readUInt32BE(8)];
    const end = kind === DATA ? HEAD + length : HEAD;
    if (buffer.length < end) return false;
    this.buffer = buffer.subarray(end);
    if (kind === PING && flags & SYN) this.frame(PING, ACK, 0, length);
    if (kind === DATA || kind === WINDOW) this.take(kind, id, flags, length, buffer.subarray(HEAD, end));
    return kind !== GO_AWAY;
  }

  private take(kind: number, id: number, flags: number, length: number, payload: Buffer): void {
    if (flags & SYN) {
      this.streams.set(id, this.stream(id));
      this.frame(WINDOW, ACK, id, 0);
    }
    const stream = this.streams.get(id);
    if (!stream) return;
    if (kind === WINDOW) {
      stream.credit += length;
      this.flush(id, stream);
    }
    if (payload.length > 0) this.deliver(id, stream, payload);
    if (flags & (FIN | RST)) {
      stream.gone = true;
      stream.onMessage(END);
    }
  }

  /** The first byte says what a stream is for. */
  private deliver(id: number, stream: Stream, payload: Buffer): void {
    if (stream.greeted) return stream.onMessage(payload);
    stream.greeted = true;
    if (payload[0] === FILES) {
      this.serve(id, stream);
      if (payload.length > 1) stream.onMessage(payload.subarray(1));
      return;
    }
    const desktop = new ScriptedDesktop(stream, this.script);
    const said = stream.onMessage;
    stream.onMessage = (bytes) => {
      if (bytes === END) return;
      this.frame(WINDOW, 0, id, bytes.length);
      said(bytes);
    };
    this.viewings.push({ desktop, end: () => stream.end(), get gone() { return stream.gone; } });
    if (payload.length > 1) stream.onMessage(payload.subarray(1));
  }

  /** Passes on what goes between the service and the folder, in both directions no faster than it is taken. */
  private serve(id: number, stream: Stream): void {
    const socket = this.folder?.connect();
    if (!socket) return stream.end();
    stream.onMessage = (bytes) => {
      if (bytes === END) return void socket.destroy();
      this.room -= bytes.length;
      socket.write(bytes, () => this.grant(id, bytes.length));
    };
    stream.onSent = () => socket.resume();
    socket.on("data", (bytes) => {
      socket.pause();
      stream.send(bytes);
    });
    socket.on("error", () => {});
    socket.on("close", () => stream.end());
    void this.line.closed.then(() => socket.destroy());
  }

  /** Lets the other side send on, once there is room for it. */
  private grant(id: number, length: number): void {
    if (this.room > 0) this.frame(WINDOW, 0, id, length);
    else setTimeout(() => this.grant(id, length), 20).unref();
  }

  private stream(id: number): Stream {
    const stream: Stream = {
      onMessage: (bytes) => {
        if (bytes !== END) this.frame(WINDOW, 0, id, bytes.length);
      },
      send: (bytes) => {
        stream.waiting = Buffer.concat([stream.waiting, bytes]);
        this.flush(id, stream);
      },
      end: () => {
        stream.ending = true;
        this.flush(id, stream);
      },
      gone: false,
      greeted: false,
      credit: FIRST_WINDOW,
      waiting: Buffer.alloc(0),
      ending: false,
      onSent: () => {},
    };
    return stream;
  }

  private flush(id: number, stream: Stream): void {
    while (stream.waiting.length > 0 && stream.credit > 0) {
      const piece = stream.waiting.subarray(0, Math.min(SENT_AT_ONCE, stream.credit));
      stream.waiting = stream.waiting.subarray(piece.length);
      stream.credit -= piece.length;
      this.frame(DATA, 0, id, piece.length, piece);
    }
    if (stream.waiting.length > 0) return;
    stream.onSent();
    if (!stream.ending) return;
    stream.ending = false;
    this.frame(DATA, FIN, id, 0);
  }

  private frame(kind: number, flags: number, id: number, length: number, payload: Buffer = Buffer.alloc(0)): void {
    const head = Buffer.alloc(HEAD);
    head.writeUInt8(kind, 1);
    head.writeUInt16BE(flags, 2);
    head.writeUInt32BE(id, 4);
    head.writeUInt32BE(length, 8);
    this.line.send(Buffer.concat([head, payload]));
  }
}
