// The operator console's entry: the frame around the screens, and which screen the address names.

import { render } from "preact";
import { useEffect } from "preact/hooks";
import { signOut, start } from "./actions";
import { explain } from "./api";
import { Overview } from "./overview/overview";
import { RequestDialog } from "./request/request-dialog";
import { SessionPage } from "./session/session-page";
import { SignIn } from "./sign-in";
import { type App, dismiss, drawWith, notify, update } from "./store";
import { text } from "./strings";
import type { Me } from "./types";
import { Icon, Mark } from "./ui/icons";
import { Button, Name } from "./ui/parts";

function Console({ app }: { app: App }) {
  return (
    <>
      <Screen app={app} />
      <div class="notices" role="status" aria-label={text.product}>
        {app.connection === "lost" && app.me !== null && (
          <div class="notice notice-bad">
            <span class="spinner" />
            <p>{text.connection.lost}</p>
          </div>
        )}
        {app.notices.map((it) => (
          <div key={it.id} class={`notice notice-${it.tone}`}>
            <p>{it.words}</p>
            {it.link && (
              <a href={it.link.href} onClick={() => dismiss(it.id)}>
                {it.link.label}
              </a>
            )}
            <button type="button" class="icon-button" aria-label={text.common.dismiss} onClick={() => dismiss(it.id)}>
              <Icon name="cross" />
            </button>
          </div>
        ))}
      </div>
      <p class="hidden" role="status">
        {app.announcement}
      </p>
    </>
  );
}

function Screen({ app }: { app: App }) {
  if (app.me === null) return <SignIn expired={app.expired} />;
  if (!app.me || app.state.generation === 0) {
    return (
      <main class="gate" aria-busy="true">
        <p class="loading">
          <span class="spinner" />
          {text.common.loading}
        </p>
      </main>
    );
  }
  const sessionId = /^#\/sessions\/([A-Za-z0-9_-]{1,64})$/.exec(app.route)?.[1];
  const waiting = app.state.help.filter((it) => !it.taken_by).length;
  return (
    <>
      <Bar me={app.me} />
      <main id="content" tabIndex={-1}>
        {sessionId ? (
          <SessionPage key={sessionId} app={app} me={app.me} id={sessionId} waiting={waiting} />
        ) : (
          <Overview app={app} me={app.me} waiting={waiting} />
        )}
      </main>
      {app.asking && <RequestDialog key={JSON.stringify(app.asking)} app={app} target={app.asking} />}
    </>
  );
}

function Bar({ me }: { me: Me }) {
  // What follows signing in or out is a new page to a keyboard user.
  useEffect(() => document.getElementById("content")?.focus({ preventScroll: true }), []);
  return (
    <header class="bar">
      <a class="skip" href="#content" onClick={skip}>
        {text.bar.skip}
      </a>
      <a class="brand" href="#/" aria-label={text.bar.overview}>
        <Mark />
        <Name of={me.organisation.name} />
      </a>
      <span class="bar-me">
        <Icon name="person" />
        <Name of={me.operator.name} />
      </span>
      <Button look="quiet" small onPress={() => signOut().catch((error) => notify("bad", explain(error)))}>
        {text.bar.signOut}
      </Button>
    </header>
  );
}

/** The address names the screen, so the link to the content must not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

addEventListener("hashchange", () => {
  update({ route: location.hash, asking: undefined });
  scrollTo(0, 0);
});
const root = document.getElementById("root");
if (root) drawWith((app) => render(<Console app={app} />, root));
void start();
