// Reads receipts for showing and keeping. Signatures are not checked here: the service did before it took the receipt in,
// and a page that the service delivers could not prove more than the service says. What is downloaded has everything for
// an own check: the signed texts, and the public keys they are to be checked with.

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

/** Receipts as a file that people can read and programs can check. */
export function readableCopy(receipts: readonly ReceiptView[], organisation: Organisation): string {
  const copies = receipts.map(({ request_id, received_at, receipt }) => {
    const signed = readOrNothing<ReceiptTerms>(receipt);
    const request = signed && readOrNothing<RequestTerms>(signed.payload.signed_request);
    return { request_id, received_at, receipt: { jws: receipt, ...signed }, request };
  });
  const { id, name, domain, public_key } = organisation;
  return `${JSON.stringify({ organisation: { id, name, domain, public_key }, receipts: copies }, null, 2)}\n`;
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
