// A name server on this computer that knows TXT records and nothing else.

import { createSocket, type Socket } from "node:dgram";

export class NameServer {
  readonly texts = new Map<string, string>();
  private constructor(
    private readonly socket: Socket,
    readonly address: string,
  ) {
    socket.on("message", (question, { port, address: to }) => socket.send(this.answer(question), port, to));
  }

  static async start(): Promise<NameServer> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
    const { address, port } = socket.address();
    return new NameServer(socket, `${address}:${port}`);
  }

  stop(): void {
    this.socket.close();
  }

  private answer(question: Buffer): Buffer {
    const labels: string[] = [];
    let at = 12;
    for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
      labels.push(question.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    const asked = question.subarray(12, at + 5);
    const text = this.texts.get(labels.join(".").toLowerCase());
    const header = Buffer.from(question.subarray(0, 12));
    // An answer with authority; the name exists or not.
    header.writeUInt16BE(text === undefined ? 0x8583 : 0x8580, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(text === undefined ? 0 : 1, 6);
    header.writeUInt32BE(0, 8);
    if (text === undefined) return Buffer.concat([header, asked]);
    // Name as asked, type TXT, class IN, a minute.
    const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0, text.length + 1, text.length]);
    return Buffer.concat([header, asked, record, Buffer.from(text, "latin1")]);
  }
}
