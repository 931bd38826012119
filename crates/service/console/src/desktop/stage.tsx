// Where the picture stands: as large as was asked for, cut to one monitor where one was chosen. It is never mirrored.

import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Picture, place, shownPart, type Size, type Zoom } from "./layout";

interface StageProps {
  readonly name: string;
  readonly picture: Picture;
  readonly monitor: number | undefined;
  readonly zoom: Zoom;
  /** Whether there is a picture to be seen. */
  readonly shown: boolean;
  readonly control: boolean;
  /** Where the picture is drawn. */
  readonly canvas: RefObject<HTMLDivElement | null>;
  /** Sees keys before the picture does. */
  readonly onKey: (event: KeyboardEvent) => void;
  readonly onFocus: (on: boolean) => void;
  /** Stands in for the picture. */
  readonly children: ComponentChildren;
}

export function Stage({ name, picture, monitor, zoom, shown, control, canvas, onKey, onFocus, children }: StageProps) {
  const room = useRef<HTMLDivElement>(null);
  const size = useSize(room);
  const part = shownPart(picture, monitor);
  const { view, desktop, left, top } = place(picture.desktop, part, size, zoom);
  return (
    <div class="stage" data-zoom={zoom} style={part.width > 0 ? { aspectRatio: `${part.width} / ${part.height}` } : undefined}>
      <div
        class="stage-room"
        ref={room}
        dir="ltr"
        data-shown={shown || undefined}
        // What is scrolled must be reached by keyboard; not every browser sees to it.
        {...(zoom === "actual" ? { tabIndex: 0, role: "group", "aria-label": name } : {})}
        onKeyDownCapture={onKey}
        onKeyUpCapture={onKey}
      >
        <div class="stage-view" style={sizeOf(view)}>
          <div
            class="stage-desktop"
            ref={canvas}
            style={{ ...sizeOf(desktop), left: `${-left}px`, top: `${-top}px` }}
            data-control={control || undefined}
            onFocusIn={() => onFocus(true)}
            onFocusOut={() => onFocus(false)}
          />
        </div>
      </div>
      {children}
    </div>
  );
}

function sizeOf({ width, height }: Size): { width: string; height: string } {
  return { width: `${width}px`, height: `${height}px` };
}

/** The room inside an element, without its scroll bars. */
function useSize(of: RefObject<HTMLElement | null>): Size {
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = of.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return size;
}
