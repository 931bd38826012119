// The clipboard beside the picture: what the user has sent, and a field for what goes to them. Nothing goes either way by
// itself; the browser's own clipboard is touched by "Copy" and by pasting into the field, and by nothing else.

import { useState } from "preact/hooks";
import { text } from "../strings";
import { Icon } from "../ui/icons";
import { Button, CopyButton } from "../ui/parts";

/** What the agent takes, in bytes of UTF-8. */
const LONGEST = 1024 * 1024;

/** A text of the user's; another one with the same words is another text. */
export interface Received {
  readonly text: string;
}

interface ClipboardProps {
  /** The user's computer says that it cannot. */
  readonly unsupported: boolean;
  readonly received: Received | undefined;
  readonly onSend: (text: string) => void;
}

export function Clipboard({ unsupported, received, onSend }: ClipboardProps) {
  const [draft, setDraft] = useState("");
  const [sent, setSent] = useState(false);
  const tooLong = draft.length > LONGEST / 4 && new TextEncoder().encode(draft).length > LONGEST;
  const send = () => {
    onSend(draft);
    setDraft("");
    setSent(true);
  };
  if (unsupported) {
    return (
      <div class="viewer-clipboard">
        <p role="status">
          <Icon name="warning" />
          {text.desktop.clipboard.unsupported}
        </p>
      </div>
    );
  }
  return (
    <div class="viewer-clipboard" role="group" aria-label={text.desktop.clipboard.heading}>
      <div class="clipboard-side">
        <label>
          <span>{text.desktop.clipboard.theirs}</span>
          <textarea readOnly rows={3} dir="auto" value={received?.text ?? ""} placeholder={text.desktop.clipboard.empty} />
        </label>
        <div class="clipboard-row">
          {received && <CopyButton value={received.text}>{text.desktop.clipboard.copy}</CopyButton>}
        </div>
      </div>
      <form
        class="clipboard-side"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <label>
          <span>{text.desktop.clipboard.yours}</span>
          <textarea
            rows={3}
            dir="auto"
            value={draft}
            onInput={(event) => {
              setDraft(event.currentTarget.value);
              setSent(false);
            }}
          />
        </label>
        <div class="clipboard-row">
          <Button small submit look="primary" disabled={draft === "" || tooLong}>
            {text.desktop.clipboard.send}
          </Button>
          <span role="status">{tooLong ? text.desktop.clipboard.tooLong : sent ? text.desktop.clipboard.sent : ""}</span>
        </div>
      </form>
    </div>
  );
}
