// What is asked of the user's files: WebDAV through the service (docs/api/files.md). The one place that talks HTTP about them,
// but for uploads, whose progress only an older interface of browsers tells.

import { signedOutMeanwhile } from "../actions";
import { current } from "../store";
import { text } from "../strings";
import { files } from "../strings/files";
import type { Entry, Listing } from "./listing";
import { listingOf, PROPERTIES } from "./listing";
import { addressOf, type Path, savedName } from "./names";

/** Why something was not done: a code of the service's or of the agent's, or one of these. */
export class FilesError extends Error {
  constructor(
    readonly code: string,
    /** How much of an upload is there. */
    readonly offset?: number,
  ) {
    super(wordsFor(code));
  }

  /** Whether it may well work a little later. */
  get isPassing(): boolean {
    return PASSING.includes(this.code);
  }
}

/** It is not what it was, or there is something where nothing was to be. */
export const CHANGED = "changed";
const PASSING = ["unreachable", "agent_unreachable", "rate_limited", "shutting_down", "too_many_attempts"];
/** The longest list that is read, in bytes: more than the page shows of one folder. */
const MAX_LIST = 12 * 1024 * 1024;
const MAX_PROBLEM = 64 * 1024;

function wordsFor(code: string): string {
  const own: Readonly<Record<string, string>> = files.problems;
  if (Object.hasOwn(own, code)) return own[code] ?? "";
  const service: Readonly<Record<string, string>> = text.problems;
  if (code === "unreachable") return text.errors.unreachable;
  return Object.hasOwn(service, code) ? (service[code] ?? "") : files.problems.failed;
}

interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: BodyInit;
  readonly signal?: AbortSignal;
  /** The longest answer that is read. */
  readonly limit?: number;
}

interface Answer {
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

async function ask(method: string, address: string, { headers, body, signal, limit = MAX_PROBLEM }: Asked = {}): Promise<Answer> {
  const { me } = current();
  let response: Response;
  let bytes: Uint8Array | undefined;
  try {
    response = await fetch(address, {
      method,
      headers: { ...headers, "x-csrf-token": me?.csrf_token ?? "" },
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      body: body ?? null,
      signal: signal ?? null,
    });
    bytes = await readUpTo(response, response.ok ? limit : MAX_PROBLEM);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new FilesError("unreachable");
  }
  if (!response.ok) throw refusal(response.status, response.headers, new TextDecoder().decode(bytes));
  if (!bytes) throw new FilesError("too_large_here");
  return { headers: response.headers, bytes };
}

/** The whole body, or nothing where it is longer. */
async function readUpTo(response: Response, limit: number): Promise<Uint8Array | undefined> {
  const reader = response.body?.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done || !value) break;
    length += value.length;
    if (length > limit) {
      void reader?.cancel();
      return undefined;
    }
    pieces.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** What an answer other than success means. */
export function refusal(status: number, headers: Pick<Headers, "get">, body: string): FilesError {
  const offset = Number(headers.get("upload-offset") ?? "0");
  if (status === 412) return new FilesError(CHANGED);
  if (!headers.get("content-type")?.startsWith("application/problem+json")) {
    // A proxy in between, or nobody at all.
    return new FilesError(status === 0 || status >= 500 ? "unreachable" : "failed");
  }
  let code: unknown;
  try {
    code = (JSON.parse(body) as { code?: unknown } | null)?.code;
  } catch {
    code = undefined;
  }
  // The service says it with this status, which it passes on from no computer; with any other it is the computer's word.
  if (code === "unauthenticated" && status === 401) signedOutMeanwhile();
  else if (code === "unauthenticated") code = "failed";
  // Where the service itself is hurrying away, its answer may be cut.
  const known = typeof code === "string" ? code : status >= 502 ? "unreachable" : "failed";
  return new FilesError(known, Number.isSafeInteger(offset) ? offset : 0);
}

export async function list(session: string, path: Path, signal: AbortSignal): Promise<Listing> {
  const address = withSlash(addressOf(session, path));
  const headers = { depth: "1", "content-type": "application/xml" };
  const answer = await ask("PROPFIND", address, { headers, body: PROPERTIES, signal, limit: MAX_LIST });
  const listing = listingOf(new TextDecoder().decode(answer.bytes), address);
  if (!listing) throw new FilesError("failed");
  return listing;
}

export const makeFolder = (session: string, path: Path) => ask("MKCOL", addressOf(session, path));

/** To the trash of the user's computer. */
export const remove = (session: string, path: Path) => ask("DELETE", addressOf(session, path));

/** Nothing is replaced. */
export function transfer(how: "COPY" | "MOVE", session: string, from: Path, to: Path): Promise<Answer> {
  const headers = { destination: addressOf(session, to), overwrite: "F" };
  return ask(how, addressOf(session, from), { headers });
}

export interface Read {
  readonly bytes: Uint8Array;
  /** Of just these bytes. */
  readonly etag: string | undefined;
}

/** A small file, or the end of a larger one. */
export async function read(session: string, path: Path, limit: number, from = 0): Promise<Read> {
  const part: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
  const { bytes, headers } = await ask("GET", addressOf(session, path), { headers: part, limit });
  return { bytes, etag: headers.get("etag") ?? undefined };
}

/** Writes a small file: in the place of the one with this tag, or where nothing is. */
export async function write(session: string, path: Path, bytes: Uint8Array<ArrayBuffer>, etag: string | undefined): Promise<string | undefined> {
  const condition: Record<string, string> = etag === undefined ? { "if-none-match": "*" } : { "if-match": etag };
  const headers = { ...condition, "content-type": "application/octet-stream" };
  const answer = await ask("PUT", addressOf(session, path), { headers, body: bytes });
  return answer.headers.get("etag") ?? undefined;
}

/** What is known of a file, without its bytes. */
export async function look(session: string, path: Path): Promise<Pick<Entry, "size" | "etag">> {
  const { headers } = await ask("HEAD", addressOf(session, path));
  const length = headers.get("content-length");
  return { size: length === null ? undefined : Number(length), etag: headers.get("etag") ?? undefined };
}

/** Lets the browser save a file as it comes, after a look whether it can be had: a page cannot read why a download fails. */
export async function save(session: string, path: Path): Promise<void> {
  await look(session, path);
  const link = document.createElement("a");
  link.href = addressOf(session, path);
  link.download = savedName(path.at(-1) ?? "");
  link.click();
}

function withSlash(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}
