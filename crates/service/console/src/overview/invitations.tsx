// Invitations: make one in one step, see its code from across the desk, watch the user arrive.

import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ask, createInvitation, withdrawInvitation } from "../actions";
import { invitationTitle } from "../announce";
import { groupedCode, operatingSystem } from "../format";
import { AskOrShow, LatestRequest } from "../request/agent-request";
import type { HeldInvitation, State } from "../state";
import { update } from "../store";
import { text } from "../strings";
import type { Me } from "../types";
import { Code } from "../ui/code";
import { useTask } from "../ui/hooks";
import { Ago, Badge, Button, CopyButton, Countdown, Empty, ErrorLine, Name, PresenceMark, Section } from "../ui/parts";

const DEFAULT_SECS = 7200;
const MAX_LABEL_CHARS = 100;

export function Invitations({ state, me }: { state: State; me: Me }) {
  const [newest, setNewest] = useState<string>();
  const open = state.invitations.filter((it) => it.state === "open" || it.state === "joined");
  // What became a session is found among the sessions.
  const over = state.invitations.filter((it) => !open.includes(it) && it.state !== "used");
  return (
    <Section heading={text.invitations.heading} count={open.length}>
      <NewInvitation onCreated={setNewest} />
      {open.length === 0 && (
        <Empty icon="mail" title={text.invitations.empty}>
          {text.invitations.emptyDetail}
        </Empty>
      )}
      <ul class="cards">
        {open.map((it) => (
          <Invitation key={it.id} invitation={it} state={state} me={me} fresh={it.id === newest} />
        ))}
      </ul>
      {over.length > 0 && (
        <details class="over">
          <summary>{text.invitations.over(over.length)}</summary>
          <ul>
            {over.map((it) => (
              <li key={it.id}>
                <Name of={it.label || text.invitations.unlabelled} />
                <span class="dim">
                  {text.invitations.states[it.state]} · <Ago at={it.created_at} />
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}

function NewInvitation({ onCreated }: { onCreated: (id: string) => void }) {
  const label = useRef<HTMLInputElement>(null);
  const [secs, setSecs] = useState(DEFAULT_SECS);
  const { busy, error, run } = useTask(async (words: string) => {
    const invitation = await createInvitation({ expires_in_secs: secs, label: words || undefined });
    onCreated(invitation.id);
    update({ announcement: text.invitations.created(groupedCode(invitation.session_code ?? "")) });
  });
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || !label.current) return;
    if (await run(label.current.value.trim())) label.current.value = "";
  };
  return (
    <form class="new-invitation" onSubmit={submit}>
      <label class="field grow">
        <span>{text.invitations.label}</span>
        <input ref={label} maxLength={MAX_LABEL_CHARS} placeholder={text.invitations.labelHint} autocomplete="off" />
      </label>
      <label class="field">
        <span>{text.invitations.expiry}</span>
        <select value={secs} onChange={(event) => setSecs(Number(event.currentTarget.value))}>
          {Object.entries(text.invitations.expiries).map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <Button look="primary" icon="plus" submit disabled={busy}>
        {text.invitations.create}
      </Button>
      <ErrorLine words={error} />
    </form>
  );
}

interface InvitationProps {
  readonly invitation: HeldInvitation;
  readonly state: State;
  readonly me: Me;
  readonly fresh: boolean;
}

function Invitation({ invitation, state, me, fresh }: InvitationProps) {
  const card = useRef<HTMLLIElement>(null);
  // The next thing to do with a new invitation is to copy its code.
  useLayoutEffect(() => {
    if (fresh) card.current?.querySelector("button")?.focus();
  }, [fresh]);
  const { agent, session_code: code, link } = invitation;
  const title = invitationTitle(invitation);
  const target = { invitation: invitation.id };
  return (
    <li class="card invitation" ref={card} data-fresh={fresh || undefined}>
      <div class="card-head">
        <h3>
          <Name of={invitation.label || text.invitations.unlabelled} />
        </h3>
        {invitation.operator.id !== me.operator.id && (
          <span class="dim shrink">
            <Name of={text.invitations.by(invitation.operator.name)} />
          </span>
        )}
        <span class="expiry dim">
          {text.invitations.expiresIn}{" "}
          <Countdown secs={invitation.expires_in_secs} at={invitation.at} label={text.invitations.expiresIn} />
        </span>
      </div>
      <div class="invitation-body">
        {agent ? (
          <div class="joined">
            <p class="joined-line">
              <PresenceMark presence={agent.presence} />
              <span class="dim">
                <Name
                  of={text.invitations.agent(
                    operatingSystem(agent.description.operating_system),
                    agent.description.version,
                  )}
                />
              </span>
            </p>
            <p>
              <LatestRequest state={state} target={target}>
                {agent.presence.present ? text.invitations.joined : text.invitations.away}
              </LatestRequest>
            </p>
          </div>
        ) : (
          code && (
            <>
              <p class="code">
                <span class="hidden">{text.invitations.code} </span>
                <Code code={code} />
              </p>
              <div class="invitation-copy">
                <CopyButton value={groupedCode(code)}>{text.invitations.copyCode}</CopyButton>
                {link && <CopyButton value={link}>{text.invitations.copyLink}</CopyButton>}
              </div>
            </>
          )
        )}
      </div>
      <div class="card-foot">
        {agent ? (
          <AskOrShow state={state} target={target}>
            <Button look="primary" onPress={() => ask(target)}>
              {text.invitations.ask}
            </Button>
          </AskOrShow>
        ) : (
          <Badge tone="busy">{text.invitations.waiting}</Badge>
        )}
        <span class="push">
          <Button look="quiet" small label={text.invitations.withdrawOf(title)} onPress={() => withdrawInvitation(invitation.id)}>
            {text.invitations.withdraw}
          </Button>
        </span>
      </div>
    </li>
  );
}
