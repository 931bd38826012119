// The folder that a user shares: a real one, served by the agent's own crate, in a place of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export class Folder {
  private constructor(
    private readonly place: string,
    /** Where the files are. */
    readonly path: string,
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async share(session: string): Promise<Folder> {
    const program = process.env.ONDEMAND_FOLDER;
    if (!program) throw new Error("ONDEMAND_FOLDER must name the program that serves a folder");
    const place = await mkdtemp(join(tmpdir(), "ondemand-files-"));
    const [path, trash] = [join(place, "Downloads"), join(place, "Trash")];
    await mkdir(path);
    const prefix = `/operator/v1/sessions/${session}/files`;
    const child = spawn(program, [path, trash, prefix], { stdio: ["pipe", "pipe", "inherit"] });
    const port = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`the folder's program ended with ${code}`)));
      if (child.stdout) createInterface(child.stdout).on("line", (line) => resolve(Number(line.split(":").at(-1))));
    });
    return new Folder(place, path, child, port);
  }

  /** A connection to it, as a stream of the tunnel has. */
  connect(): Socket {
    return connect(this.port, "127.0.0.1");
  }

  /** What the agent itself allows from now on. */
  allow(may: "none" | "read" | "write"): void {
    this.child.stdin?.write(`${may}\n`);
  }

  names(): Promise<string[]> {
    return readdir(this.path).then((names) => names.sort());
  }

  /** What is in the user's trash. */
  trash(): Promise<string[]> {
    return readdir(join(this.place, "Trash/files")).then((names) => names.sort(), () => []);
  }

  async remove(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.stdin?.end();
    await ended;
    await rm(this.place, { recursive: true, force: true });
  }
}
