// The desktop viewer: the picture, what it is doing, and the tools around it.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { loadSession } from "../actions";
import { type HeldSession, systemOf } from "../state";
import { type App, notify } from "../store";
import { text } from "../strings";
import { Icon } from "../ui/icons";
import { AskFor } from "./ask-for";
import { chord } from "./chord";
import { Clipboard, type Received } from "./clipboard";
import { addressOf } from "./early";
import { useFullScreen } from "./full-screen";
import { LatestMessage } from "./latest-message";
import { choosable, type Picture } from "./layout";
import { type DesktopLink, openDesktop, type Phase } from "./link";
import { Message } from "./message";
import { load, type Preferences, store } from "./preferences";
import { Stage } from "./stage";
import { isWanted, standingOf } from "./standing";
import { Tools } from "./tools";

interface ViewerProps {
  readonly app: App;
  readonly session: HeldSession;
  /** In a window of its own. */
  readonly alone?: boolean;
  /** It has opened by itself, and leaves the focus where it is. */
  readonly unasked?: boolean;
  /** Nothing where there is nothing to go back to. */
  readonly onClose?: () => void;
}

/** The element that says how to leave the picture by keyboard; there is one viewer on a page. */
const HINT = "desktop-keys";
const NO_PICTURE: Picture = { desktop: { width: 0, height: 0 }, monitors: [] };

