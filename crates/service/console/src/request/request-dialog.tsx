// The request dialog: first what to ask for, then how the request stands until it is decided.

import { useState } from "preact/hooks";
import { sendRequest, stopAsking, withdrawRequest } from "../actions";
import { explainRequest } from "../announce";
import { type HeldRequest, isOpen, latestRequest, type State } from "../state";
import type { App } from "../store";
import { text } from "../strings";
import { type Permission, PERMISSIONS, type Target } from "../types";
import { useHeldFocus, useSecondsLeft, useTask } from "../ui/hooks";
import { Icon, type IconName } from "../ui/icons";
import { Button, Countdown, ErrorLine, Modal, Name, Woven } from "../ui/parts";
import { toneOf } from "./agent-request";

const DEFAULT_ANSWER_SECS = 120;
/** What hardly intrudes, and what every user can grant. */
const PRESELECTED: readonly Permission[] = ["view", "chat", "messages"];

export function RequestDialog({ app, target }: { app: App; target: Target }) {
  const { state } = app;
  const latest = latestRequest(state, target);
  // A decided request from before is history; one that is decided while the dialog is open is news.
  const [watched, setWatched] = useState(latest && isOpen(latest) ? latest.id : undefined);
  const request = watched === undefined ? undefined : state.requests.get(watched);
  const subject = subjectOf(state, target);
  const place = useHeldFocus<HTMLDivElement>();
  return (
    <Modal
      heading={"session" in target ? text.request.headingMore : <Heading name={subject.name} />}
      onClose={stopAsking}
    >
      <div class="modal-body" ref={place} tabIndex={-1}>
        {request ? (
          <Progress request={request} onAgain={() => setWatched(undefined)} />
        ) : (
          <Form target={target} subject={subject} onSent={setWatched} />
        )}
      </div>
    </Modal>
  );
}

function Heading({ name }: { name: string | undefined }) {
  if (name === undefined) return <>{text.invitations.ask}</>;
  return <Woven words={text.request.heading}><Name of={name} /></Woven>;
}

interface Subject {
  /** Nothing for an invitation without a label. */
  readonly name: string | undefined;
  /** What may be asked for, and is not granted yet. */
  readonly allowed: readonly Permission[];
  /** The device group that allows less than everything. */
  readonly group: string | undefined;
  readonly newcomer: boolean;
}

/** What may be asked of a target, and what it is called. */
export function subjectOf(state: State, target: Target): Subject {
  if ("invitation" in target) {
    const invitation = state.invitations.find((it) => it.id === target.invitation);
    return { name: invitation?.label || undefined, allowed: PERMISSIONS, group: undefined, newcomer: true };
  }
  if ("device" in target) {
    const device = state.devices.find((it) => it.id === target.device);
    const allowed = PERMISSIONS.filter((it) => device?.group.permissions.includes(it));
    const group = allowed.length < PERMISSIONS.length ? device?.group.name : undefined;
    return { name: device?.computer, allowed, group, newcomer: false };
  }
  const session = state.sessions.find((it) => it.id === target.session);
  if (!session) return { name: undefined, allowed: [], group: undefined, newcomer: false };
  const { allowed, group } = subjectOf(state, session.target);
  const left = allowed.filter((it) => !session.granted.includes(it));
  return { name: session.title, allowed: left, group, newcomer: false };
}

