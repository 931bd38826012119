// What follows signing in with a one-time password: choosing an own one, and nothing else.

import { useEffect } from "preact/hooks";
import { signOut, start } from "../actions";
import { explain } from "../api";
import { notify } from "../store";
import { text } from "../strings";
import { account } from "../strings/account";
import type { Me } from "../types";
import { Mark } from "../ui/icons";
import { Button } from "../ui/parts";
import { PasswordForm } from "./password-form";

export function FirstPassword({ me }: { me: Me }) {
  useEffect(() => {
    document.title = text.title(0, account.firstHeading);
    document.querySelector<HTMLElement>("input[name=current]")?.focus();
  }, []);
  return (
    <main class="gate" id="content">
      <div class="gate-card stack">
        <Mark />
        <h1>{account.firstHeading}</h1>
        <p class="lead">{account.firstLead}</p>
        <PasswordForm login={me.login} oneTime onChanged={start} />
        <Button look="quiet" onPress={() => signOut().catch((error) => notify("bad", explain(error)))}>
          {text.bar.signOut}
        </Button>
      </div>
    </main>
  );
}
