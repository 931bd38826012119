// Beside what one permission would bring: asks the user for it, and shows that they are being asked.

import { sendRequest } from "../actions";
import { type HeldSession, isOpen, latestRequest } from "../state";
import type { App } from "../store";
import { text } from "../strings";
import type { Permission } from "../types";
import { useHeldFocus, useTask } from "../ui/hooks";
import { Button, ErrorLine } from "../ui/parts";
import { RequestMark } from "./agent-request";
import { subjectOf } from "./request-dialog";

interface AskPermissionProps {
  readonly app: App;
  readonly session: HeldSession;
  readonly permission: Permission;
  /** Says what is asked for, where nothing beside it does. */
  readonly full?: boolean;
}

export function AskPermission({ app, session, permission, full = false }: AskPermissionProps) {
  const words = text.session.askForOf(text.permissions.names[permission]);
  const target = { session: session.id };
  const { busy, error, run } = useTask(() => sendRequest({ target, permissions: [permission] }));
  const place = useHeldFocus<HTMLSpanElement>();
  const latest = latestRequest(app.state, target);
  // One request at a time.
  const open = latest && isOpen(latest) ? latest : undefined;
  const shown = open ? open.permissions.includes(permission) : subjectOf(app.state, target).allowed.includes(permission);
  if (!shown) return null;
  return (
    <span class="ask-for" ref={place} tabIndex={-1}>
      {open ? (
        <RequestMark request={open} />
      ) : (
        <Button small={full} disabled={busy} label={words} onPress={run}>
          {full ? words : text.session.askFor}
        </Button>
      )}
      <ErrorLine words={error} />
    </span>
  );
}
