// What is in a folder, kept up with: fetched when it is opened, again when it may have changed, and by itself once the user's
// computer can be reached again.

import { useEffect, useState } from "preact/hooks";
import { FilesError, list } from "./dav";
import type { Listing } from "./listing";
import { type Path, samePath } from "./names";

const RETRY_MS = 3_000;

export interface Listed {
  /** Of the folder that is asked for, and not of another; nothing until it is there. */
  readonly listing: Listing | undefined;
  readonly error: FilesError | undefined;
  readonly busy: boolean;
  reload(): void;
}

interface Held {
  readonly path: Path;
  readonly listing?: Listing | undefined;
  readonly error?: FilesError | undefined;
}

/** `when` changes as the folder may have. */
export function useListing(session: string, path: Path, wanted: boolean, when: unknown): Listed {
  const [held, setHeld] = useState<Held>({ path });
  const [times, setTimes] = useState(0);
  const [busy, setBusy] = useState(false);
  const reload = () => setTimes((it) => it + 1);
  const key = JSON.stringify(path);
  useEffect(() => {
    if (!wanted) return;
    const controller = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    setBusy(true);
    list(session, path, controller.signal).then(
      (listing) => {
        if (controller.signal.aborted) return;
        setBusy(false);
        setHeld({ path, listing });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setBusy(false);
        const known = error instanceof FilesError ? error : new FilesError("failed");
        // What was there is shown on, below the words that it may be old.
        setHeld((before) => ({ path, listing: samePath(before.path, path) ? before.listing : undefined, error: known }));
        if (known.isPassing) retry = setTimeout(reload, RETRY_MS);
      },
    );
    return () => {
      controller.abort();
      clearTimeout(retry);
    };
  }, [session, key, wanted, times, when]);
  const here = samePath(held.path, path) ? held : undefined;
  return { listing: here?.listing, error: here?.error, busy, reload };
}
