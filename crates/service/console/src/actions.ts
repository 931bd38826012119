// What operators do, and what the page does when the service tells something.

import { announcement, explainRequest } from "./announce";
import { ApiError, type Call, explain, send } from "./api";
import { openEarly } from "./desktop/early";
import { fetchViewer } from "./desktop/fetch";
import { list } from "./language";
import { listen } from "./live";
import { accepted, get } from "./passkeys";
import { apply, newlyDecided, NOTHING, sameTarget, unsettledRequests, withMessages } from "./state";
import { current, notify, update } from "./store";
import { text } from "./strings";
import type {
  CreateInvitation,
  CreateRequest,
  InvitationView,
  LiveEvent,
  Me,
  MessageKind,
  MessageView,
  PasskeyChallenge,
  ReceiptView,
  RequestView,
  SessionView,
  Target,
} from "./types";

const BASE = "/operator/v1";
let closeLive: (() => void) | undefined;
/** Requests of this page, and not of another one of the same operator. */
const sentHere = new Set<string>();

/** Finds out who is signed in. */
export async function start(): Promise<void> {
  try {
    signedIn(await call<Me>("GET", "/me"));
  } catch (error) {
    if (error instanceof ApiError && error.code === "unauthenticated") update({ me: null, expired: false });
    else {
      update({ connection: "lost" });
      setTimeout(() => void start(), 3_000);
    }
  }
}

export async function signIn(login: string, password: string, code?: string): Promise<void> {
  signedIn(await send<Me>({ method: "POST", path: `${BASE}/sign-in`, body: { login, password, code } }));
}

/** Signs in with a passkey: one of the account's, where name and password are known, else whichever the browser has. */
export async function signInWithPasskey(known: { login: string; password: string } | undefined): Promise<void> {
  const path = `${BASE}/sign-in/passkey`;
  const { challenge, options } = await send<PasskeyChallenge>({ method: "POST", path, body: known ?? {} });
  const credential = await get(options);
  const body = { challenge, credential };
  signedIn(await accepted(send<Me>({ method: "POST", path: `${path}/confirm`, body })));
}

export async function signOut(): Promise<void> {
  await call("POST", "/sign-out");
  signedOut(false);
}

export async function createInvitation(body: CreateInvitation): Promise<InvitationView> {
  const invitation = await call<InvitationView>("POST", "/invitations", body);
  // The live event may have come first and may know more.
  if (!current().state.invitations.some((it) => it.id === invitation.id)) {
    take({ type: "invitation", data: invitation });
  }
  return invitation;
}

export const withdrawInvitation = (id: string) => attempt("DELETE", `/invitations/${id}`);
export const acceptDevice = (id: string) => attempt("POST", `/devices/${id}/accept`);
export const retireDevice = (id: string) => attempt("DELETE", `/devices/${id}`);
export const takeHelp = (id: string) => attempt("POST", `/help/${id}/take`);
export const closeHelp = (id: string) => attempt("DELETE", `/help/${id}`);
export const withdrawRequest = (id: string) => attempt("DELETE", `/requests/${id}`);
export const endSession = (id: string) => attempt("POST", `/sessions/${id}/end`);

export async function sendRequest(body: CreateRequest): Promise<RequestView> {
  // What an approval opens is fetched while the user decides.
  if (body.permissions.includes("view")) void fetchViewer();
  const request = await call<RequestView>("POST", "/requests", body);
  sentHere.add(request.id);
  // The user may have been faster than the service's answer.
  const known = current().state.requests.get(request.id);
  if (known) openWhatWasAsked(known);
  if (!current().state.requests.has(request.id)) take({ type: "request", data: request });
  return request;
}

export async function loadSession(id: string): Promise<void> {
  take({ type: "session", data: await call<SessionView>("GET", `/sessions/${id}`) });
}

export async function loadMessages(id: string): Promise<void> {
  const messages = await call<MessageView[]>("GET", `/sessions/${id}/messages`);
  update({ state: withMessages(current().state, id, messages) });
}

export async function sendMessage(id: string, kind: MessageKind, words: string): Promise<void> {
  const message = await call<MessageView>("POST", `/sessions/${id}/messages`, { kind, text: words });
  update({ state: withMessages(current().state, id, [message]) });
}

export const loadReceipts = (id: string) => call<ReceiptView[]>("GET", `/sessions/${id}/receipts`);

/** Opens the request dialog. */
export function ask(target: Target): void {
  update({ asking: target });
}

export function stopAsking(): void {
  update({ asking: undefined });
}

