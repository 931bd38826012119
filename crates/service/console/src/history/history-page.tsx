// The history of sessions: searched, filtered, page by page.

import { useState } from "preact/hooks";
import { call } from "../actions";
import { day, duration } from "../format";
import { list } from "../language";
import type { App } from "../store";
import { text } from "../strings";
import { type EndReason, type HistoryPage as Answer, type Me, type Permission, PERMISSIONS, type SessionView } from "../types";
import { Page } from "../ui/page";
import { Badge, Empty, Name } from "../ui/parts";
import { FilterChoice, FilterForm, FoundList, searchQuery, type Sought, useFound } from "../ui/search";

interface Filters extends Sought {
  readonly mine: boolean;
  readonly permission: Permission | "";
  readonly ended: EndReason | "";
}

const NO_FILTERS: Filters = { search: "", mine: false, permission: "", ended: "", from: "", until: "" };

export function HistoryPage({ app, me, waiting }: { app: App; me: Me; waiting: number }) {
  const [filters, setFilters] = useState(NO_FILTERS);
  const operator = filters.mine ? me.operator.id : "";
  const load = async (after?: string) => {
    const query = searchQuery(filters, { operator, permission: filters.permission, ended: filters.ended, after });
    const answer = await call<Answer>("GET", `/session-history?${query}`);
    return { items: answer.sessions, next: answer.next ?? undefined };
  };
  const found = useFound(load, [filters, app.state.generation]);
  // What is going on now is known better from the live events.
  const rows = found.items?.map((it) => app.state.sessions.find((live) => live.id === it.id) ?? it);
  const filtered = filters !== NO_FILTERS;
  const empty = (
    <Empty icon={filtered ? "search" : "clock"} title={filtered ? text.history.noMatch : text.history.empty}>
      {filtered ? text.history.noMatchDetail : text.sessions.emptyDetail}
    </Empty>
  );
  return (
    <Page heading={text.history.heading} waiting={waiting}>
      <div class="panel">
        <Search filters={filters} onChange={setFilters} onClear={filtered ? () => setFilters(NO_FILTERS) : undefined} />
        <FoundList found={found} count={filtered && rows ? text.history.shown(rows.length) : undefined} empty={empty} look="history">
          {rows?.map((it) => (
            <Row key={it.id} session={it} me={me} />
          ))}
        </FoundList>
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
  const permissions = PERMISSIONS.map((it) => [it, text.permissions.names[it]] as const);
  const outcomes = Object.entries(text.history.outcomes) as [EndReason, string][];
  return (
    <FilterForm
      words={text.history.filters}
      placeholder={text.history.searchPlaceholder}
      filters={filters}
      onChange={onChange}
      onClear={onClear}
    >
      <FilterChoice
        words={text.history.operator}
        value={filters.mine ? "mine" : ""}
        choices={[["mine", text.history.mine]]}
        none={text.history.everybody}
        onChange={(it) => set({ mine: it === "mine" })}
      />
      <FilterChoice
        words={text.history.permission}
        value={filters.permission}
        choices={permissions}
        none={text.history.any}
        onChange={(permission) => set({ permission })}
      />
      <FilterChoice words={text.history.outcome} value={filters.ended} choices={outcomes} none={text.history.any} onChange={(ended) => set({ ended })} />
    </FilterForm>
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
