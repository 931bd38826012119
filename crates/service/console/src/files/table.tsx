// The list of a folder: a grid of rows that is used by mouse, touch and keyboard alike.

import { useEffect, useRef } from "preact/hooks";
import { day } from "../format";
import { files } from "../strings/files";
import { Icon } from "../ui/icons";
import { bytes } from "./amounts";
import type { Column, Entry, Order } from "./listing";
import { directionOf, folded, parted, shownName } from "./names";

interface TableProps {
  readonly label: string;
  readonly entries: readonly Entry[];
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (names: ReadonlySet<string>) => void;
  /** Where the keyboard is. */
  readonly active: string | undefined;
  readonly onActive: (name: string) => void;
  readonly onOpen: (entry: Entry) => void;
  /** Other keys; answers whether it was one of its own. */
  readonly onKey: (event: KeyboardEvent) => boolean;
  /** Changes when the keyboard is to be in the list. */
  readonly focus: number;
}

const COLUMNS: readonly Column[] = ["name", "size", "modified"];

export function Table({ label, entries, order, onOrder, selected, onSelect, active, onActive, onOpen, onKey, focus }: TableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  /** Where a range begins. */
  const anchor = useRef<string>(undefined);
  const at = Math.max(0, entries.findIndex((it) => it.name === active));

  useEffect(() => {
    if (focus > 0) row(at)?.focus({ preventScroll: true });
  }, [focus]);

  const row = (index: number) => body.current?.rows[index];
  const range = (to: number): ReadonlySet<string> => {
    const from = Math.max(0, entries.findIndex((it) => it.name === anchor.current));
    return new Set(entries.slice(Math.min(from, to), Math.max(from, to) + 1).map((it) => it.name));
  };
  const toggle = (name: string) => {
    const next = new Set(selected);
    if (!next.delete(name)) next.add(name);
    anchor.current = name;
    onSelect(next);
  };
  const go = (to: number, event: KeyboardEvent) => {
    const index = Math.min(entries.length - 1, Math.max(0, to));
    const entry = entries[index];
    if (!entry) return;
    anchor.current ??= active;
    if (event.shiftKey) onSelect(range(index));
    else anchor.current = entry.name;
    onActive(entry.name);
    row(index)?.focus();
  };

  const pressed = (event: KeyboardEvent) => {
    // A box in a row has keys of its own.
    if (!(event.target instanceof HTMLTableRowElement)) return;
    const entry = entries[at];
    const command = event.ctrlKey || event.metaKey;
    const page = 10;
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: entries.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined && !event.altKey) go(to, event);
    else if (event.key === "Enter" && entry) onOpen(entry);
    else if (event.key === " " && entry) toggle(entry.name);
    else if (event.key === "a" && command) onSelect(new Set(entries.map((it) => it.name)));
    else if (onKey(event)) {
      // Done there.
    } else if ([...event.key].length === 1 && !command && !event.altKey) {
      const after = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
      const found = after.find((it) => folded(it.name).startsWith(folded(event.key)));
      if (found) go(entries.indexOf(found), event);
    } else return;
    event.preventDefault();
  };

  const clicked = (event: MouseEvent, entry: Entry) => {
    onActive(entry.name);
    if (event.shiftKey) {
      anchor.current ??= entry.name;
      return onSelect(range(entries.indexOf(entry)));
    }
    if (event.ctrlKey || event.metaKey) return toggle(entry.name);
    // There is no double click for a finger.
    if (entry.isFolder && (event as PointerEvent).pointerType === "touch") return onOpen(entry);
    anchor.current = entry.name;
    onSelect(new Set([entry.name]));
  };

  const every = entries.length > 0 && entries.every((it) => selected.has(it.name));
  return (
    <table class="file-table" role="grid" aria-label={label} aria-multiselectable="true" aria-rowcount={entries.length + 1}>
      <thead>
        <tr>
          <th class="file-check">
            <label>
              <input
                type="checkbox"
                aria-label={files.selectAll}
                checked={every}
                onChange={() => onSelect(new Set(every ? [] : entries.map((it) => it.name)))}
              />
            </label>
          </th>
          {COLUMNS.map((it) => {
            const on = order.by === it;
            const sort = on ? (order.descending ? "descending" : "ascending") : undefined;
            return (
              <th key={it} class={`file-${it}`} aria-sort={sort} scope="col">
                <button type="button" class="sort" onClick={() => onOrder({ by: it, descending: on && !order.descending })}>
                  {files.columns[it]}
                  {sort && <Icon name={order.descending ? "down" : "up"} />}
                </button>
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody ref={body} onKeyDown={pressed}>
        {entries.map((it, index) => (
          <tr
            key={it.name}
            tabIndex={index === at ? 0 : -1}
            aria-selected={selected.has(it.name)}
            aria-rowindex={index + 2}
            onFocus={() => onActive(it.name)}
            onClick={(event) => clicked(event, it)}
            onDblClick={() => onOpen(it)}
          >
            <td class="file-check" onClick={(event) => event.stopPropagation()} onDblClick={(event) => event.stopPropagation()}>
              <label>
                <input
                  type="checkbox"
                  tabIndex={-1}
                  aria-label={files.selectOf(shownName(it.name))}
                  checked={selected.has(it.name)}
                  onChange={() => toggle(it.name)}
                />
              </label>
            </td>
            <td class="file-name">
              <Icon name={it.isFolder ? "folder" : "file"} />
              <div>
                <FileName of={it.name} />
                <span class="hidden">{it.isFolder ? files.aFolder : ""}</span>
                <span class="file-meta dim" aria-hidden="true">
                  {[bytes(it.size), when(it.modified)].filter(Boolean).join(" · ")}
                </span>
              </div>
            </td>
            <td class="file-size">{bytes(it.size)}</td>
            <td class="file-modified">{when(it.modified)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A name from the user's computer: shown whole, and its ending by itself, so that no letters before it can move it. */
export function FileName({ of }: { of: string }) {
  const [stem, ending] = parted(shownName(of));
  return (
    <bdi class="file-words" dir={directionOf(stem)}>
      {stem}
      {ending && <bdi dir="ltr">{ending}</bdi>}
    </bdi>
  );
}

function when(modified: number | undefined): string {
  return modified === undefined ? "" : day(new Date(modified).toISOString());
}
