// The viewer's code, which is fetched when it is opened, or when it is likely to be soon.

import type * as Viewer from "./viewer";

let fetched: typeof Viewer | undefined;

export async function fetchViewer(): Promise<typeof Viewer> {
  fetched ??= await import("./viewer");
  return fetched;
}

/** What was fetched already, without waiting for anything. */
export function fetchedViewer(): typeof Viewer | undefined {
  return fetched;
}
