// Full screen, and the keys that a browser gives away only there.

import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Only some browsers have it: with it, Escape, Alt+Tab and the Windows key reach the page, and a long Escape leaves. */
interface KeyboardLock {
  lock(): Promise<void>;
  unlock(): void;
}

export interface FullScreen {
  /** Whether the browser can at all. */
  readonly possible: boolean;
  readonly on: boolean;
  toggle(): void;
}

/** Shows an element on the whole screen; `typing`: whether keys are meant for the picture in it. */
export function useFullScreen(element: RefObject<HTMLElement | null>, typing: boolean): FullScreen {
  const [on, setOn] = useState(false);
  useEffect(() => {
    const changed = () => setOn(document.fullscreenElement !== null && document.fullscreenElement === element.current);
    document.addEventListener("fullscreenchange", changed);
    return () => document.removeEventListener("fullscreenchange", changed);
  }, []);
  useEffect(() => {
    const { keyboard } = navigator as Navigator & { readonly keyboard?: KeyboardLock };
    if (!on || !typing || !keyboard) return;
    // Where it is refused, those keys stay with the browser.
    keyboard.lock().catch(() => {});
    return () => keyboard.unlock();
  }, [on, typing]);
  const toggle = () => {
    const done = on ? document.exitFullscreen() : element.current?.requestFullscreen({ navigationUI: "hide" });
    // The browser may refuse, and shows itself why.
    done?.catch(() => {});
  };
  return { possible: document.fullscreenEnabled, on, toggle };
}
