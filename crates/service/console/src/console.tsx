// The operator console's entry: the frame around the screens, and which screen the address names.

import { render } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { AccountPage } from "./account/account-page";
import { FirstPassword } from "./account/first-password";
import { FirstSecondFactor } from "./account/first-second-factor";
import { start } from "./actions";
import { Bar } from "./bar";
import { DesktopPage } from "./desktop/desktop-page";
import { percent } from "./format";
import { HistoryPage } from "./history/history-page";
import { FetchedManagement, isManagement } from "./manage/fetched";
import { Overview } from "./overview/overview";
import { RequestDialog } from "./request/request-dialog";
import { SessionPage } from "./session/session-page";
import { SignIn } from "./sign-in";
import { type App, current, dismiss, drawWith, update } from "./store";
import { text } from "./strings";
import type { Me } from "./types";
import { Icon } from "./ui/icons";

function Console({ app }: { app: App }) {
  return (
    <>
      <Screen app={app} />
      <div class="notices">
        {/* Not said: a screen reader would say each step. Its beginning and end are announced. */}
        {app.uploads && app.listed !== app.uploads.session && (
          <div class="notice notice-info">
            <p>{text.files.uploading(app.uploads.count, percent(app.uploads.done))}</p>
            {app.route !== `#/sessions/${app.uploads.session}` && (
              <a href={`#/sessions/${app.uploads.session}`}>{text.request.openSession}</a>
            )}
          </div>
        )}
        <div class="notices-said" role="status" aria-label={text.product}>
          {app.connection === "lost" && app.me !== null && (
            <div class="notice notice-bad">
              <span class="spinner" />
              <p>{text.connection.lost}</p>
            </div>
          )}
          {app.me?.suspended_since && (
            <div class="notice notice-bad">
              <p>{text.suspended}</p>
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
      </div>
      <p class="hidden" role="status">
        {app.announcement}
      </p>
    </>
  );
}

function Screen({ app }: { app: App }) {
  if (app.me === null) return <SignIn expired={app.expired} />;
  if (app.me?.must_change_password) return <FirstPassword me={app.me} />;
  if (app.me?.must_set_second_factor) return <FirstSecondFactor />;
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
  const waiting = app.state.help.filter((it) => !it.taken_by).length;
  const desktopOf = /^#\/sessions\/([A-Za-z0-9_-]{1,64})\/desktop$/.exec(app.route)?.[1];
  return (
    <>
      {!desktopOf && <Bar me={app.me} route={app.route} />}
      <main id="content" tabIndex={-1}>
        {desktopOf ? (
          <DesktopPage key={desktopOf} app={app} me={app.me} id={desktopOf} waiting={waiting} />
        ) : (
          <Place app={app} me={app.me} waiting={waiting} />
        )}
      </main>
      {app.asking && <RequestDialog key={JSON.stringify(app.asking)} app={app} target={app.asking} />}
    </>
  );
}

function Place({ app, me, waiting }: { app: App; me: Me; waiting: number }) {
  // An approval leads to its session, and what had the focus is gone with the page before it.
  useLayoutEffect(() => {
    if (document.activeElement === document.body) document.getElementById("content")?.focus({ preventScroll: true });
  }, [app.route]);
  const sessionId = /^#\/sessions\/([A-Za-z0-9_-]{1,64})$/.exec(app.route)?.[1];
  if (sessionId) return <SessionPage key={sessionId} app={app} me={me} id={sessionId} waiting={waiting} />;
  if (me.role === "administrator" && isManagement(app.route)) return <FetchedManagement me={me} route={app.route} waiting={waiting} />;
  if (app.route === "#/sessions") return <HistoryPage app={app} me={me} waiting={waiting} />;
  if (app.route === "#/account") return <AccountPage me={me} waiting={waiting} />;
  return <Overview app={app} me={me} waiting={waiting} />;
}

addEventListener("hashchange", ({ oldURL }) => {
  const { unsaved } = current();
  if (unsaved) {
    history.pushState(null, "", oldURL);
    unsaved();
    return;
  }
  update({ route: location.hash, asking: undefined });
  scrollTo(0, 0);
});
const root = document.getElementById("root");
if (root) drawWith((app) => render(<Console app={app} />, root));
void start();
