// The overview: who waits for help, invitations, devices, sessions.

import { useEffect } from "preact/hooks";
import type { App } from "../store";
import { text } from "../strings";
import type { Me } from "../types";
import { Devices } from "./devices";
import { HelpQueue } from "./help";
import { Invitations } from "./invitations";
import { Sessions } from "./sessions";

export function Overview({ app, me, waiting }: { app: App; me: Me; waiting: number }) {
  const title = text.title(waiting, text.overview.heading);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <div class="overview">
      <h1 class="hidden">{text.overview.heading}</h1>
      <div class="overview-main">
        <Invitations state={app.state} me={me} />
        <Devices state={app.state} />
      </div>
      <div class="overview-side">
        <HelpQueue state={app.state} waiting={waiting} />
        <Sessions state={app.state} me={me} />
      </div>
    </div>
  );
}
