// The line on which the service tells what happens. It comes back by itself; after each break the service sends
// everything again, so nothing missed stays missed.

import type { LiveEvent } from "./types";

export interface LiveListener {
  event(event: LiveEvent): void;
  /** The line is down and will be tried again. */
  lost(): void;
  /** The service refuses the line; asks whether to go on trying. */
  refused(): Promise<boolean>;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** A page that was hidden for so long may have slept through the end of its line without noticing. */
const HIDDEN_MS = 60_000;

/** Opens the line; the answer closes it. */
export function listen(path: string, listener: LiveListener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let hiddenSince = Infinity;
  let closed = false;

  const open = () => {
    clearTimeout(timer);
    source?.close();
    const opened = new EventSource(path);
    source = opened;
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      retryMs = FIRST_RETRY_MS;
      listener.event(JSON.parse(data) as LiveEvent);
    };
    opened.onerror = () => {
      listener.lost();
      // The browser's own retry neither grows nor tells a refusal from a broken line.
      const refused = opened.readyState === EventSource.CLOSED;
      opened.close();
      if (opened !== source || closed) return;
      if (refused) {
        void listener.refused().then((again) => again && retry());
      } else {
        retry();
      }
    };
  };

  const retry = () => {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(open, Math.random() * retryMs);
    retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
  };

  const seen = () => {
    if (document.hidden) {
      hiddenSince = performance.now();
    } else {
      if (performance.now() - hiddenSince > HIDDEN_MS) open();
      hiddenSince = Infinity;
    }
  };

  addEventListener("online", open);
  document.addEventListener("visibilitychange", seen);
  open();

  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
    removeEventListener("online", open);
    document.removeEventListener("visibilitychange", seen);
  };
}
