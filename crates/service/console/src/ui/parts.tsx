// The small parts that all screens are made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ago, clock } from "../format";
import { text } from "../strings";
import type { Presence } from "../types";
import { useId, useNow, useSecondsLeft } from "./hooks";
import { Icon, type IconName } from "./icons";

/** A name from the network: only ever text, kept from reordering what stands around it, cut where it is too long. */
export function Name({ of }: { of: string }) {
  const name = of.trim() || text.common.unnamed;
  return (
    <bdi class="name" title={name}>
      {name}
    </bdi>
  );
}

/** Text from the network that may have several lines. */
export function Words({ of }: { of: string }) {
  return <bdi class="words">{of}</bdi>;
}

/** A text with a part of the page where its one value goes. */
export function Woven({ words, children }: { words: (value: string) => string; children: ComponentChildren }) {
  const [before, after] = words("\0").split("\0");
  return (
    <>
      {before}
      {children}
      {after}
    </>
  );
}

interface FieldProps {
  readonly words: string;
  readonly hint: string;
  /** Draws the field with what ties label and hint to it. */
  readonly children: (ties: { readonly id: string; readonly "aria-describedby": string }) => ComponentChildren;
}

/** A field with a hint, which is its description and no part of its name. */
export function Field({ words, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{words}</label>
      {children({ id, "aria-describedby": `${id}-hint` })}
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly look?: "primary" | "danger" | "quiet" | undefined;
  readonly icon?: IconName;
  readonly label?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly submit?: boolean;
  readonly small?: boolean;
  readonly onPress?: () => unknown;
}

export function Button({ children, look, icon, label, disabled, submit, small, onPress }: ButtonProps) {
  const classes = ["button", look && `button-${look}`, small && "button-small"].filter(Boolean).join(" ");
  return (
    <button
      class={classes}
      type={submit ? "submit" : "button"}
      aria-label={label}
      // Not `disabled`: a button that works would lose the focus, and with it the place of a keyboard user.
      aria-disabled={disabled || undefined}
      onClick={(event) => {
        if (disabled) event.preventDefault();
        else void onPress?.();
      }}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

const COPIED_MS = 2_000;

export function CopyButton({ value, children, primary }: { value: string; children: string; primary?: boolean }) {
  const [outcome, setOutcome] = useState<"copied" | "failed">();
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(undefined), COPIED_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = () =>
    copyText(value).then(
      () => setOutcome("copied"),
      () => setOutcome("failed"),
    );
  const done = outcome === "copied";
  return (
    <span class="copy" data-done={done || undefined}>
      <Button look={primary ? "primary" : undefined} small icon={done ? "check" : "copy"} label={children} onPress={copy}>
        {/* Both texts keep their room, so that the button does not change its width. */}
        <span class="swap">
          <span aria-hidden={done}>{children}</span>
          <span aria-hidden={!done}>{text.common.copied}</span>
        </span>
      </Button>
      <span class="hidden" role="status">
        {done ? text.common.copied : outcome === "failed" ? text.common.copyFailed : ""}
      </span>
    </span>
  );
}

async function copyText(value: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(value);
  // The clipboard interface exists only where the page came over https or from this computer.
  const field = document.createElement("textarea");
  field.value = value;
  field.className = "hidden";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("copying is not allowed");
}

export function Countdown({ secs, at, label }: { secs: number; at: number; label: string }) {
  const left = useSecondsLeft(secs, at);
  return (
    <span class="countdown" role="timer" aria-label={label} title={label} data-short={left < 60 || undefined}>
      {clock(left)}
    </span>
  );
}

export function Badge({ tone, children }: { tone: "good" | "warn" | "bad" | "busy" | "plain"; children: ComponentChildren }) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

export function PresenceMark({ presence }: { presence: Presence }) {
  if (presence.present) {
    return <Badge tone="good">{text.presence.present}</Badge>;
  }
  return (
    <Badge tone="plain">
      {presence.last_seen ? <LastSeen at={presence.last_seen} /> : text.presence.never}
    </Badge>
  );
}

function LastSeen({ at }: { at: string }) {
  return <>{text.presence.lastSeen(ago(at, useNow()))}</>;
}

/** What is told once: shown to be copied, and read letter by letter. */
export function Told({ value, copy }: { value: string; copy: string }) {
  return (
    <div class="told">
      <code dir="ltr">{value}</code>
      <CopyButton value={value}>{copy}</CopyButton>
    </div>
  );
}

export function Ago({ at }: { at: string }) {
  return <time dateTime={at}>{ago(at, useNow())}</time>;
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} />
      <p class="empty-title">{title}</p>
      <p>{children}</p>
    </div>
  );
}

export function ErrorLine({ words }: { words: string | undefined }) {
  return (
    <p class="error" role="alert">
      {words && (
        <>
          <Icon name="warning" />
          {words}
        </>
      )}
    </p>
  );
}

interface SectionProps {
  readonly heading: string;
  readonly count?: number | undefined;
  readonly aside?: ComponentChildren;
  readonly className?: string;
  readonly children: ComponentChildren;
}

export function Section({ heading, count, aside, className, children }: SectionProps) {
  const id = useId();
  return (
    <section class={`panel ${className ?? ""}`} aria-labelledby={id}>
      <div class="panel-head">
        <h2 id={id}>
          {heading}
          {count ? <span class="count">{count}</span> : null}
        </h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

interface ModalProps {
  readonly heading: ComponentChildren;
  readonly onClose: () => void;
  /** For what needs all the room there is. */
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** A modal dialog: the browser keeps the focus inside; it goes back to where it was. */
export function Modal({ heading, onClose, wide, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    const shown = dialog.current;
    shown?.showModal();
    return () => {
      shown?.close();
      // What opened it may have gone meanwhile.
      const back = opener?.isConnected ? opener : document.getElementById("content");
      if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={wide ? "modal modal-wide" : "modal"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        // The browser closes a dialog that keeps itself open at the second press, also where the key is only held.
        event.preventDefault();
        if (!event.repeat) onClose();
      }}
    >
      <div class="modal-head">
        <h2 id={id}>{heading}</h2>
        <button type="button" class="icon-button" aria-label={text.common.close} onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      {children}
    </dialog>
  );
}
