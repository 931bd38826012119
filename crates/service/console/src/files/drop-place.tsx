// Files from the operator's computer: chosen with a button or dropped, and what is asked before they are sent.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { HeldSession } from "../state";
import { notify } from "../store";
import { files } from "../strings/files";
import { Icon } from "../ui/icons";
import { Button } from "../ui/parts";
import { ListDialog } from "./dialogs";
import { faultOf, folded, type Path, shownName } from "./names";
import { mayWrite } from "./standing";
import { type IfTaken, upload } from "./transfers";

export interface Uploads {
  readonly allowed: boolean;
  /** Takes files in; `taken` are the names that are there. */
  take(chosen: readonly File[], taken: readonly string[]): void;
  /** What is dropped, with what is no file said and left out. */
  drop(dropped: DataTransfer, taken: readonly string[]): void;
  /** What is being asked about them. */
  readonly dialog: ComponentChildren;
}

interface Asked {
  readonly chosen: readonly File[];
  readonly taken: readonly string[];
  readonly folder: Path;
}

export function useUploads(session: HeldSession, folder: Path): Uploads {
  const [asked, setAsked] = useState<Asked>();
  const send = ({ chosen, taken, folder: into }: Asked, ifTaken: IfTaken) => upload(session.id, into, chosen, taken, ifTaken);
  const take = (chosen: readonly File[], taken: readonly string[]) => {
    const wrong = chosen.find((it) => faultOf(it.name));
    if (wrong) notify("bad", `${shownName(wrong.name)}: ${files.faults[faultOf(wrong.name) ?? "odd"]}`);
    const fine = chosen.filter((it) => !faultOf(it.name));
    const all = { chosen: fine, taken, folder };
    if (fine.some((it) => isTaken(it, taken))) setAsked(all);
    else if (fine.length > 0) send(all, "refuse");
  };
  const drop = ({ items, files: dropped }: DataTransfer, taken: readonly string[]) => {
    const entries = [...items].map((it) => it.webkitGetAsEntry?.());
    const folders = entries.flatMap((it) => (it?.isDirectory ? [it.name] : []));
    if (folders.length > 0) notify("bad", files.noFolders(folders.map(shownName).join(", ")));
    // A folder is listed among the files too, as one that cannot be read.
    take([...dropped].filter((it) => !folders.includes(it.name)), taken);
  };
  const taken = asked?.chosen.filter((it) => isTaken(it, asked.taken)) ?? [];
  const dialog = asked && (
    <ListDialog
      heading={files.taken(taken.length)}
      detail={files.takenDetail}
      names={taken.map((it) => it.name)}
      choices={[
        { words: files.skip, onChoose: () => send({ ...asked, chosen: asked.chosen.filter((it) => !taken.includes(it)) }, "refuse") },
        { words: files.replace, look: "danger", onChoose: () => send(asked, "replace") },
        { words: files.keepBoth, look: "primary", onChoose: () => send(asked, "keep_both") },
      ]}
      onClose={() => setAsked(undefined)}
    />
  );
  return { allowed: mayWrite(session), take, drop, dialog };
}

function isTaken(file: File, taken: readonly string[]): boolean {
  return taken.some((it) => folded(it) === folded(file.name));
}

export function UploadButton({ uploads, taken }: { uploads: Uploads; taken: readonly string[] }) {
  const field = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button small look="primary" icon="upload" onPress={() => field.current?.click()}>
        {files.upload}
      </Button>
      <input
        ref={field}
        class="hidden"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(event) => {
          uploads.take([...(event.currentTarget.files ?? [])], taken);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}

interface DropAreaProps {
  readonly uploads: Uploads;
  readonly taken: readonly string[];
  readonly into: string;
  readonly children: ComponentChildren;
}

/** Takes what is dropped on it; what is dropped beside it does not lead the browser away from the page. */
export function DropArea({ uploads, taken, into, children }: DropAreaProps) {
  const [over, setOver] = useState(false);
  // Each element below is entered and left too.
  const depth = useRef(0);
  useEffect(() => {
    const keep = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    addEventListener("dragover", keep);
    addEventListener("drop", keep);
    return () => {
      removeEventListener("dragover", keep);
      removeEventListener("drop", keep);
    };
  }, []);
  const left = () => {
    depth.current = 0;
    setOver(false);
  };
  return (
    <div
      class="drop-area"
      data-over={over || undefined}
      onDragEnter={(event) => {
        if (!hasFiles(event)) return;
        depth.current++;
        setOver(true);
      }}
      onDragLeave={() => {
        if (--depth.current <= 0) left();
      }}
      onDrop={(event) => {
        left();
        if (!hasFiles(event) || !event.dataTransfer) return;
        event.preventDefault();
        if (uploads.allowed) uploads.drop(event.dataTransfer, taken);
        else notify("bad", files.noUpload);
      }}
    >
      {children}
      {over && (
        <p class="drop-words" aria-hidden="true">
          <Icon name={uploads.allowed ? "upload" : "cross"} />
          {uploads.allowed ? files.dropHere(into) : files.noUpload}
        </p>
      )}
    </div>
  );
}

function hasFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes("Files") ?? false;
}

/** Where files may be placed and nothing may be looked at. */
export function DropPlace({ uploads }: { uploads: Uploads }) {
  return (
    <DropArea uploads={uploads} taken={[]} into={files.root}>
      <div class="drop-only">
        <p>{files.writeOnly}</p>
        <UploadButton uploads={uploads} taken={[]} />
      </div>
      {uploads.dialog}
    </DropArea>
  );
}
