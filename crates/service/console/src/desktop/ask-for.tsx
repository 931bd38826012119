// Asks the user for one more permission from within the viewer, and shows how the request stands.

import { sendRequest } from "../actions";
import { AskOrShow, LatestRequest } from "../request/agent-request";
import { subjectOf } from "../request/request-dialog";
import type { App } from "../store";
import type { Permission } from "../types";
import { useHeldFocus, useTask } from "../ui/hooks";
import { Button, ErrorLine } from "../ui/parts";

interface AskForProps {
  readonly app: App;
  readonly session: string;
  readonly permission: Permission;
  readonly children: string;
}

export function AskFor({ app, session, permission, children }: AskForProps) {
  const target = { session };
  const { busy, error, run } = useTask(() => sendRequest({ target, permissions: [permission] }));
  const place = useHeldFocus<HTMLSpanElement>();
  const askable = subjectOf(app.state, target).allowed.includes(permission);
  return (
    <span class="ask-for" ref={place} tabIndex={-1}>
      <AskOrShow state={app.state} target={target}>
        {askable && (
          <Button small look="primary" disabled={busy} onPress={run}>
            {children}
          </Button>
        )}
      </AskOrShow>
      <LatestRequest state={app.state} target={target} />
      <ErrorLine words={error} />
    </span>
  );
}
