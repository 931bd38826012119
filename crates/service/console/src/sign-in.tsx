// The sign-in screen: name and password, then a code where the account has a second factor.

import { useEffect, useRef, useState } from "preact/hooks";
import { CodeField } from "./account/second-factor";
import { signIn } from "./actions";
import { ApiError } from "./api";
import { text } from "./strings";
import { secondFactor } from "./strings/account";
import { useTask } from "./ui/hooks";
import { Mark } from "./ui/icons";
import { LanguageChoice } from "./ui/language-choice";
import { Button, ErrorLine } from "./ui/parts";

interface Credentials {
  readonly login: string;
  readonly password: string;
}

export function SignIn({ expired }: { expired: boolean }) {
  // Right already, and kept in this page until the code is there.
  const [known, setKnown] = useState<Credentials>();
  useEffect(() => {
    document.title = text.product;
  }, []);
  return (
    <main class="gate" id="content">
      {known ? (
        <WithCode known={known} onBack={() => setKnown(undefined)} />
      ) : (
        <WithPassword expired={expired} onKnown={setKnown} />
      )}
    </main>
  );
}

function WithPassword({ expired, onKnown }: { expired: boolean; onKnown: (known: Credentials) => void }) {
  const login = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState(false);
  const { busy, error, run } = useTask(async (name: string, secret: string) => {
    setRefused(false);
    try {
      await signIn(name, secret);
    } catch (reason) {
      if (reason instanceof ApiError && reason.code === "second_factor_required") {
        onKnown({ login: name, password: secret });
        return;
      }
      setRefused(reason instanceof ApiError && reason.code === "unauthenticated");
      throw reason;
    }
  });
  useEffect(() => login.current?.focus(), []);

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
      <LanguageChoice bare />
    </form>
  );
}

function WithCode({ known, onBack }: { known: Credentials; onBack: () => void }) {
  const code = useRef<HTMLInputElement>(null);
  const { busy, error, run } = useTask((typed: string) => signIn(known.login, known.password, typed));
  // The field's name, its hint and the heading are what a screen reader says now.
  useEffect(() => code.current?.focus(), []);
  return (
    <form
      class="gate-card"
      aria-labelledby="sign-in"
      onSubmit={async (event) => {
        event.preventDefault();
        if (busy || !code.current) return;
        if (!(await run(code.current.value.trim()))) code.current?.select();
      }}
    >
      <Mark />
      <h1 id="sign-in">{secondFactor.signInHeading}</h1>
      <CodeField field={code} hint={secondFactor.codeOrRecovery} />
      <ErrorLine words={error} />
      <Button look="primary" submit disabled={busy}>
        {busy ? text.signIn.busy : text.signIn.submit}
      </Button>
      <Button look="quiet" onPress={onBack}>
        {secondFactor.back}
      </Button>
    </form>
  );
}
