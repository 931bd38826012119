// Choosing a new password.

import { useRef, useState } from "preact/hooks";
import { call } from "../actions";
import { account } from "../strings/account";
import { useTask } from "../ui/hooks";
import { Button, ErrorLine, Field } from "../ui/parts";

const MIN_CHARS = 12;

interface PasswordFormProps {
  readonly login: string;
  /** Whether the present password is a one-time password. */
  readonly oneTime: boolean;
  readonly onChanged: () => unknown;
}

export function PasswordForm({ login, oneTime, onChanged }: PasswordFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [wrong, setWrong] = useState<string>();
  const { busy, error, run } = useTask((current_password: string, new_password: string) =>
    call("POST", "/me/password", { current_password, new_password }),
  );
  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy || !form.current) return;
    const typed = new FormData(form.current);
    const [current, fresh, again] = ["current", "fresh", "again"].map((it) => String(typed.get(it)));
    const fault =
      fresh !== again ? account.differ : [...(fresh ?? "")].length < MIN_CHARS ? account.rule : undefined;
    setWrong(fault);
    if (fault || !(await run(current ?? "", fresh ?? ""))) return;
    form.current.reset();
    await onChanged();
  };
  return (
    <form class="stack" ref={form} onSubmit={submit}>
      {/* For password managers: whose password it is. */}
      <input class="hidden" name="login" value={login} autocomplete="username" readOnly tabIndex={-1} aria-hidden="true" />
      <label class="field">
        <span>{oneTime ? account.oneTime : account.current}</span>
        <input name="current" type="password" autocomplete="current-password" required />
      </label>
      <Field words={account.fresh} hint={account.rule}>
        {(ties) => <input {...ties} name="fresh" type="password" autocomplete="new-password" required />}
      </Field>
      <label class="field">
        <span>{account.again}</span>
        <input name="again" type="password" autocomplete="new-password" required />
      </label>
      <ErrorLine words={wrong ?? error} />
      <div class="buttons">
        <Button look="primary" submit disabled={busy}>
          {account.submit}
        </Button>
      </div>
    </form>
  );
}