function Form({ target, subject, onSent }: { target: Target; subject: Subject; onSent: (id: string) => void }) {
  const more = "session" in target;
  const [chosen, setChosen] = useState<readonly Permission[]>(
    more ? [] : PRESELECTED.filter((it) => subject.allowed.includes(it)),
  );
  const [secs, setSecs] = useState(DEFAULT_ANSWER_SECS);
  const [missing, setMissing] = useState(false);
  const { busy, error, run } = useTask(async () => {
    onSent((await sendRequest({ target, permissions: [...chosen], answer_within_secs: secs })).id);
  });
  const toggle = (permission: Permission, on: boolean) => {
    setMissing(false);
    setChosen(PERMISSIONS.filter((it) => (it === permission ? on : chosen.includes(it))));
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (busy) return;
    if (chosen.length === 0) setMissing(true);
    else void run();
  };
  if (subject.allowed.length === 0) {
    return (
      <>
        <p>{text.request.nothingAllowed}</p>
        <div class="modal-foot">
          <Button onPress={stopAsking}>{text.common.close}</Button>
        </div>
      </>
    );
  }
  return (
    <form onSubmit={submit}>
      <p class="lead">{more ? text.request.leadMore : text.request.lead}</p>
      <fieldset class="choices">
        <legend class="hidden">{text.request.choose}</legend>
        {subject.allowed.map((it) => (
          <label class="choice" key={it}>
            <input
              type="checkbox"
              checked={chosen.includes(it)}
              onChange={(event) => toggle(it, event.currentTarget.checked)}
            />
            <span>
              <span class="choice-name">{text.permissions.names[it]}</span>
              <span class="dim">{text.permissions.meanings[it]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {subject.group && <p class="hint">{text.request.group(subject.group)}</p>}
      {subject.newcomer && <p class="hint">{text.request.newcomer}</p>}
      <ErrorLine words={missing ? text.request.chooseOne : error} />
      <div class="modal-foot">
        <label class="field">
          <span>{text.request.answerWithin}</span>
          <select value={secs} onChange={(event) => setSecs(Number(event.currentTarget.value))}>
            {Object.entries(text.request.answerTimes).map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        </label>
        <span class="push">
          <Button look="primary" submit disabled={busy}>
            {busy ? text.request.sending : text.request.send}
          </Button>
        </span>
      </div>
    </form>
  );
}

const ICONS: Record<ReturnType<typeof toneOf>, IconName> = {
  good: "check",
  bad: "cross",
  warn: "warning",
  busy: "clock",
};

function Progress({ request, onAgain }: { request: HeldRequest; onAgain: () => void }) {
  const open = isOpen(request);
  const tone = toneOf(request.state.state);
  const { title, detail } = explainRequest(request.state);
  const overtime = useSecondsLeft(request.answer_within_secs, request.at) === 0 && request.state.state === "shown";
  return (
    <>
      <div class={`standing standing-${tone}`}>
        <span class="standing-icon">
          {request.state.state === "sent" ? <span class="spinner" /> : <Icon name={ICONS[tone]} />}
        </span>
        <div role="status">
          <p class="standing-title">{title}</p>
          <p>{overtime ? text.request.overtime : detail}</p>
        </div>
        {open && (
          <span class="standing-clock">
            <Countdown secs={request.answer_within_secs} at={request.at} label={text.request.timeLeft} />
          </span>
        )}
      </div>
      <h3 class="small-heading">{text.request.asked}</h3>
      <ul class="chips">
        {request.permissions.map((it) => (
          <li key={it} class="tag">
            {text.permissions.names[it]}
          </li>
        ))}
      </ul>
      <div class="modal-foot">
        {open ? (
          <>
            <Button look="quiet" onPress={stopAsking}>
              {text.request.hide}
            </Button>
            <span class="push">
              <Button look="danger" onPress={() => withdrawRequest(request.id)}>
                {text.request.withdraw}
              </Button>
            </span>
          </>
        ) : request.state.state === "approved" ? (
          <span class="push">
            <a class="button button-primary" href={`#/sessions/${request.state.session_id}`} onClick={stopAsking}>
              {text.request.openSession}
            </a>
          </span>
        ) : (
          <>
            <Button onPress={stopAsking}>{text.common.close}</Button>
            <span class="push">
              <Button look="primary" onPress={onAgain}>
                {text.request.again}
              </Button>
            </span>
          </>
        )}
      </div>
    </>
  );
}
