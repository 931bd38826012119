// One session: what is granted and going on, the chat, and its end.

import { useEffect, useRef, useState } from "preact/hooks";
import { ask, endSession, loadReceipts, sendRequest } from "../actions";
import { Desktop } from "../desktop/desktop";
import { Files } from "../files/files";
import { clock, duration, timeOfDay } from "../format";
import { readReceipt } from "../receipt";
import { AskOrShow, LatestRequest } from "../request/agent-request";
import { subjectOf } from "../request/request-dialog";
import { type HeldSession, isOpen, latestRequest } from "../state";
import type { App } from "../store";
import { text } from "../strings";
import { ACTIONS, type Me, type Permission, PERMISSIONS, type ReceiptView } from "../types";
import { useHeldFocus, useSecondsSince, useTask } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Badge, Button, Countdown, Empty, ErrorLine, Name, Section } from "../ui/parts";
import { Chat } from "./chat";
import { Receipts } from "./receipts";
import { useSession } from "./use-session";

interface SessionPageProps {
  readonly app: App;
  readonly me: Me;
  readonly id: string;
  readonly waiting: number;
}

export function SessionPage({ app, me, id, waiting }: SessionPageProps) {
  const { session, failure } = useSession(app, id);
  const title = text.title(waiting, text.session.page(session?.title ?? ""));
  useEffect(() => {
    document.title = title;
  }, [title]);

  return (
    <div class="session">
      <a class="back" href="#/">
        <Icon name="back" />
        {text.session.back}
      </a>
      {session ? (
        <Session app={app} me={me} session={session} />
      ) : failure ? (
        <div class="panel">
          <Empty icon="search" title={text.session.missing}>
            {failure}
          </Empty>
        </div>
      ) : (
        <p class="loading">
          <span class="spinner" />
          {text.session.loading}
        </p>
      )}
    </div>
  );
}

function Session({ app, me, session }: { app: App; me: Me; session: HeldSession }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    // The viewer goes with the session, and the focus must not go with it.
    if (session.ended && document.activeElement === document.body) heading.current?.focus({ preventScroll: true });
  }, [session.ended === undefined]);

  // Each decision brings a receipt, and each end leaves the last; the reloads follow both.
  const [receipts, setReceipts] = useState<readonly ReceiptView[]>([]);
  const { request, ended } = session;
  useEffect(() => {
    loadReceipts(session.id).then(setReceipts, () => {});
  }, [session.id, request?.id, request?.state.state, ended === undefined, app.state.generation]);

  const mine = session.operator.id === me.operator.id;
  const permissions = <Permissions app={app} session={session} receipts={receipts} mine={mine} />;
  const chat = <Chat app={app} session={session} mine={mine} />;
  return (
    <>
      <header class="session-head panel">
        <div class="session-title">
          <h1 ref={heading} tabIndex={-1}>
            <Name of={session.title} />
          </h1>
          <p class="session-meta dim">
            <Standing session={session} />
            <span>
              {text.session.startedBy} <Name of={session.operator.name} />
            </span>
            <span>
              {text.session.started} {timeOfDay(session.started_at, Date.now())}
            </span>
          </p>
        </div>
        <Times session={session} />
        {!ended && (
          <Button look="danger" icon="stop" onPress={() => endSession(session.id)}>
            {text.session.end}
          </Button>
        )}
      </header>
      <Notice session={session} />
      {mine && (
        <div class="session-tools">
          {!ended && <Desktop app={app} session={session} />}
          <Files app={app} session={session} />
        </div>
      )}
      <div class="session-body">
        <div class="session-main">{chat}</div>
        <div class="session-side">
          {!ended && <Doing session={session} />}
          {permissions}
          <Receipts sessionId={session.id} receipts={receipts} organisation={me.organisation} />
          <p class="relay dim">
            <Icon name="shield" />
            {text.session.relay}
          </p>
        </div>
      </div>
    </>
  );
}

function Standing({ session }: { session: HeldSession }) {
  if (session.ended) return <Badge tone="plain">{text.session.ended}</Badge>;
  if (!session.presence.present) return <Badge tone="warn">{text.session.reconnecting}</Badge>;
  if (session.suspended) return <Badge tone="warn">{text.session.suspended}</Badge>;
  return <Badge tone="good">{text.session.connected}</Badge>;
}

