// The sign-in screen.

import { useEffect, useRef, useState } from "preact/hooks";
import { signIn } from "./actions";
import { ApiError } from "./api";
import { text } from "./strings";
import { useTask } from "./ui/hooks";
import { Mark } from "./ui/icons";
import { LanguageChoice } from "./ui/language-choice";
import { Button, ErrorLine } from "./ui/parts";

export function SignIn({ expired }: { expired: boolean }) {
  const login = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState(false);
  const { busy, error, run } = useTask(async (name: string, secret: string) => {
    setRefused(false);
    try {
      await signIn(name, secret);
    } catch (reason) {
      setRefused(reason instanceof ApiError && reason.code === "unauthenticated");
      throw reason;
    }
  });
  useEffect(() => {
    document.title = text.product;
    login.current?.focus();
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || !login.current || !password.current) return;
    if (!(await run(login.current.value.trim(), password.current.value))) password.current?.select();
  };

  return (
    <main class="gate" id="content">
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
    </main>
  );
}
