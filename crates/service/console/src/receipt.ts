// Reads receipts for showing and keeping. Signatures are not checked here: the service did before it took the receipt in,
// and a page that the service delivers could not prove more than the service says. What is downloaded has everything for
// an own check, in the format that `ondemand-agent receipt verify` and `ondemand-service receipt verify` read and
// docs/api/receipts.md describes.

import type { Organisation, ReceiptTerms, ReceiptView, RequestTerms } from "./types";

/** The header of a compact JWS, as both kinds have it. */
interface Header {
  readonly alg: string;
  readonly typ: string;
  /** The fingerprint of the key. */
  readonly kid: string;
}

interface Signed<T> {
  readonly header: Header;
  readonly payload: T;
}

export interface ReadReceipt {
  readonly terms: ReceiptTerms;
  readonly request: RequestTerms;
  /** The fingerprint of the agent's key. */
  readonly key: string;
}

/** What a receipt says, or nothing where it cannot be read. */
export function readReceipt(jws: string): ReadReceipt | undefined {
  try {
    const { header, payload: terms } = decoded<ReceiptTerms>(jws);
    return { terms, request: decoded<RequestTerms>(terms.signed_request).payload, key: header.kid };
  } catch {
    return undefined;
  }
}

/** When the service countersigned the receipt, by its clock. */
export function countersignedAt(countersignature: string | null | undefined): string | undefined {
  return countersignature ? readOrNothing<{ readonly received_at: string }>(countersignature)?.payload.received_at : undefined;
}

/** Receipts as a file that people can read and programs can check. */
export function readableCopy(views: readonly ReceiptView[], organisation: Organisation): string {
  const receipts = views.map(({ receipt, countersignature }) => {
    const terms = readOrNothing<ReceiptTerms>(receipt)?.payload;
    const request = terms && readOrNothing<RequestTerms>(terms.signed_request)?.payload;
    return { receipt, countersignature, terms, request };
  });
  const { id, name, domain, public_key, key_successions } = organisation;
  const organisations = [{ id, name, domain, public_key, key_successions }];
  return `${JSON.stringify({ format: "ondemand-receipts", version: 1, organisations, receipts }, null, 2)}\n`;
}

function readOrNothing<T>(jws: string): Signed<T> | undefined {
  try {
    return decoded<T>(jws);
  } catch {
    return undefined;
  }
}

function decoded<T>(jws: string): Signed<T> {
  const [header, payload] = jws.split(".");
  return { header: json(header), payload: json(payload) };
}

function json<T>(part = ""): T {
  const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as T;
}
