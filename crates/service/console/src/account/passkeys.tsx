// An operator's passkeys: seen, added, removed.

import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { day } from "../format";
import { accepted, create, usable } from "../passkeys";
import { notify } from "../store";
import { passkeys, secondFactor } from "../strings/account";
import type { PasskeyAdded, PasskeyChallenge, PasskeyView, SecondFactorView } from "../types";
import { useTask } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Button, ErrorLine, Field, Modal, Name } from "../ui/parts";
import { Codes, Password } from "./parts";

const PATH = "/me/passkeys";

interface PasskeysProps {
  readonly standing: SecondFactorView;
  readonly onChanged: () => unknown;
}

export function Passkeys({ standing, onChanged }: PasskeysProps) {
  const [dialog, setDialog] = useState<"add" | PasskeyView>();
  const close = () => setDialog(undefined);
  const obstacle = obstacleOf(standing.passkey_origin);
  return (
    <div class="stack">
      <p>{passkeys.lead}</p>
      {standing.passkeys.length > 0 && (
        <ul class="rows passkeys">
          {standing.passkeys.map((it) => (
            <li class="row" key={it.id}>
              <Icon name="key" />
              <div class="row-main">
                <p class="row-title">
                  <Name of={it.name} />
                </p>
                <p class="dim">
                  {passkeys.added(day(it.added_at))}
                  {" · "}
                  {it.last_used ? passkeys.lastUsed(day(it.last_used)) : passkeys.notUsed}
                </p>
              </div>
              <Button small look="quiet" label={passkeys.removeOf(it.name)} onPress={() => setDialog(it)}>
                {secondFactor.remove}
              </Button>
            </li>
          ))}
        </ul>
      )}
      {obstacle ? (
        <p class="hint">{obstacle}</p>
      ) : (
        <div class="buttons">
          <Button icon="plus" onPress={() => setDialog("add")}>
            {passkeys.add}
          </Button>
        </div>
      )}
      {dialog === "add" && (
        <Modal
          heading={passkeys.add}
          onClose={() => {
            close();
            onChanged();
          }}
        >
          <AddPasskey
            onDone={() => {
              close();
              notify("good", passkeys.addedNow);
              onChanged();
            }}
          />
        </Modal>
      )}
      {dialog && dialog !== "add" && (
        <Modal heading={passkeys.removeHeading} onClose={close}>
          <RemovePasskey
            passkey={dialog}
            standing={standing}
            onRemoved={() => {
              close();
              notify("good", passkeys.removed);
              onChanged();
            }}
          />
        </Modal>
      )}
    </div>
  );
}

/** Why none can be added here. */
export function obstacleOf(origin: string | undefined | null): string | undefined {
  if (!origin) return passkeys.notOffered;
  if (location.origin !== origin) return passkeys.notHere(origin);
  return usable() ? undefined : passkeys.notSupported;
}

/** Name and password, then what the browser asks, then the recovery codes where it is the first second factor. */
export function AddPasskey({ onDone }: { onDone: () => unknown }) {
  const name = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const [codes, setCodes] = useState<readonly string[]>();
  const { busy, error, run } = useTask(async (chosen: string, current_password: string) => {
    const { challenge, options } = await call<PasskeyChallenge>("POST", PATH, { current_password });
    const credential = await create(options);
    const added = await accepted(
      call<PasskeyAdded>("POST", `${PATH}/confirm`, { challenge, name: chosen, credential }),
    );
    if (added.recovery_codes.length > 0) setCodes(added.recovery_codes);
    else await onDone();
  });
  // A dialog gives the focus away when it is shown, which is after this is there.
  useEffect(() => {
    const shown = requestAnimationFrame(() => name.current?.select());
    return () => cancelAnimationFrame(shown);
  }, []);
  if (codes) return <Codes codes={codes} onDone={onDone} />;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy && name.current && password.current) void run(name.current.value.trim(), password.current.value);
      }}
    >
      <p>{passkeys.addDetail}</p>
      <Field words={passkeys.name} hint={passkeys.nameHint}>
        {(ties) => (
          <input {...ties} ref={name} name="passkey" defaultValue={passkeys.suggested} maxLength={64} autocomplete="off" required />
        )}
      </Field>
      <Password field={password} />
      <ErrorLine words={error} />
      <p class="hidden" role="status">
        {busy ? passkeys.waiting : ""}
      </p>
      <div class="buttons">
        <Button look="primary" submit disabled={busy}>
          {busy ? passkeys.waiting : secondFactor.next}
        </Button>
      </div>
    </form>
  );
}

interface RemoveProps {
  readonly passkey: PasskeyView;
  readonly standing: SecondFactorView;
  readonly onRemoved: () => void;
}

function RemovePasskey({ passkey, standing, onRemoved }: RemoveProps) {
  const password = useRef<HTMLInputElement>(null);
  const code = useRef<HTMLInputElement>(null);
  const last = standing.passkeys.length === 1 && !standing.app_since;
  const { busy, error, run } = useTask(async (current_password: string, typed: string | undefined) => {
    await call("POST", `${PATH}/${passkey.id}/remove`, { current_password, code: typed });
    onRemoved();
  });
  if (last && standing.required) return <p>{passkeys.demanded}</p>;
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy && password.current) void run(password.current.value, code.current?.value.trim());
      }}
    >
      <p>
        <strong>
          <Name of={passkey.name} />
        </strong>
      </p>
      <p>{passkeys.removeDetail}</p>
      {last && <p>{passkeys.removeLast}</p>}
      <Password field={password} />
      {last && (
        <label class="field">
          <span>{passkeys.recoveryCode}</span>
          <input ref={code} class="code-input" name="code" autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={64} dir="ltr" required />
        </label>
      )}
      <ErrorLine words={error} />
      <div class="buttons">
        <Button look="danger" submit disabled={busy}>
          {secondFactor.remove}
        </Button>
      </div>
    </form>
  );
}
