// The audit log: who did what, about what, when and from where.

import { useEffect, useState } from "preact/hooks";
import { call } from "../actions";
import { explain } from "../api";
import { day } from "../format";
import { list } from "../language";
import { text } from "../strings";
import { type AuditAction, type AuditEntry, type AuditPage as Answer, PERMISSIONS } from "../types";
import { Icon } from "../ui/icons";
import { Page } from "../ui/page";
import { Button, Empty, ErrorLine, Name } from "../ui/parts";
import { midnight } from "../history/query";

/** How long typing must pause before the service is asked. */
const PAUSE_MS = 250;

interface Filters {
  readonly search: string;
  readonly action: AuditAction | "";
  readonly from: string;
  readonly until: string;
}

const NO_FILTERS: Filters = { search: "", action: "", from: "", until: "" };

function query(filters: Filters, after?: number): string {
  const asked = new URLSearchParams();
  const add = (name: string, value: string | undefined) => value && asked.set(name, value);
  add("search", filters.search.trim());
  add("action", filters.action);
  add("from", midnight(filters.from, 0));
  add("until", midnight(filters.until, 1));
  add("after", after?.toString());
  return asked.toString();
}

export function AuditPage({ waiting }: { waiting: number }) {
  const [filters, setFilters] = useState(NO_FILTERS);
  const [found, setFound] = useState<readonly AuditEntry[]>();
  const [next, setNext] = useState<number>();
  const [error, setError] = useState<string>();
  const load = (asked: string) => call<Answer>("GET", `/audit?${asked}`);

  useEffect(() => {
    let overtaken = false;
    const timer = setTimeout(() => {
      load(query(filters)).then(
        (answer) => {
          if (overtaken) return;
          setFound(answer.entries);
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
  }, [filters]);

  const more = async () => {
    try {
      const answer = await load(query(filters, next));
      setFound([...(found ?? []), ...answer.entries]);
      setNext(answer.next ?? undefined);
    } catch (reason) {
      setError(explain(reason));
    }
  };
  const filtered = filters !== NO_FILTERS;
  return (
    <Page heading={text.audit.heading} lead={text.audit.lead} waiting={waiting}>
      <div class="panel">
        <Search filters={filters} onChange={setFilters} onClear={filtered ? () => setFilters(NO_FILTERS) : undefined} />
        <ErrorLine words={error} />
        <p class="hidden" role="status">
          {found && filtered && text.audit.shown(found.length)}
        </p>
        {found?.length === 0 ? (
          <Empty icon="search" title={text.audit.noMatch}>
            {text.audit.noMatchDetail}
          </Empty>
        ) : (
          <ul class="rows audit">
            {found?.map((it) => (
              <Row key={it.number} entry={it} />
            ))}
          </ul>
        )}
        {next !== undefined && (
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
    <form class="filters" role="search" aria-label={text.audit.filters} onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <Icon name="search" />
        <span class="hidden">{text.history.search}</span>
        <input
          type="search"
          value={filters.search}
          placeholder={text.audit.searchPlaceholder}
          maxLength={200}
          onInput={(event) => set({ search: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>{text.audit.action}</span>
        <select value={filters.action} onChange={(event) => set({ action: event.currentTarget.value as AuditAction })}>
          <option value="">{text.history.any}</option>
          {Object.entries(text.audit.actions).map(([action, words]) => (
            <option key={action} value={action}>
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

function Row({ entry }: { entry: AuditEntry }) {
  const permissions = PERMISSIONS.filter((it) => entry.permissions?.includes(it)).map((it) => text.permissions.names[it]);
  return (
    <li class="row audit-row">
      <div class="row-main">
        <p class="row-title">{text.audit.actions[entry.action]}</p>
        {(entry.about || permissions.length > 0) && (
          <p class="dim">
            {entry.about && <Name of={entry.about} />}
            {entry.about && permissions.length > 0 && " · "}
            {list(permissions)}
          </p>
        )}
      </div>
      <span class="audit-who">
        {entry.operator ? <Name of={entry.operator.name} /> : text.audit.service}
        {entry.address && (
          <bdi class="dim" dir="ltr">
            {entry.address}
          </bdi>
        )}
      </span>
      <time class="history-when dim" dateTime={entry.at}>
        {day(entry.at)}
      </time>
    </li>
  );
}
