// Time and tasks for components.

import type { RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { explain } from "../api";
import { secondsLeft } from "../format";

const tickers = new Set<() => void>();
let interval: ReturnType<typeof setInterval> | undefined;

let ids = 0;

/** An id that nothing else on the page has. Preact's own gives the same to parts of the page that stand beside each other. */
export function useId(): string {
  const [id] = useState(() => `part-${++ids}`);
  return id;
}

/** Draws the component again each second; all components share one timer, so that clocks tick together. */
function useTick(running: boolean): void {
  const [, draw] = useState(0);
  useEffect(() => {
    if (!running) return;
    const tick = () => draw((count) => count + 1);
    tickers.add(tick);
    interval ??= setInterval(() => tickers.forEach((it) => it()), 1000);
    return () => {
      tickers.delete(tick);
      if (tickers.size > 0) return;
      clearInterval(interval);
      interval = undefined;
    };
  }, [running]);
}

/** Seconds left of `secs` that were written at `at`. */
export function useSecondsLeft(secs: number, at: number): number {
  const left = secondsLeft(secs, performance.now() - at);
  useTick(left > 0);
  return left;
}

/** Seconds that have passed in all, if `secs` had passed at `at`. */
export function useSecondsSince(secs: number, at: number, running: boolean): number {
  useTick(running);
  return running ? secs + (performance.now() - at) / 1000 : secs;
}

/** The wall clock, for "5 min ago". */
export function useNow(): number {
  useTick(true);
  return Date.now();
}

/** An element that takes the focus when what had it inside goes away; it would fall out of the page's order otherwise. */
export function useHeldFocus<E extends HTMLElement>(): RefObject<E | null> {
  const place = useRef<E>(null);
  const had = place.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (had && document.activeElement === document.body) place.current?.focus({ preventScroll: true });
  });
  return place;
}

export interface Task<A extends unknown[]> {
  readonly busy: boolean;
  readonly error: string | undefined;
  /** Says whether it went well. */
  run(...args: A): Promise<boolean>;
}

/** A call to the service with what a form shows about it. */
export function useTask<A extends unknown[]>(work: (...args: A) => Promise<unknown>): Task<A> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const run = async (...args: A) => {
    setBusy(true);
    setError(undefined);
    try {
      await work(...args);
      return true;
    } catch (reason) {
      setError(explain(reason));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run };
}
