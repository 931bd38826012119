// The desktop's place on the session page. The viewer and all it needs are fetched when it is opened.

import type { ComponentProps } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { HeldSession } from "../state";
import type { App } from "../store";
import { text } from "../strings";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { Fetching } from "../ui/page";
import { Button } from "../ui/parts";
import type { Viewer } from "./viewer";

export function Desktop({ app, session }: { app: App; session: HeldSession }) {
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLElement>(null);
  const closed = useRef(false);
  useEffect(() => {
    // Back to where one came from.
    if (closed.current && !open) place.current?.querySelector("button")?.focus({ preventScroll: true });
    closed.current = open;
  }, [open]);
  if (open) return <FetchedViewer app={app} session={session} onClose={() => setOpen(false)} />;
  if (!session.granted.includes("view")) return null;
  return (
    <section class="panel desktop-closed" ref={place} aria-label={text.desktop.heading}>
      <Icon name="computer" />
      <div class="grow">
        <h2>{text.desktop.heading}</h2>
        <p class="dim">{text.desktop.lead}</p>
      </div>
      <a class="button button-quiet" href={`#/sessions/${session.id}/desktop`} target="_blank" rel="noopener">
        <Icon name="window" />
        <span>{text.desktop.ownWindow}</span>
      </a>
      <Button look="primary" icon="eye" onPress={() => setOpen(true)}>
        {text.desktop.open}
      </Button>
    </section>
  );
}

/** The viewer, once it has been fetched. */
export function FetchedViewer(props: ComponentProps<typeof Viewer>) {
  const fetched = useLoaded(() => import("./viewer"));
  if (!fetched.data) {
    return (
      <div class="viewer viewer-fetching" data-alone={props.alone || undefined}>
        <Fetching of={fetched} />
      </div>
    );
  }
  return <fetched.data.Viewer {...props} />;
}
