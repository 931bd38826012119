// Reads receipts for showing. Signatures are not checked here: the service did before it took the receipt in, and a page
// that the service delivers could not prove more than the service says. The download carries everything for an own check.

import type { ReceiptTerms, RequestTerms } from "./types";

export interface ReadReceipt {
  readonly terms: ReceiptTerms;
  readonly request: RequestTerms;
}

/** What a receipt says, or nothing where it cannot be read. */
export function readReceipt(jws: string): ReadReceipt | undefined {
  try {
    const terms = payload<ReceiptTerms>(jws);
    return { terms, request: payload<RequestTerms>(terms.signed_request) };
  } catch {
    return undefined;
  }
}

function payload<T>(jws: string): T {
  const part = jws.split(".")[1] ?? "";
  const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}
