// The real service on a free port with a database of its own, set up through its command line.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_MS = 20_000;

export const LOGIN = "olivia";
export const PASSWORD = "correct horse battery staple";

export class Service {
  private constructor(
    private readonly program: string,
    private readonly folder: string,
    private child: ChildProcess,
    /** Where it is reached. */
    public url: string,
    /** Enrols devices of a group that allows viewing, chat and notes, and asks for each to be accepted. */
    readonly enrolmentToken: string,
    private options: readonly string[],
  ) {}

  /** With what else `serve` is told. */
  static async start(...options: string[]): Promise<Service> {
    const program = process.env.ONDEMAND_SERVICE;
    if (!program) throw new Error("ONDEMAND_SERVICE must name the service's program");
    const folder = await mkdtemp(join(tmpdir(), "ondemand-console-"));
    const database = join(folder, "service.db");
    try {
      const token = await setUp((args, input = "") => run(program, [...args, "--database", database], input));
      const { child, url } = await serve(program, database, "127.0.0.1:0", options);
      return new Service(program, folder, child, url, token, options);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Stops the program and keeps its data. */
  async pause(): Promise<void> {
    await stop(this.child);
  }

  /** Starts it again where it was. */
  async resume(): Promise<void> {
    const listen = new URL(this.url).host.replace("localhost", "127.0.0.1");
    this.child = (await serve(this.program, join(this.folder, "service.db"), listen, this.options)).child;
  }

  /** Starts it again under a name; an address of numbers has no passkeys. */
  async takeName(): Promise<void> {
    await this.pause();
    this.url = this.url.replace("127.0.0.1", "localhost");
    this.options = [...this.options, "--public-url", this.url];
    await this.resume();
  }

  /** What whoever runs the service types. */
  cli(...args: string[]): Promise<string> {
    return run(this.program, [...args, "--database", join(this.folder, "service.db")], "");
  }

  /** Stops the program and removes its data. */
  async remove(): Promise<void> {
    await stop(this.child);
    await rm(this.folder, { recursive: true, force: true });
  }
}

type Cli = (args: string[], input?: string) => Promise<string>;

/** Adds the sample organisation, its operator and a device group; answers with an enrolment token. */
async function setUp(cli: Cli): Promise<string> {
  const id = (said: string) => /^id: (\S+)$/m.exec(said)?.[1] ?? "";
  const organisation = id(
    await cli(["organisation", "add", "--name", "Example Support", "--domain", "support.example"]),
  );
  const operator = ["--login", LOGIN, "--name", "Olivia Example", "--password-file", "-"];
  await cli(["operator", "add", "--organisation", organisation, ...operator], `${PASSWORD}\n`);
  const limits = ["--permissions", "view,chat,messages", "--require-acceptance"];
  const group = id(
    await cli(["device-group", "add", "--organisation", organisation, "--name", "Front desk", ...limits]),
  );
  return cli(["enrolment-token", "create", "--group", group]);
}

type Served = { child: ChildProcess; url: string };

async function serve(program: string, database: string, listen: string, options: readonly string[]): Promise<Served> {
  const child = spawn(program, ["serve", "--database", database, "--listen", listen, ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  child.stderr?.on("data", (data: Buffer) => said.push(data.toString()));
  const ready = new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the service is not ready: ${said.join("")}`)), START_MS);
    const done = () => clearTimeout(timer);
    child.on("error", (error) => (done(), reject(error)));
    child.on("exit", (code) => (done(), reject(new Error(`the service ended with ${code}: ${said.join("")}`))));
    if (child.stdout) {
      createInterface(child.stdout).on("line", (line) => {
        const url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
        if (url) done(), resolve(url);
      });
    }
  });
  try {
    return { child, url: await ready };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(timer);
}

async function run(program: string, args: string[], input: string): Promise<string> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  let out = "";
  let errors = "";
  child.stdout.on("data", (data: Buffer) => (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${String(code)}: ${errors}`);
  return out.trim();
}
