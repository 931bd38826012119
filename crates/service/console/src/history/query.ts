// What is looked for in the history, and how the service is asked for it.

import type { EndReason, Permission } from "../types";

export interface Filters {
  readonly search: string;
  readonly mine: boolean;
  readonly permission: Permission | "";
  readonly ended: EndReason | "";
  /** Days as date fields have them, `2026-03-04`, in the operator's time zone; both included. */
  readonly from: string;
  readonly until: string;
}

export const NO_FILTERS: Filters = { search: "", mine: false, permission: "", ended: "", from: "", until: "" };

/** The query, without its question mark. */
export function historyQuery(filters: Filters, operator: string, after?: string): string {
  const query = new URLSearchParams();
  const add = (name: string, value: string | undefined) => value && query.set(name, value);
  add("search", filters.search.trim());
  add("operator", filters.mine ? operator : "");
  add("permission", filters.permission);
  add("ended", filters.ended);
  add("from", midnight(filters.from, 0));
  add("until", midnight(filters.until, 1));
  add("after", after);
  return query.toString();
}

/** The moment a day begins, or the one some days later. */
export function midnight(day: string, daysLater: number): string | undefined {
  const [year, month, date] = day.split("-").map(Number);
  if (!year || !month || !date) return undefined;
  // Counted in days and not in hours, because some days have 23 or 25.
  return new Date(year, month - 1, date + daysLater).toISOString();
}
