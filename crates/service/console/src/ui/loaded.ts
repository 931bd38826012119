// What a page fetches for itself, because no event tells of it.

import { useEffect, useState } from "preact/hooks";
import { explain } from "../api";

export interface Loaded<T> {
  /** Nothing until it is there. */
  readonly data: T | undefined;
  readonly error: string | undefined;
  /** Puts what an answer brought in the place of what is shown. */
  set(data: T): void;
  reload(): void;
}

/** Fetches when the page opens, and again when one of `when` changes or on `reload`. */
export function useLoaded<T>(load: () => Promise<T>, when: readonly unknown[] = []): Loaded<T> {
  const [data, set] = useState<T>();
  const [error, setError] = useState<string>();
  const [times, setTimes] = useState(0);
  useEffect(() => {
    let overtaken = false;
    load().then(
      (fetched) => {
        if (overtaken) return;
        set(fetched);
        setError(undefined);
      },
      (reason: unknown) => {
        if (!overtaken) setError(explain(reason));
      },
    );
    return () => {
      overtaken = true;
    };
  }, [times, ...when]);
  return { data, error, set, reload: () => setTimes(times + 1) };
}
