// The second factor: setting it up with an app, recovery codes, taking it away.

import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { day } from "../format";
import { notify } from "../store";
import { account, secondFactor } from "../strings/account";
import type { RecoveryCodes, SecondFactorSetup, SecondFactorView } from "../types";
import { useTask } from "../ui/hooks";
import { useLoaded } from "../ui/loaded";
import { Fetching } from "../ui/page";
import { Badge, Button, CopyButton, ErrorLine, Field, Modal } from "../ui/parts";

const PATH = "/me/second-factor";

/** How it stands, and what can be done about it. */
export function SecondFactor() {
  const standing = useLoaded(() => call<SecondFactorView>("GET", PATH));
  const [dialog, setDialog] = useState<"codes" | "remove">();
  const [settingUp, setSettingUp] = useState(false);
  if (!standing.data) return <Fetching of={standing} />;
  const { since, required, recovery_codes_left: left } = standing.data;
  const done = () => {
    setSettingUp(false);
    standing.reload();
  };
  if (!since) {
    return settingUp ? (
      <SetUp onDone={done} />
    ) : (
      <div class="stack">
        <p>{secondFactor.lead}</p>
        <div class="buttons">
          <Button look="primary" icon="shield" onPress={() => setSettingUp(true)}>
            {secondFactor.setUp}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <div class="stack">
      <p>
        <Badge tone="good">{secondFactor.on(day(since))}</Badge>
      </p>
      <p>{secondFactor.codesLeft(left)}</p>
      <div class="buttons">
        <Button icon="key" onPress={() => setDialog("codes")}>
          {secondFactor.renew}
        </Button>
        {!required && (
          <Button look="quiet" onPress={() => setDialog("remove")}>
            {secondFactor.remove}
          </Button>
        )}
      </div>
      {dialog === "codes" && (
        <Renew
          onClose={() => {
            setDialog(undefined);
            standing.reload();
          }}
        />
      )}
      {dialog === "remove" && (
        <Modal heading={secondFactor.removeHeading} onClose={() => setDialog(undefined)}>
          <p>{secondFactor.removeDetail}</p>
          <Prove
            submit={secondFactor.remove}
            look="danger"
            onProven={async (proof) => {
              await call("POST", `${PATH}/remove`, proof);
              setDialog(undefined);
              notify("good", secondFactor.removed);
              standing.reload();
            }}
          />
        </Modal>
      )}
    </div>
  );
}

function Renew({ onClose }: { onClose: () => void }) {
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <Modal heading={secondFactor.renew} onClose={onClose}>
      {codes ? (
        <Codes codes={codes} onDone={onClose} />
      ) : (
        <>
          <p>{secondFactor.renewDetail}</p>
          <Prove
            submit={secondFactor.renew}
            onProven={async (proof) => {
              setCodes((await call<RecoveryCodes>("POST", `${PATH}/recovery-codes`, proof)).recovery_codes);
            }}
          />
        </>
      )}
    </Modal>
  );
}

interface Proof {
  readonly current_password: string;
  readonly code: string;
}

interface ProveProps {
  readonly submit: string;
  readonly look?: "primary" | "danger";
  readonly onProven: (proof: Proof) => Promise<unknown>;
}

/** Password and code once more. */
function Prove({ submit, look = "primary", onProven }: ProveProps) {
  const password = useRef<HTMLInputElement>(null);
  const code = useRef<HTMLInputElement>(null);
  const { busy, error, run } = useTask(onProven);
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (busy || !password.current || !code.current) return;
        void run({ current_password: password.current.value, code: code.current.value.trim() });
      }}
    >
      <Password field={password} />
      <CodeField field={code} hint={secondFactor.codeOrRecovery} />
      <ErrorLine words={error} />
      <div class="buttons">
        <Button look={look} submit disabled={busy}>
          {submit}
        </Button>
      </div>
    </form>
  );
}

function Password({ field }: { field: { current: HTMLInputElement | null } }) {
  return (
    <label class="field">
      <span>{account.current}</span>
      <input ref={field} name="password" type="password" autocomplete="current-password" required />
    </label>
  );
}

interface CodeFieldProps {
  readonly field: { current: HTMLInputElement | null };
  readonly hint: string;
}

export function CodeField({ field, hint }: CodeFieldProps) {
  return (
    <Field words={secondFactor.code} hint={hint}>
      {(ties) => (
        <input
          {...ties}
          ref={field}
          class="code-input"
          name="code"
          autocomplete="one-time-code"
          autocapitalize="none"
          spellcheck={false}
          maxLength={64}
          dir="ltr"
          required
        />
      )}
    </Field>
  );
}

/** Three steps: the password, the app, the recovery codes. */
export function SetUp({ onDone }: { onDone: () => unknown }) {
  const [setup, setSetup] = useState<SecondFactorSetup>();
  const [codes, setCodes] = useState<readonly string[]>();
  const password = useRef<HTMLInputElement>(null);
  const code = useRef<HTMLInputElement>(null);
  const begin = useTask(async (current_password: string) => {
    setSetup(await call<SecondFactorSetup>("POST", PATH, { current_password }));
  });
  const confirm = useTask(async (typed: string) => {
    setCodes((await call<RecoveryCodes>("POST", `${PATH}/confirm`, { code: typed })).recovery_codes);
  });
  useEffect(() => (setup ? code : password).current?.focus(), [setup]);

  if (codes) return <Codes codes={codes} onDone={onDone} />;
  if (!setup) {
    return (
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!begin.busy && password.current) void begin.run(password.current.value);
        }}
      >
        <p>{secondFactor.passwordFirst}</p>
        <Password field={password} />
        <ErrorLine words={begin.error} />
        <div class="buttons">
          <Button look="primary" submit disabled={begin.busy}>
            {secondFactor.next}
          </Button>
        </div>
      </form>
    );
  }
  return (
    <form
      class="stack"
      onSubmit={async (event) => {
        event.preventDefault();
        if (confirm.busy || !code.current) return;
        if (!(await confirm.run(code.current.value.trim()))) code.current?.select();
      }}
    >
      <p>{secondFactor.scan}</p>
      <div class="qr">
        <img src={`data:image/svg+xml,${encodeURIComponent(setup.picture)}`} alt={secondFactor.picture} />
        <div class="stack">
          <p class="hint">{secondFactor.typeKey}</p>
          <code class="qr-key" dir="ltr">
            {setup.key.match(/.{1,4}/g)?.join(" ")}
          </code>
          <CopyButton value={setup.key}>{secondFactor.copyKey}</CopyButton>
        </div>
      </div>
      <CodeField field={code} hint={secondFactor.codeHint} />
      <ErrorLine words={confirm.error} />
      <div class="buttons">
        <Button look="primary" submit disabled={confirm.busy}>
          {secondFactor.confirm}
        </Button>
      </div>
    </form>
  );
}

function Codes({ codes, onDone }: { codes: readonly string[]; onDone: () => unknown }) {
  const heading = useRef<HTMLParagraphElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="stack">
      <p ref={heading} tabIndex={-1}>
        <strong>{secondFactor.codesHeading}</strong>
      </p>
      <p>{secondFactor.codesDetail}</p>
      <ol class="recovery-codes" dir="ltr">
        {codes.map((it) => (
          <li key={it}>
            <code>{it}</code>
          </li>
        ))}
      </ol>
      <div class="buttons">
        <CopyButton value={codes.join("\n")}>{secondFactor.copyCodes}</CopyButton>
        <Button look="primary" onPress={onDone}>
          {secondFactor.kept}
        </Button>
      </div>
    </div>
  );
}
