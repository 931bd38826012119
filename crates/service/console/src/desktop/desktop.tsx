// The desktop's place on the session page. The viewer and all it needs are fetched when it is opened, or about to be.

import type { ComponentProps } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { AskPermission } from "../request/ask-permission";
import type { HeldSession } from "../state";
import { type App, update } from "../store";
import { text } from "../strings";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { Fetching } from "../ui/page";
import { Button } from "../ui/parts";
import { fetchedViewer, fetchViewer } from "./fetch";
import type { Viewer } from "./viewer";

export function Desktop({ app, session }: { app: App; session: HeldSession }) {
  // Who asked from this page to see it is shown it.
  const due = app.opening === session.id && session.granted.includes("view");
  const [open, setOpen] = useState<"asked" | "unasked" | undefined>(due ? "unasked" : undefined);
  const place = useRef<HTMLElement>(null);
  const closed = useRef(false);
  useEffect(() => {
    if (!due) return;
    update({ opening: undefined });
    setOpen((before) => before ?? "unasked");
  }, [due]);
  useEffect(() => {
    // Back to where one came from.
    if (closed.current && !open) place.current?.querySelector("button")?.focus({ preventScroll: true });
    closed.current = open !== undefined;
  }, [open]);
  if (open) return <FetchedViewer app={app} session={session} unasked={open === "unasked"} onClose={() => setOpen(undefined)} />;
  const granted = session.granted.includes("view");
  const unsupported = granted && session.unsupported?.includes("view");
  return (
    <section class="panel tool-closed" ref={place} aria-label={text.desktop.heading} data-granted={granted || undefined}>
      <Icon name="computer" />
      <div class="grow">
        <h2>{text.desktop.heading}</h2>
        <p class="dim">{unsupported ? text.desktop.noView : granted ? text.desktop.lead : text.desktop.notGranted}</p>
      </div>
      {granted ? (
        <>
          <a
            class="icon-button"
            href={`#/sessions/${session.id}/desktop`}
            target="_blank"
            rel="noopener"
            aria-label={text.desktop.ownWindow}
            title={text.desktop.ownWindow}
          >
            <Icon name="window" />
          </a>
          <Button look="primary" icon="eye" onPress={() => setOpen("asked")}>
            {text.desktop.open}
          </Button>
        </>
      ) : (
        <AskPermission app={app} session={session} permission="view" />
      )}
    </section>
  );
}

/** The viewer, once it has been fetched. */
export function FetchedViewer(props: ComponentProps<typeof Viewer>) {
  const fetched = useLoaded(fetchViewer);
  // What was fetched before is there at once.
  const loaded = fetchedViewer() ?? fetched.data;
  if (!loaded) {
    return (
      <div class="viewer viewer-fetching" data-alone={props.alone || undefined}>
        <Fetching of={fetched} />
      </div>
    );
  }
  return <loaded.Viewer {...props} />;
}
