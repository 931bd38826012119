// What stands where the picture would be, and what can be done about it.

import type { HeldSession } from "../state";
import type { App } from "../store";
import { text } from "../strings";
import { Icon, type IconName } from "../ui/icons";
import { Button, Words } from "../ui/parts";
import { AskFor } from "./ask-for";
import type { Phase } from "./link";
import type { Standing } from "./standing";

interface MessageProps {
  readonly app: App;
  readonly session: HeldSession;
  readonly standing: Exclude<Standing, "running">;
  readonly phase: Phase;
  readonly alone: boolean;
  readonly onRetry: () => void;
}

/** Those without one are on their way, and turn. */
const ICONS: Partial<Record<Standing, IconName>> = {
  ended: "stop",
  takenBack: "eye-off",
  suspended: "clock",
  unreachable: "warning",
  refused: "warning",
  elsewhere: "window",
};

export function Message({ app, session, standing, phase, alone, onRetry }: MessageProps) {
  const icon = ICONS[standing];
  const { title, detail } = text.desktop.states[standing];
  return (
    <div class="stage-message" data-standing={standing}>
      <span class="stage-mark">{icon ? <Icon name={icon} /> : <span class="spinner" />}</span>
      <p class="stage-title">{title}</p>
      {phase.at === "refused" && standing === "refused" && phase.reason && (
        <p class="stage-reason">
          <Words of={phase.reason} />
        </p>
      )}
      <p class="dim">{standing === "ended" && session.ended ? text.session.endReasons[session.ended.reason] : detail}</p>
      {standing === "refused" && <Button onPress={onRetry}>{text.common.tryAgain}</Button>}
      {standing === "elsewhere" && <Button onPress={onRetry}>{text.desktop.showHere}</Button>}
      {standing === "takenBack" && (
        <AskFor app={app} session={session.id} permission="view">
          {text.desktop.askView}
        </AskFor>
      )}
      {standing === "ended" && alone && (
        <a class="button" href={`#/sessions/${session.id}`}>
          {text.desktop.back}
        </a>
      )}
    </div>
  );
}
