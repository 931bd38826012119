// What follows signing in where the organisation demands a second factor: setting one up, and nothing else.

import { useEffect, useState } from "preact/hooks";
import { call, signOut, start } from "../actions";
import { explain } from "../api";
import { notify } from "../store";
import { text } from "../strings";
import { passkeys, secondFactor } from "../strings/account";
import type { SecondFactorView } from "../types";
import { Mark } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { Button } from "../ui/parts";
import { AddPasskey, obstacleOf } from "./passkeys";
import { SetUp } from "./second-factor";

export function FirstSecondFactor() {
  const standing = useLoaded(() => call<SecondFactorView>("GET", "/me/second-factor"));
  const [way, setWay] = useState<"app" | "passkey">("app");
  const passkeysWork = standing.data && !obstacleOf(standing.data.passkey_origin);
  useEffect(() => {
    document.title = text.title(0, secondFactor.firstHeading);
  }, []);
  return (
    <main class="gate" id="content">
      <div class="gate-card stack">
        <Mark />
        <h1>{secondFactor.firstHeading}</h1>
        <p class="lead">{secondFactor.firstLead}</p>
        {way === "passkey" ? <AddPasskey onDone={start} /> : <SetUp onDone={start} />}
        {passkeysWork && (
          <Button look="quiet" onPress={() => setWay(way === "app" ? "passkey" : "app")}>
            {way === "app" ? passkeys.instead : secondFactor.appInstead}
          </Button>
        )}
        <Button look="quiet" onPress={() => signOut().catch((error) => notify("bad", explain(error)))}>
          {text.bar.signOut}
        </Button>
      </div>
    </main>
  );
}
