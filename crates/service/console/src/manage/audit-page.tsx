// The audit log: who did what, about what, when and from where.

import { useState } from "preact/hooks";
import { call } from "../actions";
import { day } from "../format";
import { list } from "../language";
import { text } from "../strings";
import * as manage from "../strings/manage";
import { type AuditAction, type AuditEntry, type AuditPage as Answer, PERMISSIONS } from "../types";
import { Page } from "../ui/page";
import { Empty, Name } from "../ui/parts";
import { FilterChoice, FilterForm, FoundList, searchQuery, type Sought, useFound } from "../ui/search";

interface Filters extends Sought {
  readonly action: AuditAction | "";
}

const NO_FILTERS: Filters = { search: "", action: "", from: "", until: "" };
const ACTIONS = Object.entries(manage.audit.actions) as [AuditAction, string][];

export function AuditPage({ waiting }: { waiting: number }) {
  const [filters, setFilters] = useState(NO_FILTERS);
  const load = async (after?: string) => {
    const answer = await call<Answer>("GET", `/audit?${searchQuery(filters, { action: filters.action, after })}`);
    return { items: answer.entries, next: answer.next?.toString() };
  };
  const found = useFound(load, [filters]);
  const filtered = filters !== NO_FILTERS;
  const empty = (
    <Empty icon="search" title={manage.audit.noMatch}>
      {manage.audit.noMatchDetail}
    </Empty>
  );
  return (
    <Page heading={manage.audit.heading} lead={manage.audit.lead} waiting={waiting}>
      <div class="panel">
        <FilterForm
          words={manage.audit.filters}
          placeholder={manage.audit.searchPlaceholder}
          filters={filters}
          onChange={setFilters}
          onClear={filtered ? () => setFilters(NO_FILTERS) : undefined}
        >
          <FilterChoice
            words={manage.audit.action}
            value={filters.action}
            choices={ACTIONS}
            none={text.history.any}
            onChange={(action) => setFilters({ ...filters, action })}
          />
        </FilterForm>
        <FoundList
          found={found}
          count={filtered && found.items ? manage.audit.shown(found.items.length) : undefined}
          empty={empty}
          look="audit"
        >
          {found.items?.map((it) => (
            <Row key={it.number} entry={it} />
          ))}
        </FoundList>
      </div>
    </Page>
  );
}

function Row({ entry }: { entry: AuditEntry }) {
  const permissions = PERMISSIONS.filter((it) => entry.permissions?.includes(it)).map((it) => text.permissions.names[it]);
  return (
    <li class="row audit-row">
      <div class="row-main">
        <p class="row-title">{manage.audit.actions[entry.action]}</p>
        {(entry.about || permissions.length > 0) && (
          <p class="dim">
            {entry.about && <Name of={entry.about} />}
            {entry.about && permissions.length > 0 && " · "}
            {list(permissions)}
          </p>
        )}
      </div>
      <span class="audit-who">
        {entry.operator ? <Name of={entry.operator.name} /> : manage.audit.service}
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
