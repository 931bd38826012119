// The files' place on the session page. The browser and all it needs are fetched when it is opened.

import type { ComponentProps } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { AskPermission } from "../request/ask-permission";
import type { HeldSession } from "../state";
import type { App } from "../store";
import { text } from "../strings";
import { Icon } from "../ui/icons";
import { useLoaded } from "../ui/loaded";
import { Fetching } from "../ui/page";
import { Button } from "../ui/parts";
import type { FileBrowser } from "./file-browser";
import { standingOf } from "./standing";

/** Sessions whose files are open, also while another page is shown. */
const opened = new Set<string>();

export function Files({ app, session }: { app: App; session: HeldSession }) {
  const [open, setOpen] = useState(opened.has(session.id));
  /** Whether it was opened just now, and not on another visit of the page. */
  const asked = useRef(false);
  const place = useRef<HTMLElement>(null);
  const closed = useRef(false);
  const show = (on: boolean) => {
    asked.current = on;
    if (on) opened.add(session.id);
    else opened.delete(session.id);
    setOpen(on);
  };
  useEffect(() => {
    // Back to where one came from.
    if (closed.current && !open) place.current?.querySelector("button")?.focus({ preventScroll: true });
    closed.current = open;
  }, [open]);
  if (open) return <FetchedBrowser app={app} session={session} asked={asked.current} onClose={() => show(false)} />;
  if (session.ended) return null;
  const granted = standingOf(session) !== "notGranted";
  return (
    <section class="panel tool-closed" ref={place} aria-label={text.files.heading} data-granted={granted || undefined}>
      <Icon name="folder" />
      <div class="grow">
        <h2>{text.files.heading}</h2>
        <p class="dim">{granted ? text.files.lead : text.files.notGranted}</p>
      </div>
      {granted ? (
        <Button look="primary" icon="folder" onPress={() => show(true)}>
          {text.files.open}
        </Button>
      ) : (
        <AskPermission app={app} session={session} permission="files_read" />
      )}
    </section>
  );
}

function FetchedBrowser(props: ComponentProps<typeof FileBrowser>) {
  const fetched = useLoaded(() => import("./file-browser"));
  if (fetched.data) return <fetched.data.FileBrowser {...props} />;
  return (
    <section class="panel" aria-label={text.files.heading}>
      <Fetching of={fetched} />
    </section>
  );
}