function Times({ session }: { session: HeldSession }) {
  const secs = useSecondsSince(session.running_secs, session.at, !session.ended);
  return (
    <dl class="times">
      <div>
        <dt>{session.ended ? text.session.lasted : text.session.running}</dt>
        <dd>
          <span role="timer" aria-label={text.session.running}>
            {clock(secs)}
          </span>
        </dd>
      </div>
      {!session.ended && (
        <div>
          <dt>{text.session.left}</dt>
          <dd>
            <Countdown secs={session.remaining_secs} at={session.at} label={text.session.left} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function Notice({ session }: { session: HeldSession }) {
  if (session.ended) {
    return (
      <div class="standing standing-plain ended" role="status">
        <span class="standing-icon">
          <Icon name="stop" />
        </span>
        <div>
          <p class="standing-title">{text.session.endedHeading}</p>
          <p>
            {text.session.endReasons[session.ended.reason]} {text.session.lasted} {duration(session.running_secs)}.
          </p>
        </div>
      </div>
    );
  }
  const words = !session.presence.present
    ? text.session.reconnectingDetail
    : session.suspended
      ? text.session.suspendedDetail
      : undefined;
  return (
    <div class="standing-line" role="status">
      {words && (
        <div class="standing standing-warn">
          <span class="standing-icon">
            <Icon name="warning" />
          </span>
          <p>{words}</p>
        </div>
      )}
    </div>
  );
}

function Doing({ session }: { session: HeldSession }) {
  return (
    <Section heading={text.session.actions}>
      <ul class="doing" aria-live="polite">
        {ACTIONS.map((it) => (
          <li key={it} class="action" data-on={session.actions.includes(it) || undefined} aria-hidden={!session.actions.includes(it)}>
            {text.session.actionNames[it]}
          </li>
        ))}
      </ul>
      <p class="hint">{session.actions.length === 0 ? text.session.idle : text.session.actionsHint}</p>
    </Section>
  );
}

interface PermissionsProps {
  readonly app: App;
  readonly session: HeldSession;
  readonly receipts: readonly ReceiptView[];
  readonly mine: boolean;
}

function Permissions({ app, session, receipts, mine }: PermissionsProps) {
  const asked = askedFor(receipts);
  const approved = approvedIn(receipts);
  const target = { session: session.id };
  const open = latestRequest(app.state, target);
  const free = mine && !session.ended && !(open && isOpen(open));
  const askable = free ? subjectOf(app.state, target).allowed : [];
  const one = useTask((permission: Permission) => sendRequest({ target, permissions: [permission] }));
  const place = useHeldFocus<HTMLUListElement>();
  return (
    <Section heading={text.session.permissions}>
      <ul class="permissions" ref={place} tabIndex={-1}>
        {PERMISSIONS.map((it) => {
          const granted = session.granted.includes(it);
          const standing = granted
            ? "granted"
            : approved.has(it)
              ? "takenBack"
              : asked.has(it)
                ? "notGranted"
                : "notAsked";
          return (
            <li key={it} class="permission" data-standing={standing} title={text.permissions.meanings[it]}>
              <Icon name={granted ? "check" : "minus"} />
              <span class="permission-name">{text.permissions.names[it]}</span>
              <span class="dim push">{text.session.standings[standing]}</span>
              {askable.includes(it) && (
                <Button small disabled={one.busy} label={text.session.askForOf(text.permissions.names[it])} onPress={() => one.run(it)}>
                  {text.session.askFor}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {mine && !session.ended && (
        <div class="ask-more">
          <AskOrShow state={app.state} target={target}>
            {askable.length > 0 && (
              <Button icon="plus" onPress={() => ask(target)}>
                {text.session.askMore}
              </Button>
            )}
          </AskOrShow>
          <LatestRequest state={app.state} target={target} />
          <ErrorLine words={one.error} />
        </div>
      )}
    </Section>
  );
}

/** What the user said yes to at some time. */
function approvedIn(receipts: readonly ReceiptView[]): ReadonlySet<Permission> {
  const terms = receipts.map((it) => readReceipt(it.receipt)?.terms);
  return new Set(terms.flatMap((it) => (it?.outcome === "approved" ? it.permissions : [])));
}

/** What was asked for so far, from the requests that the receipts repeat. */
function askedFor(receipts: readonly ReceiptView[]): ReadonlySet<Permission> {
  return new Set(receipts.flatMap((it) => readReceipt(it.receipt)?.request.permissions ?? []));
}
