// The session that an address names: what the page knows of it already, or fetched.

import { useEffect, useState } from "preact/hooks";
import { loadSession } from "../actions";
import { ApiError, explain } from "../api";
import type { HeldSession } from "../state";
import type { App } from "../store";
import { text } from "../strings";

export interface NamedSession {
  readonly session: HeldSession | undefined;
  /** Why there is none. */
  readonly failure: string | undefined;
}

export function useSession(app: App, id: string): NamedSession {
  const session = app.state.sessions.find((it) => it.id === id);
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    if (session) return;
    setFailure(undefined);
    loadSession(id).catch((error: unknown) => {
      const missing = error instanceof ApiError && error.code === "not_found";
      setFailure(missing ? text.session.missingDetail : explain(error));
    });
  }, [id, session === undefined, app.state.generation]);
  return { session, failure };
}
