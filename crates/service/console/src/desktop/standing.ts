// How a viewer stands: from what the session allows and how the line is. Pure.

import type { SessionView } from "../types";
import type { Final } from "./closing";
import type { Phase } from "./link";

export type Standing =
  | "ended"
  | "takenBack"
  | "suspended"
  | "connecting"
  | "waiting"
  | "running"
  | "reconnecting"
  | "unreachable"
  | "refused"
  | "elsewhere";

const FINAL: Readonly<Record<Final, Standing>> = {
  over: "ended",
  not_granted: "takenBack",
  // The page is about to show the sign-in.
  signed_out: "reconnecting",
  replaced: "elsewhere",
};

/** What the session says goes before what the line says: it knows why. */
export function standingOf(session: SessionView, phase: Phase): Standing {
  if (session.ended) return "ended";
  if (!session.granted.includes("view")) return "takenBack";
  if (session.suspended) return "suspended";
  if (phase.at === "over") return FINAL[phase.why];
  if (phase.at === "reconnecting") return phase.why === "unreachable" ? "unreachable" : "reconnecting";
  return phase.at;
}

/** Whether there should be a line at all. */
export function isWanted(session: SessionView): boolean {
  return !session.ended && !session.suspended && session.granted.includes("view");
}
