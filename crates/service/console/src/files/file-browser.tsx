// The file browser: the folder that the user shares, and what can be done in it.

import { useEffect, useRef, useState } from "preact/hooks";
import { AskPermission } from "../request/ask-permission";
import type { HeldSession } from "../state";
import { type App, update } from "../store";
import { text } from "../strings";
import { files } from "../strings/files";
import { Icon } from "../ui/icons";
import { Badge } from "../ui/parts";
import { DropPlace, useUploads } from "./drop-place";
import { Editor } from "./editor";
import { Folder } from "./folder";
import type { Path } from "./names";
import { mayRead, mayWrite, standingOf } from "./standing";
import css from "./files.css";
import { TransferList, useTransfers } from "./transfer-list";

interface FileBrowserProps {
  readonly app: App;
  readonly session: HeldSession;
  /** Whether somebody wants it now, and the focus with it. */
  readonly asked: boolean;
  readonly onClose: () => void;
}

// Styles come with what they are for.
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

/** Where one was in each session, for coming back to it. */
const paths = new Map<string, Path>();

interface Edited {
  readonly path: Path;
  readonly taken: readonly string[];
}

export function FileBrowser({ app, session, asked, onClose }: FileBrowserProps) {
  const [path, setPath] = useState<Path>(paths.get(session.id) ?? []);
  const standing = standingOf(session);
  const transfers = useTransfers(session.id);
  const frame = useRef<HTMLElement>(null);
  const go = (to: Path) => {
    paths.set(session.id, to);
    setPath(to);
  };
  useEffect(() => {
    if (asked) frame.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    update({ listed: session.id });
    return () => update({ listed: undefined });
  }, [session.id]);
  const uploads = useUploads(session, path);
  // What is being written outlives the list it was opened from.
  const [edited, setEdited] = useState<Edited>();
  const [saves, setSaves] = useState(0);
  const able = standing !== "ended" && standing !== "notGranted";
  return (
    <section class="panel files" ref={frame} tabIndex={-1} aria-label={text.files.heading}>
      <div class="panel-head">
        <h2>{text.files.heading}</h2>
        <Badge tone={TONES[standing]}>{files.badges[standing]}</Badge>
        {able && !mayWrite(session) && <Badge tone="plain">{files.readOnly}</Badge>}
        {able && (
          <>
            {!mayRead(session) && <AskPermission app={app} session={session} permission="files_read" full />}
            {!mayWrite(session) && <AskPermission app={app} session={session} permission="files_write" full />}
          </>
        )}
        <span class="push" />
        <button type="button" class="icon-button" aria-label={files.close} title={files.close} onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      {standing === "ready" ? null : (
        <p class="files-standing" role="status" data-standing={standing}>
          <Icon name="warning" />
          {files.standings[standing]}
          {standing === "notGranted" && <AskPermission app={app} session={session} permission="files_read" full />}
        </p>
      )}
      {able && mayRead(session) && (
        <Folder
          session={session}
          path={path}
          onGo={go}
          uploads={uploads}
          transfers={transfers}
          saves={saves}
          onEdit={(file, taken) => setEdited({ path: file, taken })}
        />
      )}
      {able && !mayRead(session) && <DropPlace uploads={uploads} />}
      <TransferList session={session.id} transfers={transfers} />
      {edited && (
        <Editor
          session={session.id}
          path={edited.path}
          mayWrite={able && mayWrite(session)}
          taken={edited.taken}
          onClose={() => setEdited(undefined)}
          onSaved={() => setSaves((times) => times + 1)}
        />
      )}
    </section>
  );
}

const TONES = { ended: "plain", notGranted: "warn", suspended: "warn", away: "warn", ready: "good" } as const;
