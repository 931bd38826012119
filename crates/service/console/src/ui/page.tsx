// The frame of a page other than overview and session: its heading, and what stands there while it loads or fails.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../strings";
import type { Loaded } from "./loaded";
import { Button, ErrorLine } from "./parts";

interface PageProps {
  readonly heading: string;
  readonly lead?: string;
  readonly waiting: number;
  readonly aside?: ComponentChildren;
  readonly narrow?: boolean;
  readonly children: ComponentChildren;
}

export function Page({ heading, lead, waiting, aside, narrow, children }: PageProps) {
  const title = text.title(waiting, heading);
  useEffect(() => {
    document.title = title;
  }, [title]);
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => top.current?.focus({ preventScroll: true }), []);
  return (
    <div class={narrow ? "page page-narrow" : "page"}>
      <header class="page-head">
        <div>
          <h1 ref={top} tabIndex={-1}>
            {heading}
          </h1>
          {lead && <p class="lead">{lead}</p>}
        </div>
        {aside}
      </header>
      {children}
    </div>
  );
}

/** Stands in for what was not fetched yet, or could not be. */
export function Fetching({ of }: { of: Loaded<unknown> }) {
  if (of.error === undefined) {
    return (
      <p class="loading">
        <span class="spinner" />
        {text.common.loading}
      </p>
    );
  }
  return (
    <div class="panel fetching">
      <ErrorLine words={of.error} />
      <Button onPress={of.reload}>{text.common.tryAgain}</Button>
    </div>
  );
}
