// A small text file, to be read or edited. It is saved only over what was opened; where somebody was faster, it says so.

import { useEffect, useRef, useState } from "preact/hooks";
import { explain } from "../api";
import { update } from "../store";
import { text } from "../strings";
import { files } from "../strings/files";
import { Button, ErrorLine, Modal, Woven } from "../ui/parts";
import { bytes } from "./amounts";
import { CHANGED, FilesError, look, read, write } from "./dav";
import { freeName, type Path } from "./names";
import { FileName } from "./table";
import { MAX_TEXT, type NoText, readText, type TextFile, writeText } from "./text-file";

interface EditorProps {
  readonly session: string;
  readonly path: Path;
  readonly mayWrite: boolean;
  /** Names that a copy cannot have. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onSaved: () => void;
}

interface Opened {
  readonly file: TextFile;
  readonly etag: string | undefined;
}

export function Editor({ session, path: first, mayWrite, taken, onClose, onSaved }: EditorProps) {
  const [path, setPath] = useState(first);
  const [opened, setOpened] = useState<Opened>();
  const [refused, setRefused] = useState<string>();
  const [words, setWords] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [conflict, setConflict] = useState(false);
  const [leaving, setLeaving] = useState(false);
  const [saved, setSaved] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const name = path.at(-1) ?? "";

  const open = async () => {
    setRefused(undefined);
    setError(undefined);
    setConflict(false);
    try {
      const found = await read(session, path, MAX_TEXT);
      const file = readText(found.bytes);
      if (typeof file === "string") return setRefused(wordsFor(file));
      setOpened({ file, etag: found.etag });
      setWords(file.words);
    } catch (reason) {
      setRefused(reason instanceof FilesError && reason.code === "too_large_here" ? wordsFor("large") : wordsOf(reason));
    }
  };
  useEffect(() => void open(), []);
  useEffect(() => {
    if (opened) field.current?.focus();
  }, [opened !== undefined]);

  const changed = opened !== undefined && words !== opened.file.words;
  const editable = mayWrite && opened?.etag !== undefined;

  const question = () => setLeaving(true);
  const goOn = () => {
    setLeaving(false);
    field.current?.focus();
  };
  // "Back" and a link lead away from what is not saved.
  useEffect(() => {
    if (!changed) return;
    const warn = (event: Event) => event.preventDefault();
    update({ unsaved: question });
    addEventListener("beforeunload", warn);
    return () => {
      update({ unsaved: undefined });
      removeEventListener("beforeunload", warn);
    };
  }, [changed]);

  /** Answers whether it was saved. */
  const save = async (to: Path, over: string | undefined) => {
    if (!opened || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      const etag = (await write(session, to, writeText(opened.file, words), over)) ?? (await look(session, to)).etag;
      setPath(to);
      setOpened({ file: { ...opened.file, words, mixed: false }, etag });
      setConflict(false);
      setLeaving(false);
      setSaved(true);
      onSaved();
      field.current?.focus();
    } catch (reason) {
      if (reason instanceof FilesError && reason.code === CHANGED) setConflict(true);
      else setError(wordsOf(reason));
    } finally {
      setBusy(false);
    }
  };
  const replace = async () => {
    try {
      await save(path, (await look(session, path)).etag);
    } catch (reason) {
      // It is gone, so that nothing has to give way.
      if (reason instanceof FilesError && reason.code === "not_found") await save(path, undefined);
      else setError(wordsOf(reason));
    }
  };
  const close = () => {
    if (!changed) onClose();
    else if (leaving) goOn();
    else question();
  };

  return (
    <Modal wide heading={<FileName of={name} />} onClose={close}>
      {refused ? (
        <>
          <p role="alert">{refused}</p>
          <div class="modal-foot">
            <Button onPress={onClose}>{text.common.close}</Button>
          </div>
        </>
      ) : !opened ? (
        <p class="loading">
          <span class="spinner" />
          {text.common.loading}
        </p>
      ) : (
        <>
          {!editable && changed && <p role="alert">{files.editor.lost}</p>}
          {!editable && !changed && <p class="hint">{mayWrite ? files.editor.noTag : files.editor.readOnly}</p>}
          {editable && opened.file.mixed && <p class="hint">{files.editor.mixed}</p>}
          <textarea
            ref={field}
            class="editor"
            dir="auto"
            spellcheck={false}
            autocomplete="off"
            wrap="soft"
            aria-label={files.editor.content}
            readOnly={!editable}
            value={words}
            onInput={(event) => {
              setWords(event.currentTarget.value);
              setSaved(false);
            }}
            onKeyDown={(event) => {
              if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              if (editable && changed) void save(path, opened.etag);
            }}
          />
          {conflict && (
            <div class="conflict" role="alert">
              <p>
                <strong>{files.editor.conflict}</strong> {files.editor.conflictDetail}
              </p>
              <div class="buttons">
                <Button small disabled={busy} onPress={() => save([...path.slice(0, -1), freeName(name, [...taken, name])], undefined)}>
                  {files.editor.saveCopy}
                </Button>
                <Button small disabled={busy} onPress={replace}>
                  {files.editor.replace}
                </Button>
                <Button small disabled={busy} onPress={open}>
                  {files.editor.openTheirs}
                </Button>
              </div>
            </div>
          )}
          {leaving && (
            <div class="conflict" role="alert">
              <p>
                <Woven words={files.editor.unsaved}>
                  <FileName of={name} />
                </Woven>
              </p>
              <div class="buttons">
                <Button small look="danger" onPress={onClose}>
                  {files.editor.discard}
                </Button>
                <Button small onPress={goOn}>
                  {files.editor.goOn}
                </Button>
              </div>
            </div>
          )}
          <ErrorLine words={error} />
          <div class="modal-foot">
            <p class="hint" role="status">
              {saved && !changed ? files.editor.saved : changed ? files.editor.changed : bytes(new Blob([words]).size)}
            </p>
            <span class="push" />
            <Button onPress={close}>{text.common.close}</Button>
            {editable && (
              <Button look="primary" disabled={busy || !changed} onPress={() => save(path, opened.etag)}>
                {text.common.save}
              </Button>
            )}
          </div>
        </>
      )}
    </Modal>
  );
}

function wordsFor(why: NoText): string {
  return why === "large" ? files.editor.large(bytes(MAX_TEXT)) : files.editor[why];
}

function wordsOf(reason: unknown): string {
  return reason instanceof FilesError ? reason.message : explain(reason);
}
