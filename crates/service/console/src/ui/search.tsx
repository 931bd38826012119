// What is searched for in long lists: a form of filters, and what was found, page by page.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { explain } from "../api";
import { text } from "../strings";
import { Icon } from "./icons";
import { Button, ErrorLine } from "./parts";

/** How long typing must pause before the service is asked. */
const PAUSE_MS = 250;

/** What every such list can be searched by. */
export interface Sought {
  readonly search: string;
  /** Days as date fields have them, `2026-03-04`, in the operator's time zone; both included. */
  readonly from: string;
  readonly until: string;
}

/** The query, without its question mark; what is empty is left out. */
export function searchQuery(sought: Sought, others: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  const all = { search: sought.search.trim(), from: midnight(sought.from, 0), until: midnight(sought.until, 1), ...others };
  for (const [name, value] of Object.entries(all)) if (value) query.set(name, value);
  return query.toString();
}

/** The moment a day begins, or the one some days later. */
function midnight(day: string, daysLater: number): string | undefined {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return undefined;
  // Counted in days and not in hours, because some days have 23 or 25.
  return new Date(year, month - 1, date + daysLater).toISOString();
}

interface FoundPage<Item> {
  readonly items: readonly Item[];
  /** What the next page is asked for by. */
  readonly next: string | undefined;
}

export interface Found<Item> {
  /** Absent until the service has answered once. */
  readonly items: readonly Item[] | undefined;
  readonly error: string | undefined;
  /** Fetches the next page; absent on the last. */
  readonly more: (() => void) | undefined;
}

/** Asks once typing pauses, and anew when one of `changes` does; an answer that was overtaken counts for nothing. */
export function useFound<Item>(load: (after?: string) => Promise<FoundPage<Item>>, changes: readonly unknown[]): Found<Item> {
  const [pages, setPages] = useState<FoundPage<Item>>();
  const [error, setError] = useState<string>();

  useEffect(() => {
    let overtaken = false;
    const timer = setTimeout(() => {
      load().then(
        (first) => {
          if (overtaken) return;
          setPages(first);
          setError(undefined);
        },
        (reason: unknown) => !overtaken && setError(explain(reason)),
      );
    }, pages ? PAUSE_MS : 0);
    return () => {
      overtaken = true;
      clearTimeout(timer);
    };
  }, changes);

  const more = async (known: FoundPage<Item>) => {
    try {
      const { items, next } = await load(known.next);
      // Another search may have been answered in the meantime; these would be strangers in it.
      setPages((now) => (now === known ? { items: [...known.items, ...items], next } : now));
    } catch (reason) {
      setError(explain(reason));
    }
  };
  return { items: pages?.items, error, more: pages?.next === undefined ? undefined : () => void more(pages) };
}

interface FiltersProps<F extends Sought> {
  /** What is searched, for those who cannot see it. */
  readonly words: string;
  readonly placeholder: string;
  readonly filters: F;
  readonly onChange: (filters: F) => void;
  readonly onClear: (() => void) | undefined;
  /** The filters that only this list has. */
  readonly children: ComponentChildren;
}

export function FilterForm<F extends Sought>({ words, placeholder, filters, onChange, onClear, children }: FiltersProps<F>) {
  const set = (change: Partial<Sought>) => onChange({ ...filters, ...change });
  return (
    <form class="filters" role="search" aria-label={words} onSubmit={(event) => event.preventDefault()}>
      <label class="search">
        <Icon name="search" />
        <span class="hidden">{text.history.search}</span>
        <input
          type="search"
          value={filters.search}
          placeholder={placeholder}
          maxLength={200}
          onInput={(event) => set({ search: event.currentTarget.value })}
        />
      </label>
      {children}
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

interface ChoiceProps<Value extends string> {
  readonly words: string;
  readonly value: Value | "";
  /** By value, in the order in which they are offered. */
  readonly choices: readonly (readonly [Value, string])[];
  /** What is said when nothing is chosen. */
  readonly none: string;
  readonly onChange: (value: Value | "") => void;
}

export function FilterChoice<Value extends string>({ words, value, choices, none, onChange }: ChoiceProps<Value>) {
  return (
    <label class="field">
      <span>{words}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as Value | "")}>
        <option value="">{none}</option>
        {choices.map(([it, name]) => (
          <option key={it} value={it}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ListProps<Item> {
  readonly found: Found<Item>;
  /** What is said aloud of how many there are; absent where nothing was filtered. */
  readonly count: string | undefined;
  /** What stands in place of an empty list. */
  readonly empty: ComponentChildren;
  readonly look: string;
  /** The rows of what was found. */
  readonly children: ComponentChildren;
}

export function FoundList<Item>({ found, count, empty, look, children }: ListProps<Item>) {
  return (
    <>
      <ErrorLine words={found.error} />
      <p class="hidden" role="status">
        {count}
      </p>
      {found.items?.length === 0 ? empty : <ul class={`rows ${look}`}>{children}</ul>}
      {found.more && (
        <div class="history-more">
          <Button onPress={found.more}>{text.history.more}</Button>
        </div>
      )}
    </>
  );
}
