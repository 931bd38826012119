// Beside an agent: the button that asks it or shows what was asked, and how the latest request stands.

import type { ComponentChildren } from "preact";
import { ask } from "../actions";
import { type HeldRequest, isOpen, latestRequest, type State } from "../state";
import { text } from "../strings";
import type { RequestState, Target } from "../types";
import { Badge, Button, Countdown } from "../ui/parts";

interface BesideAgent {
  readonly state: State;
  readonly target: Target;
  /** What is there while no request is open. */
  readonly children?: ComponentChildren;
}

export function AskOrShow({ state, target, children }: BesideAgent) {
  const request = latestRequest(state, target);
  if (!request || !isOpen(request)) return <>{children}</>;
  return <Button onPress={() => ask(target)}>{text.request.show}</Button>;
}

export function LatestRequest({ state, target, children }: BesideAgent) {
  const request = latestRequest(state, target);
  if (!request || request.state.state === "approved") return <>{children}</>;
  if (isOpen(request)) return <RequestMark request={request} />;
  return <span class="dim">{text.request.latest(text.request.badges[request.state.state])}</span>;
}

/** How an open request stands, and for how long. */
export function RequestMark({ request }: { request: HeldRequest }) {
  return (
    <Badge tone={toneOf(request.state.state)}>
      {text.request.badges[request.state.state]}
      <Countdown secs={request.answer_within_secs} at={request.at} label={text.request.timeLeft} />
    </Badge>
  );
}

export function toneOf(state: RequestState["state"]): "good" | "warn" | "bad" | "busy" {
  switch (state) {
    case "approved":
      return "good";
    case "rejected":
      return "bad";
    case "not_reached":
    case "unanswered":
      return "warn";
    case "sent":
    case "shown":
      return "busy";
  }
}
