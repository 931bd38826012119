// The history of sessions: searched, filtered, page by page.

import { useEffect, useState } from "preact/hooks";
import { call } from "../actions";
import { explain } from "../api";
import { day, duration } from "../format";
import { list } from "../language";
import type { App } from "../store";
import { text } from "../strings";
import { type EndReason, type HistoryPage as Answer, type Me, type Permission, PERMISSIONS, type SessionView } from "../types";
import { Page } from "../ui/page";
import { Badge, Button, Empty, ErrorLine, Name } from "../ui/parts";
import { Icon } from "../ui/icons";
import { type Filters, historyQuery, NO_FILTERS } from "./query";

/** How long typing must pause before the service is asked. */
const PAUSE_MS = 250;

export function HistoryPage({ app, me, waiting }: { app: App; me: Me; waiting: number }) {
  const [filters, setFilters] = useState(NO_FILTERS);
  const [found, setFound] = useState<readonly SessionView[]>();
  const [next, setNext] = useState<string>();
  const [error, setError] = useState<string>();
  const load = (query: string) => call<Answer>("GET", `/session-history?${query}`);

  useEffect(() => {
    let overtaken = false;
    const timer = setTimeout(() => {
      load(historyQuery(filters, me.operator.id)).then(
        (answer) => {
          if (overtaken) return;
          setFound(answer.sessions);
          setNext(answer.next ?? undefined);
          setError(undefined);
        },
        (reason: unknown) => !overtaken && setError(explain(reason)),
      );
    }, found ? PAUSE_MS : 0);
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, [filters, app.state.generation]);

  const more = async () => {
    try {
      const answer = await load(historyQuery(filters, me.operator.id, next));
      setFound([...(found ?? []), ...answer.sessions]);
      setNext(answer.next ?? undefined);
    } catch (reason) {
      setError(explain(reason));
    }
  };
  // What is going on now is known better from the live events.
  const rows = found?.map((it) => app.state.sessions.find((live) => live.id === it.id) ?? it);
  const filtered = filters !== NO_FILTERS;
  return (
    <Page heading={text.history.heading} waiting={waiting}>
      <div class="panel">
        <Search filters={filters} onChange={setFilters} onClear={filtered ? () => setFilters(NO_FILTERS) : undefined} />
        <ErrorLine words={error} />
        <p class="hidden" role="status">
          {rows && filtered && text.history.shown(rows.length)}
        </p>
        {rows?.length === 0 ? (
          <Empty icon={filtered ? "search" : "clock"} title={filtered ? text.history.noMatch : text.history.empty}>
            {filtered ? text.history.noMatchDetail : text.sessions.emptyDetail}
          </Empty>
        ) : (
          <ul class="rows history">
            {rows?.map((it) => (
              <Row key={it.id} session={it} me={me} />
            ))}
          </ul>
        )}
        {next && (
          <div class="history-more">
            <Button onPress={more}>{text.history.more}</Button>
          </div>
        )}
      </div>
    </Page>
  );
}

interface SearchProps {
  readonly filters: Filters;
  readonly onChange: (filters: Filters) => void;
  readonly onClear: (() => void) | undefined;
}

function Search({ filters, onChange, onClear }: SearchProps) {
  const set = (change: Partial<Filters>) => onChange({ ...filters, ...change });
  return (
    <form class="filters" role="search" aria-label={text.history.filters} onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <Icon name="search" />
        <span class="hidden">{text.history.search}</span>
        <input
          type="search"
          value={filters.search}
          placeholder={text.history.searchPlaceholder}
          maxLength={200}
          onInput={(event) => set({ search: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>{text.history.operator}</span>
        <select value={filters.mine ? "mine" : ""} onChange={(event) => set({ mine: event.currentTarget.value === "mine" })}>
          <option value="">{text.history.everybody}</option>
          <option value="mine">{text.history.mine}</option>
        </select>
      </label>
      <label class="field">
        <span>{text.history.permission}</span>
        <select value={filters.permission} onChange={(event) => set({ permission: event.currentTarget.value as Permission })}>
          <option value="">{text.history.any}</option>
          {PERMISSIONS.map((it) => (
            <option key={it} value={it}>
              {text.permissions.names[it]}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{text.history.outcome}</span>
        <select value={filters.ended} onChange={(event) => set({ ended: event.currentTarget.value as EndReason })}>
          <option value="">{text.history.any}</option>
          {Object.entries(text.history.outcomes).map(([reason, words]) => (
            <option key={reason} value={reason}>
              {words}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>{text.history.from}</span>
        <input type="date" value={filters.from} max={filters.until || undefined} onChange={(event) => set({ from: event.currentTarget.value })} />
      </label>
      <label class="field">
        <span>{text.history.until}</span>
        <input type="date" value={filters.until} min={filters.from || undefined} onChange={(event) => set({ until: event.currentTarget.value })} />
      </label>
      {onClear && (
        <Button look="quiet" small onPress={onClear}>
          {text.history.clear}
        </Button>
      )}
    </form>
  );
}

function Row({ session, me }: { session: SessionView; me: Me }) {
  const granted = PERMISSIONS.filter((it) => session.granted.includes(it)).map((it) => text.permissions.names[it]);
  return (
    <li>
      <a class="row session-row" href={`#/sessions/${session.id}`}>
        <div class="row-main">
          <p class="row-title">
            <Name of={session.title} />
          </p>
          <p class="dim">
            {session.operator.id === me.operator.id ? text.common.you : <Name of={session.operator.name} />}
            {granted.length > 0 && <> · {list(granted)}</>}
          </p>
        </div>
        <time class="history-when dim" dateTime={session.started_at}>
          {day(session.started_at)}
        </time>
        <span class="history-outcome">
          {session.ended ? (
            <>
              <span>{text.history.outcomes[session.ended.reason]}</span>
              <span class="dim">{duration(session.running_secs)}</span>
            </>
          ) : (
            <Badge tone="good">{text.history.running}</Badge>
          )}
        </span>
      </a>
    </li>
  );
}
