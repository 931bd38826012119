// One folder: where it lies, what is in it, and what is done with what is chosen there.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { explain } from "../api";
import { locale } from "../language";
import type { HeldSession } from "../state";
import { notify } from "../store";
import { text } from "../strings";
import { files } from "../strings/files";
import { Icon } from "../ui/icons";
import { Button, Empty, ErrorLine } from "../ui/parts";
import { bytes } from "./amounts";
import { FilesError, makeFolder, remove, transfer } from "./dav";
import { ListDialog, NameDialog } from "./dialogs";
import { DropArea, UploadButton, type Uploads } from "./drop-place";
import { type Entry, matching, type Order, sorted } from "./listing";
import { freeName, type Path, samePath, shownName } from "./names";
import { mayWrite, standingOf } from "./standing";
import { FileName, Table } from "./table";
import { download, type Transfer } from "./transfers";
import { useListing } from "./use-listing";

interface FolderProps {
  readonly session: HeldSession;
  readonly path: Path;
  readonly onGo: (path: Path) => void;
  readonly uploads: Uploads;
  readonly transfers: readonly Transfer[];
  /** How often something was saved from elsewhere. */
  readonly saves: number;
  /** Opens a text; `taken` are the names beside it. */
  readonly onEdit: (path: Path, taken: readonly string[]) => void;
}

type Asking =
  | { readonly what: "folder" }
  | { readonly what: "rename"; readonly name: string }
  | { readonly what: "delete"; readonly names: readonly string[] };

/** What is taken along to another folder. */
interface Carried {
  readonly how: "COPY" | "MOVE";
  readonly from: Path;
  readonly names: readonly string[];
}

/** More rows than anybody reads make a page slow. */
const ROWS = 400;
/** From how many on a field to search in them is worth its room. */
const SEARCHABLE = 12;
const BETWEEN_DOWNLOADS_MS = 400;

