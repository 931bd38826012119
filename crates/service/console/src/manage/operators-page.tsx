// Operators: who can sign in, what they may manage, and how they get in first.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { ago, day } from "../format";
import { text } from "../strings";
import * as manage from "../strings/manage";
import { secondFactor } from "../strings/account";
import type { AccountView, AccountWithPassword, AddOperator, ChangeOperator, Me, Role } from "../types";
import { useNow, useTask } from "../ui/hooks";
import { useLoaded } from "../ui/loaded";
import { Fetching, Page } from "../ui/page";
import { Badge, Button, ErrorLine, Field, Modal, Name, Told } from "../ui/parts";

type Dialog =
  | { readonly kind: "add" }
  | { readonly kind: "edit" | "reset" | "disable"; readonly account: AccountView }
  | { readonly kind: "told"; readonly told: AccountWithPassword };

const ROLES: readonly Role[] = ["operator", "administrator"];

export function OperatorsPage({ me, waiting }: { me: Me; waiting: number }) {
  const accounts = useLoaded(() => call<AccountView[]>("GET", "/operators"));
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  const tell = (told: AccountWithPassword) => {
    accounts.reload();
    setDialog({ kind: "told", told });
  };
  const changed = () => {
    accounts.reload();
    close();
  };
  return (
    <Page
      heading={manage.operators.heading}
      lead={manage.operators.lead}
      waiting={waiting}
      aside={
        <Button look="primary" icon="plus" onPress={() => setDialog({ kind: "add" })}>
          {manage.operators.add}
        </Button>
      }
    >
      {accounts.data ? (
        <div class="panel">
          <ul class="rows accounts">
            {accounts.data.map((it) => (
              <Account key={it.operator.id} account={it} me={me} open={setDialog} onChanged={accounts.reload} />
            ))}
          </ul>
        </div>
      ) : (
        <Fetching of={accounts} />
      )}
      {dialog?.kind === "add" && <Add onAdded={tell} onClose={close} />}
      {dialog?.kind === "edit" && <Edit account={dialog.account} own={dialog.account.operator.id === me.operator.id} onChanged={changed} onClose={close} />}
      {dialog?.kind === "reset" && (
        <Confirm
          heading={manage.operators.resetHeading}
          account={dialog.account}
          detail={manage.operators.resetDetail}
          submit={manage.operators.reset}
          work={async () => tell(await call("POST", `/operators/${dialog.account.operator.id}/one-time-password`))}
          onClose={close}
        />
      )}
      {dialog?.kind === "disable" && (
        <Confirm
          heading={manage.operators.disableHeading}
          account={dialog.account}
          detail={manage.operators.disableDetail}
          submit={manage.operators.disable}
          work={async () => {
            await change(dialog.account, { disabled: true });
            changed();
          }}
          onClose={close}
        />
      )}
      {dialog?.kind === "told" && (
        <Modal heading={manage.operators.passwordOf(dialog.told.account.operator.name)} onClose={close}>
          <Told value={dialog.told.one_time_password} copy={manage.operators.copyPassword} />
          <p>{manage.operators.passwordDetail}</p>
          <div class="modal-foot">
            <span class="push">
              <Button look="primary" onPress={close}>
                {text.common.done}
              </Button>
            </span>
          </div>
        </Modal>
      )}
    </Page>
  );
}

const change = (account: AccountView, wanted: ChangeOperator) =>
  call<AccountView>("PATCH", `/operators/${account.operator.id}`, wanted);

interface AccountProps {
  readonly account: AccountView;
  readonly me: Me;
  readonly open: (dialog: Dialog) => void;
  readonly onChanged: () => void;
}

function Account({ account, me, open, onChanged }: AccountProps) {
  const own = account.operator.id === me.operator.id;
  const { name } = account.operator;
  const enable = useTask(async () => {
    await change(account, { disabled: false });
    onChanged();
  });
  return (
    <li class="row account-row" data-off={account.disabled || undefined}>
      <div class="row-main">
        <p class="row-title">
          <Name of={name} />
          {own && <span class="dim"> · {text.common.you}</span>}
        </p>
        <p class="dim">
          <bdi>{account.login}</bdi>
        </p>
      </div>
      <span class="tag">{text.roles[account.role]}</span>
      <span class="account-standing">
        <Standing account={account} />
      </span>
      <div class="row-actions">
        <Button small icon="edit" label={manage.operators.editOf(name)} onPress={() => open({ kind: "edit", account })}>
          {manage.operators.edit}
        </Button>
        {!own && (
          <Button small icon="key" label={manage.operators.resetOf(name)} onPress={() => open({ kind: "reset", account })}>
            {manage.operators.reset}
          </Button>
        )}
        {account.disabled ? (
          <Button small label={manage.operators.enableOf(name)} disabled={enable.busy} onPress={enable.run}>
            {manage.operators.enable}
          </Button>
        ) : (
          !own && (
            <Button small look="quiet" label={manage.operators.disableOf(name)} onPress={() => open({ kind: "disable", account })}>
              {manage.operators.disable}
            </Button>
          )
        )}
      </div>
      <ErrorLine words={enable.error} />
    </li>
  );
}

