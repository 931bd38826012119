// What the page knows, as a pure function of the events it was told. No network, no clock: the time of arrival is an
// argument, because everything on the wire says how many seconds remained when it was written.

import type {
  DeviceView,
  HelpView,
  InvitationView,
  LiveEvent,
  MessageView,
  RequestView,
  SessionView,
  Target,
} from "./types";

/** A thing with the moment it arrived, in milliseconds of the page's monotonic clock. */
export type Held<T> = T & { readonly at: number };

export type HeldInvitation = Held<InvitationView>;
export type HeldRequest = Held<RequestView>;
export type HeldSession = Held<SessionView>;

export interface State {
  /** Counts the times everything was sent; 0 before the first. */
  readonly generation: number;
  /** Newest first. */
  readonly invitations: readonly HeldInvitation[];
  /** By computer, then user. */
  readonly devices: readonly DeviceView[];
  /** Oldest first. */
  readonly help: readonly HelpView[];
  /** Newest first. */
  readonly sessions: readonly HeldSession[];
  /** Open ones and those that were decided while the page was watching. */
  readonly requests: ReadonlyMap<string, HeldRequest>;
  /** By session, oldest first. */
  readonly messages: ReadonlyMap<string, readonly MessageView[]>;
}

export const NOTHING: State = {
  generation: 0,
  invitations: [],
  devices: [],
  help: [],
  sessions: [],
  requests: new Map(),
  messages: new Map(),
};

/** The state after `event`, which arrived at `at`. */
export function apply(state: State, event: LiveEvent, at: number): State {
  switch (event.type) {
    case "everything": {
      const { invitations, devices, help, sessions } = event.data;
      const known = {
        ...state,
        generation: state.generation + 1,
        invitations: invitations.map((it) => ({ ...it, at })).sort(newestCreated),
        devices: [...devices].sort(byComputer),
        help: [...help].sort(oldestCreated),
        sessions: sessions.map((it) => ({ ...it, at })).sort(newestStarted),
      };
      const requests = [
        ...invitations.map((it) => it.agent?.request),
        ...devices.map((it) => it.agent.request),
        ...sessions.map((it) => it.request),
      ];
      return requests.reduce<State>((next, it) => withRequest(next, it, at), known);
    }
    case "invitation": {
      const invitations = put(state.invitations, { ...event.data, at }, newestCreated);
      return withRequest({ ...state, invitations }, event.data.agent?.request, at);
    }
    case "device": {
      const devices = put(state.devices, event.data, byComputer);
      return withRequest({ ...state, devices }, event.data.agent.request, at);
    }
    case "device_retired":
      return { ...state, devices: state.devices.filter((it) => it.id !== event.data) };
    case "help":
      return { ...state, help: put(state.help, event.data, oldestCreated) };
    case "help_closed":
      return { ...state, help: state.help.filter((it) => it.id !== event.data) };
    case "request":
      return withRequest(state, event.data, at);
    case "session": {
      const sessions = put(state.sessions, { ...event.data, at }, newestStarted);
      return withRequest({ ...state, sessions }, event.data.request, at);
    }
    case "message":
      return withMessages(state, event.data.session_id, [event.data]);
    default:
      // An event of a later version.
      return state;
  }
}

/** Adds messages that were fetched or arrived; those already known stay as they are. */
export function withMessages(state: State, sessionId: string, messages: readonly MessageView[]): State {
  const held = state.messages.get(sessionId) ?? [];
  const fresh = messages.filter((it) => !held.some((known) => known.id === it.id));
  if (fresh.length === 0 && state.messages.has(sessionId)) return state;
  const all = [...held, ...fresh].sort((a, b) => compare(instant(a.sent_at), instant(b.sent_at)));
  return { ...state, messages: new Map(state.messages).set(sessionId, all) };
}

/** Whether the user can still answer. */
export function isOpen(request: RequestView): boolean {
  return ["sent", "not_reached", "shown"].includes(request.state.state);
}

/** The newest request to `target` that the page knows of. */
export function latestRequest(state: State, target: Target): HeldRequest | undefined {
  let latest: HeldRequest | undefined;
  for (const request of state.requests.values()) {
    const newer = !latest || instant(request.created_at) >= instant(latest.created_at);
    if (newer && sameTarget(request.target, target)) latest = request;
  }
  return latest;
}

/** The operating system of the user's computer: `linux`, `macos` or `windows`, where the page knows the computer. */
export function systemOf(state: State, target: Target): string | undefined {
  const agent =
    "device" in target
      ? state.devices.find((it) => it.id === target.device)?.agent
      : "invitation" in target
        ? state.invitations.find((it) => it.id === target.invitation)?.agent
        : undefined;
  return agent?.description.operating_system;
}

/** Open requests that the latest `everything` no longer mentioned: they were decided while the line was down. */
export function unsettledRequests(before: State, after: State): string[] {
  const mentioned = (id: string) => before.requests.get(id)?.at !== after.requests.get(id)?.at;
  return [...after.requests.values()].filter((it) => isOpen(it) && !mentioned(it.id)).map((it) => it.id);
}

/** Requests that were open before and are not any more, whichever event told so. */
export function newlyDecided(before: State, after: State): HeldRequest[] {
  if (before.requests === after.requests) return [];
  const wasOpen = (id: string) => {
    const known = before.requests.get(id);
    return known !== undefined && isOpen(known);
  };
  return [...after.requests.values()].filter((it) => !isOpen(it) && wasOpen(it.id));
}

export function sameTarget(a: Target, b: Target): boolean {
  return targetKey(a) === targetKey(b);
}

function targetKey(target: Target): string {
  const [[kind, id] = []] = Object.entries(target);
  return `${kind}/${id}`;
}

function withRequest(state: State, request: RequestView | null | undefined, at: number): State {
  if (!request) return state;
  return { ...state, requests: new Map(state.requests).set(request.id, { ...request, at }) };
}

function put<T extends { id: string }>(list: readonly T[], item: T, order: (a: T, b: T) => number): T[] {
  const index = list.findIndex((it) => it.id === item.id);
  if (index >= 0) return list.map((it, at) => (at === index ? item : it));
  return [...list, item].sort(order);
}

/** Points in time come with and without fractions of a second, so their texts do not sort. */
function instant(timestamp: string): number {
  return Date.parse(timestamp);
}

function compare<T>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function newestCreated(a: { created_at: string }, b: { created_at: string }): number {
  return compare(instant(b.created_at), instant(a.created_at));
}

function oldestCreated(a: { created_at: string }, b: { created_at: string }): number {
  return newestCreated(b, a);
}

function newestStarted(a: { started_at: string }, b: { started_at: string }): number {
  return compare(instant(b.started_at), instant(a.started_at));
}

function byComputer(a: DeviceView, b: DeviceView): number {
  return a.computer.localeCompare(b.computer) || a.user.localeCompare(b.user) || compare(a.id, b.id);
}
