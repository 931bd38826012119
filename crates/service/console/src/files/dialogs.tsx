// What is asked before something is done with files.

import { useEffect, useRef, useState } from "preact/hooks";
import { text } from "../strings";
import { files } from "../strings/files";
import { Button, ErrorLine, Modal } from "../ui/parts";
import { FilesError } from "./dav";
import { faultOf, folded, parted } from "./names";
import { FileName } from "./table";

interface NameDialogProps {
  readonly heading: string;
  readonly submit: string;
  readonly name: string;
  /** Names that it cannot be. */
  readonly taken: readonly string[];
  readonly onSubmit: (name: string) => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks for a name, for a new folder or in the place of another name. */
export function NameDialog({ heading, submit, name, taken, onSubmit, onClose }: NameDialogProps) {
  const field = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    // The ending says what kind of file it is, and stays.
    field.current?.focus();
    field.current?.setSelectionRange(0, parted(name)[0].length);
  }, []);
  const send = async (event: Event) => {
    event.preventDefault();
    const wanted = field.current?.value.trim() ?? "";
    if (busy || wanted === name) return wanted === name ? onClose() : undefined;
    const fault = faultOf(wanted);
    if (fault) return setError(files.faults[fault]);
    if (taken.some((it) => it !== name && folded(it) === folded(wanted))) return setError(files.problems.exists);
    setBusy(true);
    try {
      await onSubmit(wanted);
      onClose();
    } catch (reason) {
      setBusy(false);
      setError(reason instanceof FilesError ? (reason.code === "changed" ? files.problems.exists : reason.message) : text.errors.page);
    }
  };
  return (
    <Modal heading={heading} onClose={onClose}>
      <form onSubmit={send}>
        <label class="field">
          <span>{files.name}</span>
          <input ref={field} dir="auto" autocomplete="off" spellcheck={false} maxLength={255} defaultValue={name} />
        </label>
        <ErrorLine words={error} />
        <div class="modal-foot">
          <Button onPress={onClose}>{text.common.cancel}</Button>
          <span class="push">
            <Button look="primary" submit disabled={busy}>
              {submit}
            </Button>
          </span>
        </div>
      </form>
    </Modal>
  );
}

interface ListDialogProps {
  readonly heading: string;
  readonly detail: string;
  readonly names: readonly string[];
  readonly choices: readonly { readonly words: string; readonly look?: "primary" | "danger"; readonly onChoose: () => void }[];
  readonly onClose: () => void;
}

const LISTED = 8;

/** Names some files and asks what to do with all of them. */
export function ListDialog({ heading, detail, names, choices, onClose }: ListDialogProps) {
  const more = names.length - LISTED;
  return (
    <Modal heading={heading} onClose={onClose}>
      <ul class="file-list">
        {names.slice(0, LISTED).map((it) => (
          <li key={it}>
            <FileName of={it} />
          </li>
        ))}
      </ul>
      {more > 0 && <p class="hint">{files.andMore(more)}</p>}
      <p>{detail}</p>
      <div class="modal-foot">
        <Button onPress={onClose}>{text.common.cancel}</Button>
        <span class="push buttons">
          {choices.map((it) => (
            <Button
              key={it.words}
              look={it.look}
              onPress={() => {
                onClose();
                it.onChoose();
              }}
            >
              {it.words}
            </Button>
          ))}
        </span>
      </div>
    </Modal>
  );
}
