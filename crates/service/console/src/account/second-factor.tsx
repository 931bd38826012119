// The second factor: setting it up with an app, recovery codes, taking it away.

import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { day } from "../format";
import { notify } from "../store";
import { passkeys, secondFactor } from "../strings/account";
import type { RecoveryCodes, SecondFactorSetup, SecondFactorView } from "../types";
import { useTask } from "../ui/hooks";
import { useLoaded } from "../ui/loaded";
import { Fetching } from "../ui/page";
import { Badge, Button, CopyButton, ErrorLine, Modal, Section } from "../ui/parts";
import { CodeField, Codes, Password } from "./parts";
import { Passkeys } from "./passkeys";

const PATH = "/me/second-factor";

/** How it stands, and what can be done about it. */
export function SecondFactor() {
  const standing = useLoaded(() => call<SecondFactorView>("GET", PATH));
  if (!standing.data) {
    return (
      <Section heading={secondFactor.heading}>
        <Fetching of={standing} />
      </Section>
    );
  }
  return (
    <>
      <Section heading={secondFactor.heading}>
        <App standing={standing.data} onChanged={standing.reload} />
      </Section>
      <Section heading={passkeys.heading}>
        <Passkeys standing={standing.data} onChanged={standing.reload} />
      </Section>
    </>
  );
}

interface AppProps {
  readonly standing: SecondFactorView;
  readonly onChanged: () => unknown;
}

function App({ standing, onChanged }: AppProps) {
  const { since, app_since: appSince, required, recovery_codes_left: left } = standing;
  const [dialog, setDialog] = useState<"codes" | "remove">();
  const [settingUp, setSettingUp] = useState(false);
  const withPasskeys = standing.passkeys.length > 0;
  if (settingUp) {
    return (
      <SetUp
        onDone={() => {
          setSettingUp(false);
          onChanged();
        }}
      />
    );
  }
  if (!since) {
    return (
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
      {!appSince && <p class="hint">{secondFactor.noApp}</p>}
      <div class="buttons">
        <Button icon="key" onPress={() => setDialog("codes")}>
          {secondFactor.renew}
        </Button>
        {!appSince && (
          <Button icon="shield" onPress={() => setSettingUp(true)}>
            {secondFactor.setUpApp}
          </Button>
        )}
        {appSince && (!required || withPasskeys) && (
          <Button look="quiet" onPress={() => setDialog("remove")}>
            {secondFactor.remove}
          </Button>
        )}
      </div>
      {dialog === "codes" && (
        <Renew
          hint={appSince ? secondFactor.codeOrRecovery : secondFactor.recoveryOnly}
          onClose={() => {
            setDialog(undefined);
            onChanged();
          }}
        />
      )}
      {dialog === "remove" && (
        <Modal heading={withPasskeys ? secondFactor.removeApp : secondFactor.removeHeading} onClose={() => setDialog(undefined)}>
          <p>{withPasskeys ? secondFactor.removeAppDetail : secondFactor.removeDetail}</p>
          <Prove
            submit={secondFactor.remove}
            look="danger"
            hint={secondFactor.codeOrRecovery}
            onProven={async (proof) => {
              await call("POST", `${PATH}/remove`, proof);
              setDialog(undefined);
              notify("good", withPasskeys ? secondFactor.appRemoved : secondFactor.removed);
              onChanged();
            }}
          />
        </Modal>
      )}
    </div>
  );
}

function Renew({ hint, onClose }: { hint: string; onClose: () => void }) {
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
            hint={hint}
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
  readonly hint: string;
  readonly onProven: (proof: Proof) => Promise<unknown>;
}

/** Password and code once more. */
function Prove({ submit, look = "primary", hint, onProven }: ProveProps) {
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
      <CodeField field={code} hint={hint} />
      <ErrorLine words={error} />
      <div class="buttons">
        <Button look={look} submit disabled={busy}>
          {submit}
        </Button>
      </div>
    </form>
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
