// The agent's end of a session's tunnel (docs/api/tunnel.md): yamux in a few lines, with a scripted desktop behind each
// stream. What is sent fits a stream's first window, so that nothing here counts.

import { type Script, ScriptedDesktop } from "./desktop";
import { dial, type WebSocketEnd } from "./websocket";

const SUBPROTOCOL = "ondemand-tunnel.v1";
const HEAD = 12;
const [DATA, WINDOW, PING, GO_AWAY] = [0, 1, 2, 3] as const;
const [SYN, ACK, FIN, RST] = [1, 2, 4, 8] as const;

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
}

export class Tunnel {
  private readonly streams = new Map<number, Stream>();
  private readonly viewings: Viewing[] = [];
  private buffer = Buffer.alloc(0);

  private constructor(
    private readonly line: WebSocketEnd,
    /** What the next viewers see. */
    public script: Script,
  ) {
    line.onMessage = (bytes) => {
      this.buffer = Buffer.concat([this.buffer, bytes]);
      while (this.step());
    };
  }

  static async open(service: string, session: string, ticket: string, script: Script): Promise<Tunnel> {
    const address = `${service}/agent/v1/sessions/${session}/tunnel`;
    return new Tunnel(await dial(address, SUBPROTOCOL, { authorization: `Bearer ${ticket}` }), script);
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
    if (kind === DATA || kind === WINDOW) this.take(id, flags, buffer.subarray(HEAD, end));
    return kind !== GO_AWAY;
  }

  private take(id: number, flags: number, payload: Buffer): void {
    if (flags & SYN) {
      this.streams.set(id, this.stream(id));
      this.frame(WINDOW, ACK, id, 0);
    }
    const stream = this.streams.get(id);
    if (!stream) return;
    if (payload.length > 0) {
      this.frame(WINDOW, 0, id, payload.length);
      this.deliver(stream, payload);
    }
    if (flags & (FIN | RST)) stream.gone = true;
  }

  /** The first byte says what a stream is for; here it is always the desktop. */
  private deliver(stream: Stream, payload: Buffer): void {
    if (stream.greeted) return stream.onMessage(payload);
    stream.greeted = true;
    const desktop = new ScriptedDesktop(stream, this.script);
    this.viewings.push({ desktop, end: () => stream.end(), get gone() { return stream.gone; } });
    if (payload.length > 1) stream.onMessage(payload.subarray(1));
  }

  private stream(id: number): Stream {
    return {
      onMessage: () => {},
      send: (bytes) => this.frame(DATA, 0, id, bytes.length, bytes),
      end: () => this.frame(DATA, FIN, id, 0),
      gone: false,
      greeted: false,
    };
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
