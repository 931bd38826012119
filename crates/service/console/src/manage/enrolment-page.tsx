// Enrolment: device groups with the most that may be asked for, and the tokens by which computers join them.

import { useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { day } from "../format";
import { text } from "../strings";
import * as manage from "../strings/manage";
import {
  type AddEnrolmentToken,
  type AddGroup,
  type EnrolmentTokenAdded,
  type EnrolmentTokenView,
  type EnrolmentView,
  type Permission,
  PERMISSIONS,
} from "../types";
import { useNow, useTask } from "../ui/hooks";
import { useLoaded } from "../ui/loaded";
import { Fetching, Page } from "../ui/page";
import { Badge, Button, Empty, ErrorLine, Field, Modal, Name, Section, Told } from "../ui/parts";
import { Foot } from "./operators-page";

type Dialog =
  | { readonly kind: "group"; readonly group: EnrolmentView | undefined }
  | { readonly kind: "token"; readonly group: EnrolmentView }
  | { readonly kind: "told"; readonly token: string }
  | { readonly kind: "revoke"; readonly token: EnrolmentTokenView };

export function EnrolmentPage({ waiting }: { waiting: number }) {
  const groups = useLoaded(() => call<EnrolmentView[]>("GET", "/enrolment"));
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  const changed = () => {
    groups.reload();
    close();
  };
  return (
    <Page
      heading={manage.enrolment.heading}
      lead={manage.enrolment.lead}
      waiting={waiting}
      aside={
        <Button look="primary" icon="plus" onPress={() => setDialog({ kind: "group", group: undefined })}>
          {manage.enrolment.addGroup}
        </Button>
      }
    >
      {!groups.data ? (
        <Fetching of={groups} />
      ) : groups.data.length === 0 ? (
        <div class="panel">
          <Empty icon="computer" title={manage.enrolment.empty}>
            {manage.enrolment.emptyDetail}
          </Empty>
        </div>
      ) : (
        groups.data.map((it) => <Group key={it.group.id} group={it} open={setDialog} />)
      )}
      {dialog?.kind === "group" && <GroupForm group={dialog.group} onSaved={changed} onClose={close} />}
      {dialog?.kind === "token" && (
        <TokenForm
          group={dialog.group}
          onMade={({ enrolment_token: token }) => {
            groups.reload();
            setDialog({ kind: "told", token });
          }}
          onClose={close}
        />
      )}
      {dialog?.kind === "told" && (
        <Modal heading={manage.enrolment.told} onClose={close}>
          <Told value={dialog.token} copy={manage.enrolment.copyToken} />
          <p>{manage.enrolment.toldDetail}</p>
          <div class="modal-foot">
            <span class="push">
              <Button look="primary" onPress={close}>
                {text.common.done}
              </Button>
            </span>
          </div>
        </Modal>
      )}
      {dialog?.kind === "revoke" && <Revoke token={dialog.token} onRevoked={changed} onClose={close} />}
    </Page>
  );
}

function Group({ group, open }: { group: EnrolmentView; open: (dialog: Dialog) => void }) {
  const { name, permissions } = group.group;
  return (
    <Section
      heading={name}
      aside={
        <Button small icon="edit" label={manage.enrolment.editOf(name)} onPress={() => open({ kind: "group", group })}>
          {manage.enrolment.edit}
        </Button>
      }
    >
      <p class="group-facts dim">
        <span>{text.devices.count(group.devices)}</span>
        <span>{group.requires_acceptance ? manage.enrolment.acceptance : manage.enrolment.accepted}</span>
      </p>
      <h3 class="small-heading">{manage.enrolment.permissions}</h3>
      <ul class="chips">
        {PERMISSIONS.filter((it) => permissions.includes(it)).map((it) => (
          <li key={it} class="tag">
            {text.permissions.names[it]}
          </li>
        ))}
      </ul>
      <div class="tokens-head">
        <h3 class="small-heading">{manage.enrolment.tokens}</h3>
        <Button small icon="plus" label={manage.enrolment.addTokenOf(name)} onPress={() => open({ kind: "token", group })}>
          {manage.enrolment.addToken}
        </Button>
      </div>
      {group.tokens.length === 0 ? (
        <p class="hint">{manage.enrolment.noTokens}</p>
      ) : (
        <ul class="rows tokens">
          {group.tokens.map((it) => (
            <Token key={it.id} token={it} onRevoke={() => open({ kind: "revoke", token: it })} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Token({ token, onRevoke }: { token: EnrolmentTokenView; onRevoke: () => void }) {
  const now = useNow();
  const expired = token.expires_at != null && Date.parse(token.expires_at) <= now;
  const over = token.revoked_at != null || expired || token.uses_left === 0;
  const name = token.label ?? manage.enrolment.unlabelled;
  return (
    <li class="row token">
      <div class="row-main">
        <p class="row-title">
          <Name of={name} />
        </p>
        <p class="dim">
          {[
            token.created_at && day(token.created_at),
            manage.enrolment.enrolled(token.devices),
            token.uses_left != null && !over && manage.enrolment.usesLeft(token.uses_left),
            token.expires_at && !over && manage.enrolment.until(day(token.expires_at)),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      </div>
      {token.revoked_at != null ? (
        <Badge tone="plain">{manage.enrolment.revoked}</Badge>
      ) : expired ? (
        <Badge tone="plain">{manage.enrolment.expired}</Badge>
      ) : token.uses_left === 0 ? (
        <Badge tone="plain">{manage.enrolment.usedUp}</Badge>
      ) : (
        <Badge tone="good">{manage.enrolment.inForce}</Badge>
      )}
      {!over && (
        <Button small look="quiet" label={manage.enrolment.revokeOf(name)} onPress={onRevoke}>
          {manage.enrolment.revoke}
        </Button>
      )}
    </li>
  );
}

interface GroupFormProps {
  readonly group: EnrolmentView | undefined;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

function GroupForm({ group, onSaved, onClose }: GroupFormProps) {
  const name = useRef<HTMLInputElement>(null);
  const [allowed, setAllowed] = useState<readonly Permission[]>(group?.group.permissions ?? PERMISSIONS);
  const [acceptance, setAcceptance] = useState(group?.requires_acceptance ?? true);
  const [none, setNone] = useState(false);
  const { busy, error, run } = useTask(async (wanted: AddGroup) => {
    if (group) await call("PATCH", `/device-groups/${group.group.id}`, wanted);
    else await call("POST", "/device-groups", wanted);
    onSaved();
  });
  const narrower = group?.group.permissions.some((it) => !allowed.includes(it));
  return (
    <Modal heading={group ? manage.enrolment.editOf(group.group.name) : manage.enrolment.addGroup} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setNone(allowed.length === 0);
          if (busy || !name.current || allowed.length === 0) return;
          void run({ name: name.current.value.trim(), permissions: [...allowed], requires_acceptance: acceptance });
        }}
      >
        <label class="field">
          <span>{manage.enrolment.groupName}</span>
          <input ref={name} required maxLength={64} defaultValue={group?.group.name} autocomplete="off" dir="auto" />
        </label>
        <fieldset class="choices choices-small">
          <legend class="small-heading">{manage.enrolment.permissions}</legend>
          {PERMISSIONS.map((it) => (
            <label class="choice" key={it}>
              <input
                type="checkbox"
                checked={allowed.includes(it)}
                onChange={(event) => {
                  const on = event.currentTarget.checked;
                  setAllowed(PERMISSIONS.filter((other) => (other === it ? on : allowed.includes(other))));
                }}
              />
              <span class="choice-name">{text.permissions.names[it]}</span>
            </label>
          ))}
        </fieldset>
        <label class="choice choice-alone">
          <input type="checkbox" checked={acceptance} onChange={(event) => setAcceptance(event.currentTarget.checked)} />
          <span class="choice-name">{manage.enrolment.acceptance}</span>
        </label>
        {narrower && <p class="hint">{manage.enrolment.narrower}</p>}
        <ErrorLine words={none ? text.request.chooseOne : error} />
        <Foot busy={busy} submit={group ? text.common.save : manage.enrolment.addGroup} onClose={onClose} />
      </form>
    </Modal>
  );
}

const DAYS = [1, 7, 30, 90, 365] as const;
const DEFAULT_DAYS = 30;

interface TokenFormProps {
  readonly group: EnrolmentView;
  readonly onMade: (made: EnrolmentTokenAdded) => void;
  readonly onClose: () => void;
}

function TokenForm({ group, onMade, onClose }: TokenFormProps) {
  const label = useRef<HTMLInputElement>(null);
  const uses = useRef<HTMLInputElement>(null);
  const [days, setDays] = useState<number>(DEFAULT_DAYS);
  const { busy, error, run } = useTask(async (wanted: AddEnrolmentToken) =>
    onMade(await call("POST", `/device-groups/${group.group.id}/enrolment-tokens`, wanted)),
  );
  return (
    <Modal heading={manage.enrolment.addTokenOf(group.group.name)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (busy || !label.current || !uses.current) return;
          void run({
            label: label.current.value.trim() || null,
            uses: uses.current.value === "" ? null : Number(uses.current.value),
            expires_in_days: days === 0 ? null : days,
          });
        }}
      >
        <label class="field">
          <span>{manage.enrolment.label}</span>
          <input ref={label} maxLength={100} autocomplete="off" dir="auto" />
        </label>
        <div class="two">
          <Field words={manage.enrolment.uses} hint={manage.enrolment.usesHint}>
            {(ties) => <input {...ties} ref={uses} type="number" min={1} max={1_000_000} step={1} inputMode="numeric" />}
          </Field>
          <label class="field">
            <span>{manage.enrolment.expiry}</span>
            <select value={days} onChange={(event) => setDays(Number(event.currentTarget.value))}>
              {DAYS.map((it) => (
                <option key={it} value={it}>
                  {manage.enrolment.days(it)}
                </option>
              ))}
              <option value={0}>{manage.enrolment.noEnd}</option>
            </select>
          </label>
        </div>
        <ErrorLine words={error} />
        <Foot busy={busy} submit={manage.enrolment.make} onClose={onClose} />
      </form>
    </Modal>
  );
}

function Revoke({ token, onRevoked, onClose }: { token: EnrolmentTokenView; onRevoked: () => void; onClose: () => void }) {
  const { busy, error, run } = useTask(async () => {
    await call("DELETE", `/enrolment-tokens/${token.id}`);
    onRevoked();
  });
  return (
    <Modal heading={manage.enrolment.revokeHeading} onClose={onClose}>
      <p>
        <strong>
          <Name of={token.label ?? manage.enrolment.unlabelled} />
        </strong>
      </p>
      <p>{manage.enrolment.revokeDetail}</p>
      <ErrorLine words={error} />
      <div class="modal-foot">
        <Button onPress={onClose}>{text.common.cancel}</Button>
        <span class="push">
          <Button look="danger" disabled={busy} onPress={run}>
            {manage.enrolment.revoke}
          </Button>
        </span>
      </div>
    </Modal>
  );
}