export function Viewer({ app, session, alone = false, unasked = false, onClose }: ViewerProps) {
  const frame = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLDivElement>(null);
  const keyboardButton = useRef<HTMLButtonElement>(null);
  const link = useRef<DesktopLink | null>(null);

  const [phase, setPhase] = useState<Phase>({ at: "connecting" });
  const [picture, setPicture] = useState(NO_PICTURE);
  const [monitor, setMonitor] = useState<number>();
  const [preferences, setPreferences] = useState(load);
  const [keyboard, setKeyboard] = useState(true);
  const [typing, setTyping] = useState(false);
  const full = useFullScreen(frame, typing);

  const [received, setReceived] = useState<Received>();
  const [clipboardOpen, setClipboardOpen] = useState(false);
  const [looked, setLooked] = useState<Received>();

  const standing = standingOf(session, phase);
  const clipboard = session.granted.includes("clipboard");
  const unable = session.granted.includes("control") && session.unsupported?.includes("control");
  const control = session.granted.includes("control") && !unable;
  const running = standing === "running";
  const sendCtrlAltDel = () => {
    // Windows takes these keys from no program but a system service.
    if (systemOf(app.state, session.target) === "windows") notify("info", text.desktop.noCtrlAltDel);
    else link.current?.sendCtrlAltDel();
  };
  const name = text.desktop.of(session.title.trim() || text.common.unnamed);

  const wanted = isWanted(session);
  const settings = { name, hint: HINT, control, clipboard, keyboard, quality: preferences.quality };
  useEffect(() => {
    if (!wanted || !canvas.current) return;
    const opened = openDesktop(addressOf(session.id), canvas.current, settings, {
      changed: setPhase,
      laidOut: (desktop, monitors) => setPicture({ desktop, monitors: choosable(desktop, monitors) }),
      copied: (words) => setReceived({ text: words }),
      // The service tells of every end; this finds out at once where its events do not come through either.
      lost: () => void loadSession(session.id).catch(() => {}),
    });
    link.current = opened;
    return () => {
      opened.close();
      link.current = null;
      setPhase({ at: "connecting" });
    };
  }, [wanted, session.id]);
  useEffect(() => link.current?.configure(settings), [name, control, clipboard, keyboard, preferences.quality]);
  // An agent that came back is reached without waiting for the next try.
  useEffect(() => {
    if (session.presence.present) link.current?.hurry();
  }, [session.presence.present]);

  // The picture's line is no better than the one that fell silent, and a picture that stands still would be a lie.
  const silences = useRef(app.silences);
  useEffect(() => {
    if (app.silences !== silences.current) link.current?.renew();
    silences.current = app.silences;
  }, [app.silences]);

  // A text goes with the right to it.
  useEffect(() => {
    if (clipboard) return;
    setReceived(undefined);
    setClipboardOpen(false);
  }, [clipboard]);
  // The panel does not open by itself: it would move the picture away below the pointer.
  useEffect(() => {
    if (clipboardOpen) setLooked(received);
  }, [clipboardOpen, received]);

  // The focus stays in the viewer when the picture, or the right to type in it, is gone.
  useEffect(() => {
    if (!typing || (running && control)) return;
    setTyping(false);
    frame.current?.focus({ preventScroll: true });
  }, [running, control]);

  useEffect(() => {
    if (alone || unasked) return;
    frame.current?.focus({ preventScroll: true });
    frame.current?.scrollIntoView({ block: "start" });
  }, []);

  const prefer = (change: Partial<Preferences>) => {
    const next = { ...preferences, ...change };
    setPreferences(next);
    store(next);
  };
  const watch = useMemo(chord, []);
  const leaveByChord = (event: KeyboardEvent) => {
    if (watch(event) && typing) keyboardButton.current?.focus();
  };
  const retry = () => {
    // The button goes when it is tried.
    frame.current?.focus({ preventScroll: true });
    link.current?.retry();
  };
  const focused = (on: boolean) => {
    setTyping(on);
    if (!on) link.current?.releaseKeys();
  };

  return (
    <section class="viewer" ref={frame} tabIndex={-1} aria-label={name} data-alone={alone || full.on || undefined} data-typing={typing || undefined}>
      <Tools
        session={session}
        standing={standing}
        alone={alone}
        full={full}
        monitors={picture.monitors}
        monitor={monitor}
        onMonitor={setMonitor}
        preferences={preferences}
        onPrefer={prefer}
        keyboard={control && running ? { on: keyboard, set: setKeyboard, button: keyboardButton } : undefined}
        onCtrlAltDel={sendCtrlAltDel}
        clipboard={clipboard ? { open: clipboardOpen, news: received !== undefined && received !== looked && !clipboardOpen, set: setClipboardOpen } : undefined}
        onClose={onClose}
      />
      {running && (
        <div class="viewer-note">
          {unable ? (
            <p role="status">
              <Icon name="warning" />
              {text.desktop.noControl}
            </p>
          ) : control ? (
            <p id={HINT}>
              <Icon name="keyboard" />
              {typing ? text.desktop.keysThere : keyboard ? text.desktop.keysOnClick : text.desktop.keysHere}
            </p>
          ) : (
            <>
              <p>
                <Icon name="eye" />
                {text.desktop.viewOnly}
              </p>
              <AskFor app={app} session={session.id} permission="control">
                {text.desktop.askControl}
              </AskFor>
            </>
          )}
        </div>
      )}
      {running && clipboard && clipboardOpen && (
        <Clipboard
          unsupported={session.unsupported?.includes("clipboard") ?? false}
          received={received}
          onSend={(words) => link.current?.sendText(words)}
        />
      )}
      {(alone || full.on) && !session.ended && <LatestMessage app={app} session={session.id} alone={alone} />}
      <Stage
        name={name}
        picture={picture}
        monitor={monitor}
        zoom={preferences.zoom}
        shown={running}
        control={control}
        canvas={canvas}
        onKey={leaveByChord}
        onFocus={focused}
      >
        {!running && (
          <Message app={app} session={session} standing={standing} phase={phase} alone={alone} onRetry={retry} />
        )}
      </Stage>
      <p class="hidden" role="status">
        {text.desktop.states[standing].title} {standing === "refused" && phase.at === "refused" && phase.reason}{" "}
        {received && clipboard && text.desktop.clipboard.arrived}
      </p>
    </section>
  );
}