function signedIn(me: Me): void {
  update({ me, expired: false, connection: "connecting" });
  closeLive?.();
  closeLive = undefined;
  // Until an own password is chosen, or a second factor set up, the service tells nothing.
  if (me.must_change_password || me.must_set_second_factor) return;
  closeLive = listen(`${BASE}/live`, {
    event: (event) => {
      if (event.type === "everything") everything(event);
      else take(event);
    },
    lost: () => update({ connection: "lost" }),
    silent: () => update({ silences: current().silences + 1 }),
    refused: async () => {
      try {
        await call<Me>("GET", "/me");
        return true;
      } catch {
        return current().me !== null;
      }
    },
  });
}

/** The service says that nobody is signed in any more. */
export function signedOutMeanwhile(): void {
  if (current().me) signedOut(true);
}

function signedOut(expired: boolean): void {
  closeLive?.();
  closeLive = undefined;
  update({ me: null, expired, state: NOTHING, asking: undefined, notices: [] });
}

function everything(event: LiveEvent): void {
  const { state: before, connection } = current();
  const state = apply(before, event, performance.now());
  update({ state, connection: "live" });
  if (connection === "lost") update({ announcement: text.connection.back });
  // What holds for the whole organisation is told this way too, and may have changed before the line was open.
  void rereadMe();
  for (const id of unsettledRequests(before, state)) {
    call<RequestView>("GET", `/requests/${id}`).then(
      (data) => take({ type: "request", data }),
      // The next `everything` tries again.
      () => {},
    );
  }
}

function take(event: LiveEvent): void {
  const { state: before, asking, route } = current();
  const said = isOnScreen(event, route, asking) ? undefined : announcement(before, event);
  const state = apply(before, event, performance.now());
  update({ state, ...(said === undefined ? {} : { announcement: said }) });
  newlyDecided(before, state).forEach(tellOutcome);
}

/** What becomes of the operator's own request when it is decided. */
function tellOutcome(request: RequestView): void {
  const { operator, target, state, permissions } = request;
  const { asking, me } = current();
  if (operator.id !== me?.operator.id) return;
  const watching = asking !== undefined && sameTarget(asking, target);
  if (state.state === "approved") {
    if (watching) stopAsking();
    openWhatWasAsked(request);
    if ("session" in target) {
      const names = list(state.permissions.map((it) => text.permissions.names[it]));
      notify("good", text.session.moreGranted(names));
    } else {
      const href = `#/sessions/${state.session_id}`;
      const words = text.request.grantedOf(state.permissions.length, permissions.length);
      if (watching) {
        location.hash = href;
        // The browser tells of it later than it need be drawn.
        update({ route: href });
      }
      notify("good", words, watching ? undefined : { href, label: text.request.openSession });
    }
  } else if (!watching && !(state.state === "unanswered" && state.cause === "withdrawn")) {
    const { title, detail } = explainRequest(state);
    notify("info", `${title}. ${detail}`);
  }
}

/** An approval opens the desktop for who asked from this page to see it. */
function openWhatWasAsked({ id, state }: RequestView): void {
  if (state.state !== "approved" || !sentHere.has(id) || !state.permissions.includes("view")) return;
  openEarly(state.session_id);
  update({ opening: state.session_id });
}

/** Whether a part of the screen that announces itself shows the event already. */
function isOnScreen(event: LiveEvent, route: string, asking: Target | undefined): boolean {
  switch (event.type) {
    case "request":
      return asking !== undefined && sameTarget(asking, event.data.target);
    case "session":
      return [`#/sessions/${event.data.id}`, `#/sessions/${event.data.id}/desktop`].includes(route);
    case "message":
      return route === `#/sessions/${event.data.session_id}`;
    default:
      return false;
  }
}

/** Calls the service as the operator who is signed in; where nobody is any more, the page shows it. */
export async function call<T>(method: Call["method"], path: string, body?: unknown): Promise<T> {
  const csrfToken = method === "GET" ? undefined : current().me?.csrf_token;
  try {
    return await send<T>({ method, path: BASE + path, body, csrfToken });
  } catch (error) {
    if (error instanceof ApiError && error.code === "unauthenticated") signedOutMeanwhile();
    if (error instanceof ApiError && error.code === "organisation_suspended") void rereadMe();
    // Demanded since this page was opened.
    if (error instanceof ApiError && error.code === "second_factor_setup_required") void start();
    throw error;
  }
}

let rereads = 0;

/** What no event tells: whether the organisation has been suspended. */
async function rereadMe(): Promise<void> {
  const mine = ++rereads;
  try {
    const me = await call<Me>("GET", "/me");
    // Answers may overtake each other.
    if (current().me && mine === rereads) update({ me });
  } catch {
    // The next time tells it.
  }
}

/** For buttons whose effect shows when the live event comes: only a failure is told. */
async function attempt(method: Call["method"], path: string): Promise<void> {
  try {
    await call(method, path);
  } catch (error) {
    notify("bad", explain(error));
  }
}
