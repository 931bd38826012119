// One file on its way to the user's computer, as far as one connection carries it. The older interface of browsers is used
// because it alone tells how much has gone out.

import { current } from "../store";
import { FilesError, refusal } from "./dav";

/** A line on which nothing moves for so long is given up. */
const STALLED_MS = 60_000;

export interface Piece {
  readonly address: string;
  readonly file: Blob;
  /** Where it goes on. */
  readonly offset: number;
  /** Whether it takes the place of what has its name. */
  readonly replace: boolean;
  readonly onProgress: (sent: number) => void;
  readonly signal: AbortSignal;
}

/** Sends what is left of a file. */
export async function send({ address, file, offset, replace, onProgress, signal }: Piece): Promise<void> {
  const headers: Record<string, string> = { "content-type": "application/octet-stream" };
  if (!replace) headers["if-none-match"] = "*";
  if (offset > 0) headers["content-range"] = `bytes ${offset}-${file.size - 1}/${file.size}`;
  await put(address, headers, offset > 0 ? file.slice(offset) : file, (sent) => onProgress(offset + sent), signal);
}

/** How much of a file of this length is there. */
export async function kept(address: string, size: number, signal: AbortSignal): Promise<number> {
  const offset = await put(address, { "content-range": `bytes */${size}` }, new Blob(), () => {}, signal);
  return offset < size ? offset : 0;
}

function put(
  address: string,
  headers: Readonly<Record<string, string>>,
  body: Blob,
  onProgress: (sent: number) => void,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    let stalled: ReturnType<typeof setTimeout>;
    const moved = () => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED_MS);
    };
    const cancel = () => request.abort();
    request.open("PUT", address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader("x-csrf-token", current().me?.csrf_token ?? "");
    request.upload.onprogress = ({ loaded }) => {
      moved();
      onProgress(loaded);
    };
    request.onloadend = () => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", cancel);
      const answer = { get: (name: string) => request.getResponseHeader(name) };
      if (request.status >= 200 && request.status < 300) resolve(Number(answer.get("upload-offset") ?? "0"));
      else reject(request.status === 0 ? new FilesError("unreachable") : refusal(request.status, answer, request.responseText));
    };
    signal.addEventListener("abort", cancel);
    moved();
    request.send(body);
  });
}
