// The bar on top: the organisation, the pages, the account.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { signOut } from "./actions";
import { explain } from "./api";
import { notify } from "./store";
import { text } from "./strings";
import type { Me } from "./types";
import { Icon, Mark } from "./ui/icons";
import { LanguageChoice } from "./ui/language-choice";
import { Button, Name } from "./ui/parts";

interface Place {
  readonly href: string;
  readonly words: string;
  readonly administrator?: boolean;
}

const PLACES: readonly Place[] = [
  { href: "#/", words: text.bar.overview },
  { href: "#/sessions", words: text.bar.sessions },
  { href: "#/operators", words: text.bar.operators, administrator: true },
  { href: "#/enrolment", words: text.bar.enrolment, administrator: true },
  { href: "#/organisation", words: text.bar.organisation, administrator: true },
  { href: "#/audit", words: text.bar.audit, administrator: true },
];

export function Bar({ me, route }: { me: Me; route: string }) {
  // What follows signing in or out is a new page to a keyboard user. Before it is drawn: who is fast has not moved on yet.
  useLayoutEffect(() => document.getElementById("content")?.focus({ preventScroll: true }), []);
  const here = PLACES.findLast((it) => it.href !== "#/" && route.startsWith(it.href))?.href ?? (route === "#/account" ? "" : "#/");
  // On a narrow screen the pages scroll sideways.
  const places = useRef<HTMLElement>(null);
  useEffect(() => {
    const bar = places.current;
    if (!bar) return;
    const show = () => {
      const current = bar.querySelector<HTMLElement>("[aria-current]");
      if (!current) return;
      const [part, whole] = [current.getBoundingClientRect(), bar.getBoundingClientRect()];
      bar.scrollLeft += part.left + part.width / 2 - (whole.left + whole.width / 2);
    };
    // Also when a phone is turned, or the text made larger.
    const resized = new ResizeObserver(show);
    resized.observe(bar);
    return () => resized.disconnect();
  }, [here]);
  return (
    <header class="bar">
      <a class="skip" href="#content" onClick={skip}>
        {text.bar.skip}
      </a>
      <a class="brand" href="#/" aria-label={me.organisation.name}>
        <Mark />
        <Name of={me.organisation.name} />
      </a>
      <nav class="places" ref={places} aria-label={text.bar.pages}>
        {PLACES.filter((it) => !it.administrator || me.role === "administrator").map((it) => (
          <a key={it.href} href={it.href} aria-current={it.href === here ? "page" : undefined}>
            {it.words}
          </a>
        ))}
      </nav>
      <Account me={me} />
    </header>
  );
}

function Account({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (event.target instanceof Node && !menu.current?.contains(event.target)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      menu.current?.querySelector("button")?.focus();
    };
    const navigated = () => setOpen(false);
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    document.addEventListener("keydown", escape);
    addEventListener("hashchange", navigated);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
      document.removeEventListener("keydown", escape);
      removeEventListener("hashchange", navigated);
    };
  }, [open]);
  return (
    <div class="account" ref={menu}>
      <button
        type="button"
        class="account-button"
        aria-label={text.bar.menu(me.operator.name)}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="person" />
        <Name of={me.operator.name} />
        <Icon name="down" />
      </button>
      {open && (
        <div class="account-menu">
          <p class="account-who">
            <Name of={me.operator.name} />
            <span class="dim">{text.roles[me.role]}</span>
          </p>
          <LanguageChoice />
          <a class="button" href="#/account">
            {text.bar.account}
          </a>
          <Button onPress={() => signOut().catch((error) => notify("bad", explain(error)))}>{text.bar.signOut}</Button>
        </div>
      )}
    </div>
  );
}

/** The address names the screen, so the link to the content must not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}
