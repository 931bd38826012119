// Files on their way. They belong to the page and not to what is on screen: they go on while the operator looks at something
// else in it, wait while the user's computer is away, and go on where they stopped.

import { explain } from "../api";
import { current, update } from "../store";
import { text } from "../strings";
import { CHANGED, FilesError, look, read, save } from "./dav";
import { addressOf, freeName, type Path } from "./names";
import { mayWrite, standingOf } from "./standing";
import { kept, send } from "./upload";

export type TransferState =
  /** For its turn. */
  | "queued"
  | "running"
  /** The line broke, or the user's computer is away: it goes on by itself. */
  | "waiting"
  | "done"
  /** The browser saves it, and shows how far it is. */
  | "handed"
  | "failed"
  | "cancelled";

export interface Transfer {
  readonly id: number;
  readonly session: string;
  readonly path: Path;
  readonly direction: "up" | "down";
  readonly state: TransferState;
  readonly size: number;
  readonly sent: number;
  /** Bytes a second, of late. */
  readonly speed: number | undefined;
  /** Why it failed, in words. */
  readonly problem: string | undefined;
  /** Grows with each change of any one's state: the latest has the greatest. */
  readonly turn: number;
}

/** What becomes of files whose names are taken. */
export type IfTaken = "replace" | "keep_both" | "refuse";

/** Of one session's: each has a line of its own. */
const AT_A_TIME = 2;
const [FIRST_RETRY_MS, LONGEST_RETRY_MS] = [500, 5_000];
/** How much of a file is read again where it is not known whether it arrived. */
const COMPARED = 256 * 1024;
/** How often progress is drawn. */
const TOLD_EVERY_MS = 200;

interface Job {
  readonly file: File;
  readonly replace: boolean;
  readonly controller: AbortController;
}

let all: readonly Transfer[] = [];
let count = 0;
let turns = 0;
const jobs = new Map<number, Job>();
const listeners = new Set<() => void>();

export function transfersOf(session: string): readonly Transfer[] {
  return all.filter((it) => it.session === session);
}

/** Tells of every change until the answer is called. */
export function watch(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sends files into a folder in which these names are taken. */
export function upload(session: string, folder: Path, chosen: readonly File[], taken: readonly string[], ifTaken: IfTaken): void {
  const names = [...taken];
  const fresh = chosen.map((file): Transfer => {
    const name = ifTaken === "keep_both" ? freeName(file.name, names) : file.name;
    names.push(name);
    const id = ++count;
    jobs.set(id, { file, replace: ifTaken === "replace", controller: new AbortController() });
    return { ...NEW, id, session, path: [...folder, name], size: file.size, direction: "up" };
  });
  set([...all, ...fresh]);
  begin();
}

/** Has the browser save a file. */
export async function download(session: string, path: Path, size: number | undefined): Promise<void> {
  const id = ++count;
  set([...all, { ...NEW, id, session, path, size: size ?? 0, direction: "down", state: "running" }]);
  try {
    await save(session, path);
    change(id, { state: "handed" });
  } catch (error) {
    change(id, { state: "failed", problem: wordsOf(error) });
  }
}

export function cancel(id: number): void {
  const it = all.find((known) => known.id === id);
  if (!it || !isOpen(it)) return;
  change(id, { state: "cancelled", speed: undefined });
  jobs.get(id)?.controller.abort();
}

/** Tries again what failed or was cancelled; what is there already is not sent again. */
export function retry(id: number): void {
  change(id, { state: "queued", problem: undefined });
  const job = jobs.get(id);
  if (job) jobs.set(id, { ...job, controller: new AbortController() });
  begin();
}

/** Takes off the list what is over. */
export function clear(session: string): void {
  const over = (it: Transfer) => it.session === session && !isOpen(it);
  for (const { id } of all.filter(over)) jobs.delete(id);
  set(all.filter((it) => !over(it)));
}

export function isOpen({ state }: Transfer): boolean {
  return state === "queued" || state === "running" || state === "waiting";
}

export function canRetry(it: Transfer): boolean {
  return it.direction === "up" && (it.state === "failed" || it.state === "cancelled");
}

const NEW = { state: "queued", sent: 0, speed: undefined, problem: undefined, turn: 0 } as const;

/** Whose turn it is. */
export function next(transfers: readonly Transfer[]): readonly Transfer[] {
  const uploads = transfers.filter((it) => it.direction === "up" && isOpen(it));
  return [...new Set(uploads.map((it) => it.session))].flatMap((session) => {
    const open = uploads.filter((it) => it.session === session);
    const queued = open.filter((it) => it.state === "queued");
    return queued.slice(0, Math.max(0, AT_A_TIME - (open.length - queued.length)));
  });
}

function begin(): void {
  for (const it of next(all)) {
    const job = jobs.get(it.id);
    if (!job) continue;
    change(it.id, { state: "running" });
    void carry(it, job).finally(begin);
  }
}

/** Sends a file until it is there, or there is no more hope. */
async function carry({ id, session, path, sent: before }: Transfer, { file, replace, controller: { signal } }: Job): Promise<void> {
  const address = addressOf(session, path);
  let retryMs = FIRST_RETRY_MS;
  let again = before > 0;
  for (;;) {
    /** Where this attempt goes on. */
    let offset = 0;
    try {
      await reachable(id, session, signal);
      if (again) {
        await stillThere(file);
        if (file.size > 0) offset = await kept(address, file.size, signal);
      }
      change(id, { state: "running", sent: offset });
      const onProgress = meter(id, offset, file.size, () => (retryMs = FIRST_RETRY_MS));
      await send({ address, file, offset, replace, signal, onProgress });
      return change(id, { state: "done", sent: file.size, speed: undefined });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof FilesError)) return change(id, { state: "failed", problem: explain(error), speed: undefined });
      // What was lost may have been the answer, after the last byte.
      if (error.code === CHANGED && again && offset === 0) {
        const found = await compare(session, path, file);
        if (found === "same") return change(id, { state: "done", sent: file.size, speed: undefined });
        if (found === "unknown") return change(id, { state: "failed", problem: new FilesError("maybe_there").message, speed: undefined });
      }
      if (!error.isPassing && error.code !== "wrong_offset") {
        return change(id, { state: "failed", problem: error.message, speed: undefined });
      }
      again = true;
      change(id, { state: "waiting", speed: undefined });
      await pause((0.5 + Math.random() / 2) * retryMs, signal);
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
    }
  }
}

