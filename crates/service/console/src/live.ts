// The line on which the service tells what happens. It comes back by itself; after each break the service sends
// everything again, so nothing missed stays missed.

import type { LiveEvent } from "./types";

export interface LiveListener {
  event(event: LiveEvent): void;
  /** The line is down and will be tried again. */
  lost(): void;
  /** The line was open and nothing came through any more; whatever else leads to the service is no better. */
  silent(): void;
  /** The service refuses the line; asks whether to go on trying. */
  refused(): Promise<boolean>;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 15_000;
/** The service lets hear of itself every 15 seconds. */
const SILENT_MS = 40_000;
/** A page that was hidden for so long may have slept through the end of its line without noticing. */
const HIDDEN_MS = 60_000;

/** Opens the line; the answer closes it. */
export function listen(path: string, listener: LiveListener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let hiddenSince = Infinity;
  let closed = false;

  const open = () => {
    clearTimeout(timer);
    source?.close();
    const opened = new EventSource(path);
    source = opened;
    heard();
    opened.addEventListener("heartbeat", heard);
    opened.onmessage = ({ data }: MessageEvent<string>) => {
      heard();
      retryMs = FIRST_RETRY_MS;
      listener.event(JSON.parse(data) as LiveEvent);
    };
    opened.onerror = () => {
      listener.lost();
      // The browser's own retry neither grows nor tells a refusal from a broken line.
      const refused = opened.readyState === EventSource.CLOSED;
      opened.close();
      if (opened !== source || closed) return;
      clearTimeout(silence);
      if (refused) {
        void listener.refused().then((again) => again && retry());
      } else {
        retry();
      }
    };
  };

  // A line can break without either end being told, and a browser would keep it for hours.
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      listener.lost();
      listener.silent();
      open();
    }, SILENT_MS);
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
    clearTimeout(silence);
    source?.close();
    removeEventListener("online", open);
    document.removeEventListener("visibilitychange", seen);
  };
}
