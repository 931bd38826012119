// How a request will look to a user: an idea of it, not the agent's own drawing.

import { inkOn, readable } from "../colour";
import { text } from "../strings";
import * as manage from "../strings/manage";
import type { Me } from "../types";
import { Icon } from "../ui/icons";

/** The agent's grounds, and its own accent for organisations without one. */
const SCHEMES = {
  light: { ground: "#ffffff", accent: "#1a56e8" },
  dark: { ground: "#171b22", accent: "#2f69f0" },
} as const;
const MARK = 3;

interface PreviewProps {
  readonly me: Me;
  readonly displayText: string;
  readonly accent: string | undefined;
  readonly logo: string | undefined;
}

export function Preview(props: PreviewProps) {
  return (
    <div class="previews">
      <Screen {...props} scheme="light" words={manage.organisation.previewLight} />
      <Screen {...props} scheme="dark" words={manage.organisation.previewDark} />
    </div>
  );
}

function Screen({ me, displayText, accent, logo, scheme, words }: PreviewProps & { scheme: "light" | "dark"; words: string }) {
  const { ground, accent: standard } = SCHEMES[scheme];
  const colour = accent ? readable(accent, ground, MARK) : standard;
  return (
    <figure class="preview" data-scheme={scheme}>
      <figcaption class="hint">{words}</figcaption>
      <div class="preview-window" style={{ borderTopColor: colour }}>
        <div class="preview-logo">
          {logo && <img src={`/operator/v1/organisation/logo?${logo}`} alt="" />}
          <strong>
            <bdi>{me.organisation.name}</bdi>
          </strong>
        </div>
        <p class="preview-asks">
          <Icon name="warning" />
          <span>{manage.organisation.previewAsks(me.operator.name, me.organisation.name)}</span>
        </p>
        {displayText && (
          <p class="preview-text">
            <bdi>{displayText}</bdi>
          </p>
        )}
        <div class="preview-bar">
          <span class="preview-action" style={{ backgroundColor: colour, color: inkOn(colour) }}>
            {text.session.actionNames.viewing}
          </span>
        </div>
      </div>
    </figure>
  );
}