export function Folder({ session, path, onGo, uploads, transfers, saves, onEdit }: FolderProps) {
  const ready = standingOf(session) === "ready";
  const writable = mayWrite(session);
  // What has arrived here is listed.
  const arrived = transfers.filter((it) => it.direction === "up" && it.state === "done" && samePath(it.path.slice(0, -1), path)).length;
  const { listing, error, busy, reload } = useListing(session.id, path, ready, `${arrived} ${saves}`);
  const [order, setOrder] = useState<Order>({ by: "name", descending: false });
  const [words, setWords] = useState("");
  const [rows, setRows] = useState(ROWS);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = useState<string>();
  const [focus, setFocus] = useState(0);
  const [asking, setAsking] = useState<Asking>();
  const [carried, setCarried] = useState<Carried>();
  const [failure, setFailure] = useState<string>();
  const [working, setWorking] = useState(false);
  /** Whether the keyboard is to be in the list once it is there, and on which name. */
  const wantsFocus = useRef<boolean | string>(false);

  const entries = listing?.entries ?? [];
  const taken = entries.map((it) => it.name);
  const found = useMemo(() => sorted(matching(listing?.entries ?? [], words), order, locale), [listing, words, order]);
  const shown = found.slice(0, rows);
  const chosen = entries.filter((it) => selected.has(it.name));
  const [only] = chosen.length === 1 ? chosen : [];

  useEffect(() => {
    setSelected(new Set());
    setActive(undefined);
    setWords("");
    setRows(ROWS);
    setFailure(undefined);
  }, [JSON.stringify(path)]);
  useEffect(() => {
    // What is gone is not chosen any more.
    const here = new Set(taken);
    if (listing && [...selected].some((it) => !here.has(it))) setSelected(new Set(chosen.map((it) => it.name)));
    if (listing && wantsFocus.current !== false) {
      // Not before: a dialog that closes puts the focus back to where it was.
      if (typeof wantsFocus.current === "string") setActive(wantsFocus.current);
      wantsFocus.current = false;
      focusList();
    }
  }, [listing]);

  const focusList = () => setFocus((times) => times + 1);
  const goTo = (to: Path) => {
    wantsFocus.current = true;
    onGo(to);
  };
  const up = () => {
    if (path.length > 0) goTo(path.slice(0, -1));
  };
  const open = (entry: Entry) => {
    if (entry.isFolder) goTo([...path, entry.name]);
    else void save([entry]);
  };
  const save = async (wanted: readonly Entry[]) => {
    const folders = wanted.filter((it) => it.isFolder);
    if (folders.length > 0) notify("info", files.noFolderDownload(folders.map((it) => shownName(it.name)).join(", ")));
    for (const it of wanted.filter((one) => !one.isFolder)) {
      await download(session.id, [...path, it.name], it.size);
      // Browsers drop downloads that begin in the same moment.
      await new Promise((resume) => setTimeout(resume, BETWEEN_DOWNLOADS_MS));
    }
  };
  /** One after the other, up to the first that fails. */
  const each = async (names: readonly string[], work: (name: string) => Promise<unknown>) => {
    setWorking(true);
    setFailure(undefined);
    try {
      for (const name of names) {
        try {
          await work(name);
        } catch (reason) {
          const words = reason instanceof FilesError ? (reason.code === "changed" ? files.problems.exists : reason.message) : explain(reason);
          setFailure(`${shownName(name)}: ${words}`);
          return;
        }
      }
    } finally {
      setWorking(false);
      reload();
    }
  };
  const discard = (names: readonly string[]) => {
    // The keyboard goes on beside what is gone.
    const at = shown.findIndex((it) => it.name === names[0]);
    const next = [...shown.slice(at + 1), ...shown.slice(0, at).toReversed()].find((it) => !names.includes(it.name));
    wantsFocus.current = next?.name ?? true;
    void each(names, (name) => remove(session.id, [...path, name]));
  };
  const putDown = () => {
    if (!carried) return;
    const { how, from, names } = carried;
    setCarried(undefined);
    wantsFocus.current = true;
    const beside = samePath(from, path);
    void each(names, (name) =>
      transfer(how, session.id, [...from, name], [...path, how === "COPY" && beside ? freeName(name, taken) : name]),
    );
  };
  const carry = (how: Carried["how"]) => {
    if (chosen.length > 0) setCarried({ how, from: path, names: chosen.map((it) => it.name) });
  };

  const onKey = (event: KeyboardEvent): boolean => {
    const command = event.ctrlKey || event.metaKey;
    const at = entries.find((it) => it.name === active);
    const meant = chosen.length > 0 ? chosen : at ? [at] : [];
    if (event.key === "Backspace" || (event.key === "ArrowUp" && event.altKey)) up();
    else if (event.key === "Escape") {
      if (carried) setCarried(undefined);
      else setSelected(new Set());
    } else if (!writable) return false;
    else if (event.key === "F2" && at) setAsking({ what: "rename", name: at.name });
    else if (event.key === "Delete" && meant.length > 0) setAsking({ what: "delete", names: meant.map((it) => it.name) });
    else if (command && event.key === "c") carry("COPY");
    else if (command && event.key === "x") carry("MOVE");
    else if (command && event.key === "v") putDown();
    else return false;
    return true;
  };

  const here = path.at(-1);
  const intoItself = carried && samePath(carried.from, path) && carried.how === "MOVE";
  return (
    <DropArea uploads={uploads} taken={taken} into={here === undefined ? files.root : shownName(here)}>
      <div class="files-bar">
        <Crumbs path={path} onGo={goTo} />
        <div class="files-tools">
          {writable && (
            <>
              <UploadButton uploads={uploads} taken={taken} />
              <Button small icon="plus" onPress={() => setAsking({ what: "folder" })}>
                {files.newFolder}
              </Button>
            </>
          )}
          <Button small disabled={busy} onPress={reload}>
            {files.refresh}
          </Button>
        </div>
      </div>

      {carried && (
        <div class="carried" role="status">
          <p>{carried.how === "COPY" ? files.copying(carried.names.length) : files.moving(carried.names.length)}</p>
          <Button small look="primary" disabled={working || intoItself} onPress={putDown}>
            {carried.how === "COPY" ? files.copyHere : files.moveHere}
          </Button>
          <Button
            small
            onPress={() => {
              setCarried(undefined);
              focusList();
            }}
          >
            {text.common.cancel}
          </Button>
        </div>
      )}

      <div class="chosen" role="group" aria-label={files.chosenTools}>
        {chosen.length > 0 ? (
          <>
            <span>{files.chosen(chosen.length)}</span>
            {only?.isFolder && (
              <Button small icon="folder" onPress={() => open(only)}>
                {files.openFolder}
              </Button>
            )}
            {chosen.some((it) => !it.isFolder) && (
              <Button small icon="download" onPress={() => save(chosen)}>
                {files.download}
              </Button>
            )}
            {only && !only.isFolder && (
              <Button small icon="edit" onPress={() => onEdit([...path, only.name], taken)}>
                {writable ? files.edit : files.read}
              </Button>
            )}
            {writable && (
              <>
                {only && (
                  <Button small onPress={() => setAsking({ what: "rename", name: only.name })}>
                    {files.rename}
                  </Button>
                )}
                <Button small icon="copy" onPress={() => carry("COPY")}>
                  {files.copy}
                </Button>
                <Button small onPress={() => carry("MOVE")}>
                  {files.move}
                </Button>
                <Button small icon="bin" onPress={() => setAsking({ what: "delete", names: chosen.map((it) => it.name) })}>
                  {files.remove}
                </Button>
              </>
            )}
          </>
        ) : (
          <span class="dim" role="status">
            {listing ? files.count(entries.length) : ""}
            {listing?.free !== undefined && writable && ` · ${files.free(bytes(listing.free))}`}
          </span>
        )}
        {(busy || working) && <span class="spinner" />}
        {(entries.length >= SEARCHABLE || words !== "") && (
          <span class="search push">
            <Icon name="search" />
            <input
              type="search"
              aria-label={files.search}
              placeholder={files.search}
              value={words}
              onInput={(event) => setWords(event.currentTarget.value)}
            />
          </span>
        )}
      </div>
      <ErrorLine words={failure} />

      {error && (
        <div class="files-error" role="alert">
          <p>
            <Icon name="warning" />
            {error.message} {error.isPassing && files.triedAgain}
          </p>
          {path.length > 0 && !error.isPassing && (
            <Button small onPress={() => goTo([])}>
              {files.toRoot}
            </Button>
          )}
          {!error.isPassing && (
            <Button small onPress={reload}>
              {text.common.tryAgain}
            </Button>
          )}
        </div>
      )}

      {!listing && !error && (
        <p class="loading files-room">
          <span class="spinner" />
          {text.common.loading}
        </p>
      )}
      {listing && entries.length === 0 && (
        <Empty icon="folder" title={files.empty}>
          {writable ? files.emptyDetail : files.emptyRead}
        </Empty>
      )}
      {listing && entries.length > 0 && found.length === 0 && (
        <Empty icon="search" title={files.noMatch}>
          {files.noMatchDetail}
        </Empty>
      )}
      {shown.length > 0 && (
        <div class="files-room" data-stale={error !== undefined || undefined}>
          <Table
            label={here === undefined ? files.root : shownName(here)}
            entries={shown}
            order={order}
            onOrder={setOrder}
            selected={selected}
            onSelect={setSelected}
            active={active}
            onActive={setActive}
            onOpen={open}
            onKey={onKey}
            focus={focus}
          />
        </div>
      )}
      {listing?.cut && <p class="hint">{files.cut}</p>}
      {found.length > shown.length && (
        <Button onPress={() => setRows(rows + ROWS)}>{files.more(Math.min(ROWS, found.length - shown.length))}</Button>
      )}

      {uploads.dialog}
      {asking?.what === "folder" && (
        <NameDialog
          heading={files.newFolder}
          submit={files.make}
          name=""
          taken={taken}
          onSubmit={async (name) => {
            await makeFolder(session.id, [...path, name]);
            setActive(name);
            reload();
          }}
          onClose={() => setAsking(undefined)}
        />
      )}
      {asking?.what === "rename" && (
        <NameDialog
          heading={files.renameHeading}
          submit={files.rename}
          name={asking.name}
          taken={taken}
          onSubmit={async (name) => {
            await transfer("MOVE", session.id, [...path, asking.name], [...path, name]);
            setSelected(new Set([name]));
            // The row that the dialog was opened from goes with its name.
            wantsFocus.current = name;
            reload();
          }}
          onClose={() => setAsking(undefined)}
        />
      )}
      {asking?.what === "delete" && (
        <ListDialog
          heading={files.removeHeading(asking.names.length)}
          detail={files.removeDetail}
          names={asking.names}
          choices={[{ words: files.removeNow, look: "danger", onChoose: () => discard(asking.names) }]}
          onClose={() => setAsking(undefined)}
        />
      )}
    </DropArea>
  );
}

function Crumbs({ path, onGo }: { path: Path; onGo: (path: Path) => void }) {
  return (
    <nav class="crumbs" aria-label={files.crumbs}>
      <ol>
        {[undefined, ...path].map((name, depth) => {
          const words = name === undefined ? files.root : <FileName of={name} />;
          const current = depth === path.length;
          return (
            <li key={depth}>
              {depth > 0 && <Icon name="next" />}
              {current ? (
                <span aria-current="page">{words}</span>
              ) : (
                <button type="button" onClick={() => onGo(path.slice(0, depth))}>
                  {words}
                </button>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
