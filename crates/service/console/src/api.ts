// The one place that talks HTTP.

import { duration } from "./format";
import { text } from "./strings";
import type { Problem, ProblemCode } from "./types";

/** An answer other than success, or none at all (`unreachable`). */
export class ApiError extends Error {
  readonly code: ProblemCode | "unreachable";
  readonly problem: Problem | undefined;

  constructor(code: ProblemCode | "unreachable", problem?: Problem) {
    super(code === "unreachable" ? text.errors.unreachable : (text.problems[code] ?? text.problems.unknown));
    this.code = code;
    this.problem = problem;
  }
}

/** What went wrong, in words for people already. */
export class Told extends Error {}

/** What went wrong, for people. */
export function explain(error: unknown): string {
  if (error instanceof Told) return error.message;
  if (!(error instanceof ApiError)) return text.errors.page;
  const wait = error.problem?.retry_after_secs;
  // Whole minutes are rounded down where they are written.
  if (error.code === "too_many_attempts" && wait) return text.errors.tooManyAttempts(duration(wait < 60 ? wait : wait + 59));
  return error.message;
}

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  /** JSON, or a file as it is. */
  readonly body?: unknown;
  readonly csrfToken?: string | undefined;
}

/** Sends a call and reads the answer; nothing where the answer has no body. */
export async function send<T>({ method, path, body, csrfToken }: Call): Promise<T> {
  const headers = new Headers({ accept: "application/json" });
  const file = body instanceof Blob ? body : undefined;
  if (body !== undefined) headers.set("content-type", file ? file.type || "application/octet-stream" : "application/json");
  if (csrfToken !== undefined) headers.set("x-csrf-token", csrfToken);
  let response: Response;
  let answer: string;
  try {
    response = await fetch(path, {
      method,
      headers,
      cache: "no-store",
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: file ?? JSON.stringify(body) }),
    });
    answer = await response.text();
  } catch {
    throw new ApiError("unreachable");
  }
  if (response.ok) return (answer === "" ? undefined : JSON.parse(answer)) as T;
  throw problemOf(response, answer);
}

function problemOf(response: Response, answer: string): ApiError {
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("application/problem+json")) {
    // A proxy in between answered, not the service.
    return new ApiError("unreachable");
  }
  try {
    const problem = JSON.parse(answer) as Problem;
    return new ApiError(problem.code, problem);
  } catch {
    return new ApiError("unreachable");
  }
}