function Standing({ account }: { account: AccountView }) {
  const now = useNow();
  if (account.disabled) return <Badge tone="bad">{manage.operators.disabled}</Badge>;
  if (account.one_time_until) {
    return Date.parse(account.one_time_until) <= now ? (
      <Badge tone="bad">{manage.operators.oneTimeOver}</Badge>
    ) : (
      <Badge tone="warn">{manage.operators.oneTime(day(account.one_time_until))}</Badge>
    );
  }
  return (
    <span class="dim">
      {account.last_sign_in ? manage.operators.lastSignIn(ago(account.last_sign_in, now)) : manage.operators.never}
      {account.second_factor && ` · ${manage.operators.withSecondFactor}`}
    </span>
  );
}

function Add({ onAdded, onClose }: { onAdded: (told: AccountWithPassword) => void; onClose: () => void }) {
  const login = useRef<HTMLInputElement>(null);
  const name = useRef<HTMLInputElement>(null);
  const [role, setRole] = useState<Role>("operator");
  const { busy, error, run } = useTask(async (wanted: AddOperator) =>
    onAdded(await call<AccountWithPassword>("POST", "/operators", wanted)),
  );
  return (
    <Modal heading={manage.operators.add} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (busy || !login.current || !name.current) return;
          void run({ login: login.current.value.trim(), name: name.current.value.trim(), role });
        }}
      >
        <NameField field={name} />
        <Field words={manage.operators.login} hint={manage.operators.loginHint}>
          {(ties) => (
            <input
              {...ties}
              ref={login}
              required
              maxLength={128}
              pattern="\S+"
              autocomplete="off"
              autocapitalize="none"
              spellcheck={false}
              dir="ltr"
            />
          )}
        </Field>
        <RoleChoice role={role} onChange={setRole} />
        <ErrorLine words={error} />
        <Foot busy={busy} submit={manage.operators.add} onClose={onClose} />
      </form>
    </Modal>
  );
}

interface EditProps {
  readonly account: AccountView;
  readonly own: boolean;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

function Edit({ account, own, onChanged, onClose }: EditProps) {
  const name = useRef<HTMLInputElement>(null);
  const [role, setRole] = useState(account.role);
  const { busy, error, run } = useTask(async () => {
    const typed = name.current?.value.trim();
    await change(account, {
      ...(typed === account.operator.name ? {} : { name: typed }),
      ...(role === account.role ? {} : { role }),
    });
    onChanged();
  });
  return (
    <Modal heading={manage.operators.editOf(account.operator.name)} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void run();
        }}
      >
        <NameField field={name} value={account.operator.name} />
        <RoleChoice role={role} onChange={setRole} />
        {account.second_factor && !own && <ResetSecondFactor account={account} onReset={onChanged} />}
        {role !== account.role && <p class="hint">{manage.operators.roleChanges}</p>}
        <ErrorLine words={error} />
        <Foot busy={busy} submit={text.common.save} onClose={onClose} />
      </form>
    </Modal>
  );
}

/** For somebody who lost app and recovery codes. */
function ResetSecondFactor({ account, onReset }: { account: AccountView; onReset: () => void }) {
  const { busy, error, run } = useTask(async () => {
    await call("DELETE", `/operators/${account.operator.id}/second-factor`);
    onReset();
  });
  return (
    <div class="field">
      <span>{secondFactor.heading}</span>
      <div class="buttons">
        <Button small look="danger" disabled={busy} onPress={run}>
          {manage.operators.resetSecondFactor}
        </Button>
      </div>
      <p class="hint">{manage.operators.resetSecondFactorHint}</p>
      <ErrorLine words={error} />
    </div>
  );
}

function NameField({ field, value }: { field: { current: HTMLInputElement | null }; value?: string }) {
  return (
    <Field words={manage.operators.name} hint={manage.operators.nameHint}>
      {(ties) => <input {...ties} ref={field} required maxLength={64} defaultValue={value} autocomplete="off" dir="auto" />}
    </Field>
  );
}

function RoleChoice({ role, onChange }: { role: Role; onChange: (role: Role) => void }) {
  return (
    <fieldset class="choices">
      <legend class="small-heading">{manage.operators.role}</legend>
      {ROLES.map((it) => (
        <label class="choice" key={it}>
          <input type="radio" name="role" checked={role === it} onChange={() => onChange(it)} />
          <span>
            <span class="choice-name">{text.roles[it]}</span>
            <span class="dim">{manage.operators.roleMeanings[it]}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

interface ConfirmProps {
  readonly heading: string;
  readonly account: AccountView;
  readonly detail: ComponentChildren;
  readonly submit: string;
  readonly work: () => Promise<unknown>;
  readonly onClose: () => void;
}

function Confirm({ heading, account, detail, submit, work, onClose }: ConfirmProps) {
  const { busy, error, run } = useTask(work);
  return (
    <Modal heading={heading} onClose={onClose}>
      <p>
        <strong>
          <Name of={account.operator.name} />
        </strong>{" "}
        · <bdi>{account.login}</bdi>
      </p>
      <p>{detail}</p>
      <ErrorLine words={error} />
      <div class="modal-foot">
        <Button onPress={onClose}>{text.common.cancel}</Button>
        <span class="push">
          <Button look="danger" disabled={busy} onPress={run}>
            {submit}
          </Button>
        </span>
      </div>
    </Modal>
  );
}

export function Foot({ busy, submit, onClose }: { busy: boolean; submit: string; onClose: () => void }) {
  return (
    <div class="modal-foot">
      <Button onPress={onClose}>{text.common.cancel}</Button>
      <span class="push">
        <Button look="primary" submit disabled={busy}>
          {submit}
        </Button>
      </span>
    </div>
  );
}
