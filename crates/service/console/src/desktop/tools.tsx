// The bar above the picture: how the line stands, how the picture is shown, and what goes to the user's computer.

import type { RefObject } from "preact";
import { endSession } from "../actions";
import type { HeldSession } from "../state";
import { text } from "../strings";
import { Icon, type IconName } from "../ui/icons";
import { Badge, Button, Countdown, Name } from "../ui/parts";
import type { FullScreen } from "./full-screen";
import type { Monitor } from "./layout";
import { type Preferences, QUALITIES } from "./preferences";
import type { Quality } from "./screen";
import type { Standing } from "./standing";

interface ToolsProps {
  readonly session: HeldSession;
  readonly standing: Standing;
  readonly alone: boolean;
  readonly full: FullScreen;
  readonly monitors: readonly Monitor[];
  /** Nothing: all of them. */
  readonly monitor: number | undefined;
  readonly onMonitor: (id: number | undefined) => void;
  readonly preferences: Preferences;
  readonly onPrefer: (change: Partial<Preferences>) => void;
  /** Only with control. */
  readonly keyboard: Keyboard | undefined;
  readonly onCtrlAltDel: () => void;
  /** Only with the clipboard. */
  readonly clipboard: Panel | undefined;
  readonly onClose: (() => void) | undefined;
}

interface Panel {
  readonly open: boolean;
  /** Whether something has come that was not looked at. */
  readonly news: boolean;
  set(open: boolean): void;
}

interface Keyboard {
  readonly on: boolean;
  readonly button: RefObject<HTMLButtonElement | null>;
  set(on: boolean): void;
}

export function Tools(props: ToolsProps) {
  const { session, standing, alone, full, monitors, monitor, preferences, keyboard, clipboard } = props;
  const running = standing === "running";
  return (
    <div class="tools" role="group" aria-label={text.desktop.tools}>
      <div class="tools-title">
        <Badge tone={TONES[standing]}>{text.desktop.badges[standing]}</Badge>
        {(alone || full.on) && <Name of={session.title} />}
      </div>
      {running && (
        <>
          <div class="segments" role="group" aria-label={text.desktop.size}>
            <Toggle on={preferences.zoom === "fit"} label={text.desktop.fitLabel} onPress={() => props.onPrefer({ zoom: "fit" })}>
              {text.desktop.fit}
            </Toggle>
            <Toggle on={preferences.zoom === "actual"} label={text.desktop.actualLabel} onPress={() => props.onPrefer({ zoom: "actual" })}>
              {text.desktop.actual}
            </Toggle>
          </div>
          {monitors.length > 0 && (
            <Choice
              label={text.desktop.monitor}
              value={monitors.some((it) => it.id === monitor) ? String(monitor) : ""}
              options={[
                ["", text.desktop.allMonitors],
                ...monitors.map((it, at): Option => [String(it.id), text.desktop.monitorOf(at + 1, it.width, it.height)]),
              ]}
              onChoose={(value) => props.onMonitor(value === "" ? undefined : Number(value))}
            />
          )}
          <Choice
            label={text.desktop.quality}
            value={preferences.quality}
            options={QUALITIES.map((it): Option => [it, text.desktop.qualities[it]])}
            onChoose={(value) => props.onPrefer({ quality: value as Quality })}
          />
          {keyboard && (
            <>
              <Toggle on={keyboard.on} icon="keyboard" button={keyboard.button} onPress={() => keyboard.set(!keyboard.on)}>
                {text.desktop.keyboard}
              </Toggle>
              <Button small label={text.desktop.ctrlAltDelLabel} onPress={props.onCtrlAltDel}>
                {text.desktop.ctrlAltDel}
              </Button>
            </>
          )}
          {clipboard && (
            <Toggle
              on={clipboard.open}
              icon="clipboard"
              label={clipboard.news ? `${text.desktop.clipboard.heading}: ${text.desktop.clipboard.arrived}` : undefined}
              news={clipboard.news}
              onPress={() => clipboard.set(!clipboard.open)}
            >
              {text.desktop.clipboard.heading}
            </Toggle>
          )}
          {full.possible && (
            <Toggle on={full.on} icon={full.on ? "shrink" : "expand"} onPress={full.toggle}>
              {text.desktop.fullScreen}
            </Toggle>
          )}
        </>
      )}
      <div class="tools-end">
        {(alone || full.on) && !session.ended && (
          <>
            <Countdown secs={session.remaining_secs} at={session.at} label={text.session.left} />
            <Button small look="danger" icon="stop" onPress={() => endSession(session.id)}>
              {text.session.end}
            </Button>
          </>
        )}
        {!alone && !full.on && (
          <>
            <a
              class="icon-button"
              href={`#/sessions/${session.id}/desktop`}
              target="_blank"
              rel="noopener"
              aria-label={text.desktop.ownWindow}
              title={text.desktop.ownWindow}
              onClick={props.onClose}
            >
              <Icon name="window" />
            </a>
            <button type="button" class="icon-button" aria-label={text.desktop.close} title={text.desktop.close} onClick={props.onClose}>
              <Icon name="cross" />
            </button>
          </>
        )}
      </div>
    </div>
  );
}

const TONES: Record<Standing, "good" | "warn" | "bad" | "busy" | "plain"> = {
  ended: "plain",
  takenBack: "warn",
  suspended: "warn",
  connecting: "busy",
  waiting: "busy",
  running: "good",
  reconnecting: "warn",
  unreachable: "warn",
  refused: "bad",
  elsewhere: "plain",
};

interface ToggleProps {
  readonly on: boolean;
  readonly icon?: IconName;
  /** What it does, where the word on it is short. */
  readonly label?: string | undefined;
  /** Marks it. */
  readonly news?: boolean;
  readonly button?: RefObject<HTMLButtonElement | null>;
  readonly onPress: () => void;
  readonly children: string;
}

function Toggle({ on, icon, label, news, button, onPress, children }: ToggleProps) {
  return (
    <button
      ref={button}
      type="button"
      class="button button-small toggle"
      aria-pressed={on}
      aria-label={label}
      title={label}
      data-news={news || undefined}
      onClick={onPress}
    >
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

type Option = readonly [value: string, words: string];

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly Option[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, value, options, onChoose }: ChoiceProps) {
  return (
    <label class="tools-choice">
      <span class="dim">{label}</span>
      <select value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
        {options.map(([it, words]) => (
          <option key={it} value={it}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
