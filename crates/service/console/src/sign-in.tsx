// The sign-in screen: name and password, then a code or passkey where the account has a second factor; or a passkey alone.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CodeField } from "./account/parts";
import { signIn, signInWithPasskey } from "./actions";
import { ApiError } from "./api";
import { usable } from "./passkeys";
import { text } from "./strings";
import { passkeys, secondFactor } from "./strings/account";
import type { SecondFactors } from "./types";
import { useTask } from "./ui/hooks";
import { Mark } from "./ui/icons";
import { LanguageChoice } from "./ui/language-choice";
import { Button, ErrorLine } from "./ui/parts";

interface Credentials {
  readonly login: string;
  readonly password: string;
}

interface Known extends Credentials {
  readonly kinds: SecondFactors;
}

export function SignIn({ expired }: { expired: boolean }) {
  // Right already, and kept in this page until the code is there.
  const [known, setKnown] = useState<Known>();
  useEffect(() => {
    document.title = text.product;
  }, []);
  return (
    <main class="gate" id="content">
      {known ? (
        <WithSecondFactor known={known} onBack={() => setKnown(undefined)} />
      ) : (
        <WithPassword expired={expired} onKnown={setKnown} />
      )}
    </main>
  );
}

function WithPassword({ expired, onKnown }: { expired: boolean; onKnown: (known: Known) => void }) {
  const login = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState(false);
  const { busy, error, run } = useTask(async (name: string, secret: string) => {
    setRefused(false);
    try {
      await signIn(name, secret);
    } catch (reason) {
      if (reason instanceof ApiError && reason.code === "second_factor_required") {
        const kinds = reason.problem?.second_factors ?? { app: true, passkey: false };
        onKnown({ login: name, password: secret, kinds });
        return;
      }
      setRefused(reason instanceof ApiError && reason.code === "unauthenticated");
      throw reason;
    }
  });
  const passkey = useTask(() => signInWithPasskey(undefined));
  // Before it is drawn, so that nothing is lost of what is typed as soon as it is seen.
  useLayoutEffect(() => login.current?.focus(), []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || !login.current || !password.current) return;
    if (!(await run(login.current.value.trim(), password.current.value))) password.current?.select();
  };

  return (
    <form class="gate-card" onSubmit={submit} aria-labelledby="sign-in">
      <Mark />
      <h1 id="sign-in">{text.signIn.heading}</h1>
      <p class="lead">{expired ? text.signIn.expired : text.signIn.lead}</p>
      <label class="field">
        <span>{text.signIn.login}</span>
        <input ref={login} name="login" autocomplete="username" autocapitalize="none" spellcheck={false} required />
      </label>
      <label class="field">
        <span>{text.signIn.password}</span>
        <input ref={password} name="password" type="password" autocomplete="current-password" required />
      </label>
      <ErrorLine words={refused ? text.signIn.refused : error} />
      <Button look="primary" submit disabled={busy}>
        {busy ? text.signIn.busy : text.signIn.submit}
      </Button>
      {usable() && (
        <>
          <PasskeyButton busy={passkey.busy} onPress={passkey.run} />
          <ErrorLine words={passkey.error} />
        </>
      )}
      <LanguageChoice bare />
    </form>
  );
}

interface PasskeyButtonProps {
  readonly busy: boolean;
  readonly primary?: boolean;
  readonly onPress: () => unknown;
}

function PasskeyButton({ busy, primary, onPress }: PasskeyButtonProps) {
  return (
    <Button look={primary ? "primary" : undefined} icon="key" disabled={busy} onPress={onPress}>
      {busy ? passkeys.waiting : passkeys.use}
    </Button>
  );
}

function WithSecondFactor({ known, onBack }: { known: Known; onBack: () => void }) {
  const card = useRef<HTMLFormElement>(null);
  const code = useRef<HTMLInputElement>(null);
  const { kinds, login, password } = known;
  const typing = useTask((typed: string) => signIn(login, password, typed));
  const passkey = useTask(() => signInWithPasskey({ login, password }));
  const withPasskey = kinds.passkey && usable();
  const busy = typing.busy || passkey.busy;
  // What has the focus, and the heading, are what a screen reader says now.
  useLayoutEffect(() => {
    if (withPasskey) card.current?.querySelector("button")?.focus();
    else code.current?.focus();
  }, []);
  const hint = kinds.app ? secondFactor.codeOrRecovery : secondFactor.recoveryOnly;
  return (
    <form
      class="gate-card"
      ref={card}
      aria-labelledby="sign-in"
      onSubmit={async (event) => {
        event.preventDefault();
        if (busy || !code.current) return;
        if (!(await typing.run(code.current.value.trim()))) code.current?.select();
      }}
    >
      <Mark />
      <h1 id="sign-in">{withPasskey ? passkeys.signInHeading : secondFactor.signInHeading}</h1>
      {withPasskey && (
        <>
          <PasskeyButton busy={passkey.busy} primary onPress={() => !busy && passkey.run()} />
          <ErrorLine words={passkey.error} />
          <p class="or">{passkeys.or}</p>
        </>
      )}
      <CodeField field={code} hint={hint} />
      <ErrorLine words={typing.error} />
      <Button look={withPasskey ? undefined : "primary"} submit disabled={busy}>
        {typing.busy ? text.signIn.busy : text.signIn.submit}
      </Button>
      <Button look="quiet" onPress={onBack}>
        {secondFactor.back}
      </Button>
    </form>
  );
}
