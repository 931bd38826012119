// The user's latest words, where the chat is out of sight.

import { useRef, useState } from "preact/hooks";
import type { App } from "../store";
import { text } from "../strings";
import { Icon } from "../ui/icons";

interface LatestMessageProps {
  readonly app: App;
  readonly session: string;
  /** Whether the session's page is in another window. */
  readonly alone: boolean;
}

export function LatestMessage({ app, session, alone }: LatestMessageProps) {
  const latest = app.state.messages.get(session)?.findLast((it) => it.from === "user");
  const before = useRef(latest?.id);
  const [dismissed, setDismissed] = useState<string>();
  if (!latest || latest.id === before.current || latest.id === dismissed) return null;
  return (
    <div class="viewer-message">
      <Icon name="chat" />
      <p class="grow">
        <bdi>{text.chat.announcement(latest.text)}</bdi>
      </p>
      {alone && (
        <a href={`#/sessions/${session}`} target="_blank" rel="noopener">
          {text.desktop.back}
        </a>
      )}
      <button type="button" class="icon-button" aria-label={text.common.dismiss} onClick={() => setDismissed(latest.id)}>
        <Icon name="cross" />
      </button>
    </div>
  );
}
