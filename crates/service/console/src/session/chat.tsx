// The chat of a session, and notes to the user.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { loadMessages, sendMessage } from "../actions";
import { timeOfDay } from "../format";
import type { HeldSession } from "../state";
import type { App } from "../store";
import { text } from "../strings";
import type { MessageKind, MessageView } from "../types";
import { useTask } from "../ui/hooks";
import { Button, Empty, ErrorLine, Section, Words } from "../ui/parts";

const MAX_CHARS = 4000;

export function Chat({ app, session, mine }: { app: App; session: HeldSession; mine: boolean }) {
  const messages = app.state.messages.get(session.id) ?? [];
  const log = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!mine) return;
    // Without it the live events still come; the next `everything` tries again.
    loadMessages(session.id).catch(() => {});
  }, [session.id, app.state.generation]);
  useLayoutEffect(() => {
    log.current?.scrollTo({ top: log.current.scrollHeight });
  }, [messages.length]);
  if (!mine) {
    return (
      <Section heading={text.chat.heading}>
        <Empty icon="chat" title={text.chat.notYours}>
          {text.chat.notYoursDetail}
        </Empty>
      </Section>
    );
  }
  return (
    <Section heading={text.chat.heading} className="chat">
      <div class="chat-log" ref={log} role="log" aria-label={text.chat.log} tabIndex={0}>
        {messages.length === 0 ? (
          <Empty icon="chat" title={text.chat.empty}>
            {session.ended ? text.chat.emptyEnded : text.chat.emptyDetail}
          </Empty>
        ) : (
          messages.map((it) => <Message key={it.id} message={it} session={session} />)
        )}
      </div>
      {!session.ended && <Composer session={session} />}
    </Section>
  );
}

function Message({ message, session }: { message: MessageView; session: HeldSession }) {
  const own = message.from === "operator";
  return (
    <div class="message" data-from={message.from} data-kind={message.kind}>
      <p class="message-meta dim">
        {own ? <bdi>{session.operator.name}</bdi> : text.chat.user}
        {message.kind === "note" && ` · ${text.chat.noteMark}`} · {timeOfDay(message.sent_at, Date.now())}
      </p>
      <p class="message-text">
        <Words of={message.text} />
      </p>
    </div>
  );
}

function Composer({ session }: { session: HeldSession }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const [tooLong, setTooLong] = useState(false);
  const { busy, error, run } = useTask((kind: MessageKind, words: string) => sendMessage(session.id, kind, words));
  const chat = session.granted.includes("chat");
  const note = session.granted.includes("messages");
  if (!chat && !note) return <p class="chat-closed dim">{text.chat.notGranted}</p>;
  const submit = async (kind: MessageKind) => {
    const words = field.current?.value.trim();
    if (busy || !field.current || !words) return;
    // Counted as the service does, in characters and not in UTF-16 units.
    const long = [...words].length > MAX_CHARS;
    setTooLong(long);
    if (long || !(await run(kind, words))) return;
    field.current.value = "";
    field.current.focus();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(chat ? "chat" : "note");
      }}
    >
      <textarea
        ref={field}
        rows={2}
        aria-label={text.chat.field}
        placeholder={chat ? text.chat.placeholder : text.chat.notePlaceholder}
        onKeyDown={(event) => {
          // Enter also ends the composition of Chinese, Japanese or Korean text; that must not send.
          if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void submit(chat ? "chat" : "note");
        }}
      />
      <ErrorLine words={tooLong ? text.chat.tooLong(MAX_CHARS) : error} />
      <div class="composer-foot">
        <span class="hint">{text.chat.hint}</span>
        <span class="push" />
        {note && (
          <Button small look={chat ? undefined : "primary"} disabled={busy} onPress={() => submit("note")}>
            {text.chat.note}
          </Button>
        )}
        {chat && (
          <Button small look="primary" submit disabled={busy}>
            {text.chat.send}
          </Button>
        )}
      </div>
    </form>
  );
}
