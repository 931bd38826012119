// Why the line to a desktop was closed, by the code in the WebSocket's close frame (docs/api/tunnel.md).

/** For good: trying again would change nothing. */
export type Final =
  /** The session is over. */
  | "over"
  /** The user took viewing back. */
  | "not_granted"
  /** The operator is not signed in any more. */
  | "signed_out"
  /** The desktop was opened somewhere else. */
  | "replaced";

export type Passing =
  /** The session goes on, and nothing reaches the user's computer just now. */
  | "unreachable"
  /** Anything else: a broken line, a restart of the service. */
  | "broken";

const FINAL: Readonly<Record<number, Final>> = { 4000: "over", 4001: "not_granted", 4002: "signed_out", 4003: "replaced" };
const AGENT_UNREACHABLE = 4004;

export function finalClosing(code: number): Final | undefined {
  return FINAL[code];
}

export function passingClosing(code: number): Passing {
  return code === AGENT_UNREACHABLE ? "unreachable" : "broken";
}
