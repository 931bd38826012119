// Whether the files can be reached, from what is known of the session. Pure.

import type { SessionView } from "../types";

export type Standing =
  | "ended"
  /** Neither of the two permissions is there. */
  | "notGranted"
  | "suspended"
  /** The user's computer has lost its connection. */
  | "away"
  | "ready";

export function standingOf(session: SessionView): Standing {
  if (session.ended) return "ended";
  if (!mayRead(session) && !mayWrite(session)) return "notGranted";
  if (!session.presence.present) return "away";
  return session.suspended ? "suspended" : "ready";
}

export function mayRead(session: SessionView): boolean {
  return session.granted.includes("files_read");
}

export function mayWrite(session: SessionView): boolean {
  return session.granted.includes("files_write");
}
