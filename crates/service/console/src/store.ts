// The page's whole state and its one listener. Everything on screen is drawn from `App`; nothing is kept in widgets but
// what is being typed.

import { NOTHING, type State } from "./state";
import type { Me, Target } from "./types";

export interface Notice {
  readonly id: number;
  readonly tone: "info" | "good" | "bad";
  readonly words: string;
  readonly link?: { readonly href: string; readonly label: string } | undefined;
}

export interface Uploads {
  readonly session: string;
  readonly count: number;
  /** From 0 to 1. */
  readonly done: number;
}

export interface App {
  /** Nothing until the service has said who is signed in; null: nobody. */
  readonly me: Me | null | undefined;
  /** Whether a sign-in ended while the page was open. */
  readonly expired: boolean;
  readonly connection: "connecting" | "live" | "lost";
  /** How often an open line to the service fell silent. */
  readonly silences: number;
  readonly state: State;
  /** The `#…` of the address. */
  readonly route: string;
  /** The session whose desktop opens by itself, because this page asked for it. */
  readonly opening: string | undefined;
  /** What is on its way to a user's computer. */
  readonly uploads: Uploads | undefined;
  /** The session whose transfers are on screen. */
  readonly listed: string | undefined;
  /** Asks first, where what is not saved would go with the page. */
  readonly unsaved: (() => void) | undefined;
  /** Whom the request dialog is about. */
  readonly asking: Target | undefined;
  readonly notices: readonly Notice[];
  /** The latest event in words, for screen readers. */
  readonly announcement: string;
}

let app: App = {
  me: undefined,
  expired: false,
  connection: "connecting",
  silences: 0,
  state: NOTHING,
  route: location.hash,
  opening: undefined,
  uploads: undefined,
  listed: undefined,
  unsaved: undefined,
  asking: undefined,
  notices: [],
  announcement: "",
};

let draw: ((app: App) => void) | undefined;
let scheduled = false;

export function current(): App {
  return app;
}

export function update(change: Partial<App>): void {
  app = { ...app, ...change };
  if (scheduled) return;
  scheduled = true;
  queueMicrotask(() => {
    scheduled = false;
    draw?.(app);
  });
}

export function drawWith(listener: (app: App) => void): void {
  draw = listener;
  listener(app);
}

const NOTICE_MS = 8_000;
let notices = 0;

/** Shows a line for a while, and says it to screen readers. */
export function notify(tone: Notice["tone"], words: string, link?: Notice["link"]): void {
  const id = ++notices;
  update({ notices: [...app.notices.slice(-2), { id, tone, words, link }] });
  setTimeout(() => dismiss(id), NOTICE_MS);
}

export function dismiss(id: number): void {
  update({ notices: app.notices.filter((it) => it.id !== id) });
}