/** Waits until the user's computer can be reached, and refuses where it never will be again. */
async function reachable(id: number, sessionId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const session = current().state.sessions.find((it) => it.id === sessionId);
    const standing = session ? standingOf(session) : "ended";
    if (standing === "ended") throw new FilesError("session_ended");
    if (!session || !mayWrite(session)) throw new FilesError("not_granted");
    if (standing === "ready") return;
    change(id, { state: "waiting", speed: undefined });
    await pause(FIRST_RETRY_MS, signal);
  }
}

/** A file that is gone or another one now cannot be sent, and a browser says of it what it says of a broken line. */
async function stillThere(file: File): Promise<void> {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new FilesError("changed_here");
  }
}

/** Whether what is there is this file. Of a large one the end is compared: a file is placed whole, or not at all. */
async function compare(session: string, path: Path, file: File): Promise<"same" | "other" | "unknown"> {
  try {
    if ((await look(session, path)).size !== file.size) return "other";
    const from = Math.max(0, file.size - COMPARED);
    const [there, here] = [await read(session, path, COMPARED, from), new Uint8Array(await file.slice(from).arrayBuffer())];
    return there.bytes.length === here.length && here.every((byte, at) => byte === there.bytes[at]) ? "same" : "other";
  } catch {
    return "unknown";
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      clearTimeout(timer);
      removeEventListener("online", go);
      signal.removeEventListener("abort", go);
      resolve();
    };
    const timer = setTimeout(go, ms);
    addEventListener("online", go);
    signal.addEventListener("abort", go);
  });
}

/** Tells how far a transfer is and how fast it goes, not more often than can be read. */
function meter(id: number, offset: number, size: number, moved: () => void): (sent: number) => void {
  let [at, from, speed] = [performance.now(), offset, undefined as number | undefined];
  return (sent) => {
    const now = performance.now();
    if (now - at < TOLD_EVERY_MS && sent < size) return;
    moved();
    const latest = ((sent - from) * 1000) / Math.max(now - at, 1);
    speed = speed === undefined ? latest : 0.7 * speed + 0.3 * latest;
    [at, from] = [now, sent];
    change(id, { sent, speed });
  };
}

function wordsOf(error: unknown): string {
  return error instanceof FilesError ? error.message : explain(error);
}

function change(id: number, to: Partial<Transfer>): void {
  // Once cancelled it is not taken up by what comes in late.
  const stands = (it: Transfer) => it.state === "cancelled" && to.state !== "queued";
  const turned = (it: Transfer) => (to.state === undefined || to.state === it.state ? it.turn : ++turns);
  set(all.map((it) => (it.id === id && !stands(it) ? { ...it, ...to, turn: turned(it) } : it)));
}

function set(next: readonly Transfer[]): void {
  all = next;
  const open = all.filter((it) => it.direction === "up" && isOpen(it));
  if (open.length > 0) addEventListener("beforeunload", warn);
  else removeEventListener("beforeunload", warn);
  const { uploads: before, listed } = current();
  // The list says it itself where it is on screen.
  const ended = open.length === 0 && before !== undefined && before.session !== listed;
  update({ uploads: open.length === 0 ? undefined : summary(open), ...(ended ? { announcement: text.files.uploaded } : {}) });
  for (const listener of listeners) listener();
}

/** For pages that do not show the list. */
function summary(open: readonly Transfer[]): { session: string; count: number; done: number } {
  const [sent, size] = open.reduce(([a, b], it) => [a + it.sent, b + it.size], [0, 0]);
  return { session: open[0]?.session ?? "", count: open.length, done: size === 0 ? 0 : sent / size };
}

/** Leaving the page would break them off. */
function warn(event: Event): void {
  event.preventDefault();
}
