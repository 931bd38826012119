// Sessions: the running ones and those of the last day.

import { clock, duration } from "../format";
import type { HeldSession, State } from "../state";
import { text } from "../strings";
import type { Me } from "../types";
import { useSecondsSince } from "../ui/hooks";
import { Ago, Badge, Empty, Name, Section } from "../ui/parts";

export function Sessions({ state, me }: { state: State; me: Me }) {
  const running = state.sessions.filter((it) => !it.ended);
  const ended = state.sessions.filter((it) => it.ended);
  return (
    <Section
      heading={text.sessions.heading}
      count={running.length}
      aside={
        <a class="more" href="#/sessions">
          {text.sessions.all}
        </a>
      }
    >
      {state.sessions.length === 0 ? (
        <Empty icon="clock" title={text.sessions.empty}>
          {text.sessions.emptyDetail}
        </Empty>
      ) : (
        <ul class="rows">
          {[...running, ...ended].map((it) => (
            <Session key={it.id} session={it} me={me} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Session({ session, me }: { session: HeldSession; me: Me }) {
  const secs = useSecondsSince(session.running_secs, session.at, !session.ended);
  return (
    <li>
      <a class="row session-row" href={`#/sessions/${session.id}`}>
        <div class="row-main">
          <p class="row-title">
            <Name of={session.title} />
          </p>
          <p class="dim">
            {session.operator.id === me.operator.id ? text.common.you : <Name of={session.operator.name} />} ·{" "}
            <Ago at={session.started_at} />
          </p>
        </div>
        {session.ended ? (
          <span class="dim nowrap">{duration(secs)}</span>
        ) : (
          <Badge tone={session.suspended || !session.presence.present ? "warn" : "good"}>
            <span class="clock">{clock(secs)}</span>
          </Badge>
        )}
      </a>
    </li>
  );
}
