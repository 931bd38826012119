// What follows signing in where the organisation demands a second factor: setting one up, and nothing else.

import { useEffect } from "preact/hooks";
import { signOut, start } from "../actions";
import { explain } from "../api";
import { notify } from "../store";
import { text } from "../strings";
import { secondFactor } from "../strings/account";
import { Mark } from "../ui/icons";
import { Button } from "../ui/parts";
import { SetUp } from "./second-factor";

export function FirstSecondFactor() {
  useEffect(() => {
    document.title = text.title(0, secondFactor.firstHeading);
  }, []);
  return (
    <main class="gate" id="content">
      <div class="gate-card stack">
        <Mark />
        <h1>{secondFactor.firstHeading}</h1>
        <p class="lead">{secondFactor.firstLead}</p>
        <SetUp onDone={start} />
        <Button look="quiet" onPress={() => signOut().catch((error) => notify("bad", explain(error)))}>
          {text.bar.signOut}
        </Button>
      </div>
    </main>
  );
}
