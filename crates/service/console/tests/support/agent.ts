// An agent in a few lines over plain HTTP: what the protocol asks of one, and no interface.

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { components } from "../../src/generated/api";
import type { Action, EndReason, Permission, RejectReason, RequestTerms, UnansweredCause } from "../../src/types";
import type { Script } from "./desktop";
import { Tunnel } from "./tunnel";

type Event = components["schemas"]["Event"];
type RequestEvent = components["schemas"]["RequestEvent"];

export type Decision =
  | { outcome: "approved"; permissions: Permission[]; limit_secs: number }
  | { outcome: "rejected"; reason?: RejectReason }
  | { outcome: "unanswered"; cause: UnansweredCause };

export interface AskedRequest {
  readonly id: string;
  readonly signed: string;
  readonly terms: RequestTerms;
}

export type System = "linux" | "macos" | "windows";

const DEADLINE_MS = 10_000;

export class ScriptedAgent {
  private readonly description: { readonly version: string; readonly operating_system: System };
  private readonly privateKey: KeyObject;
  private readonly publicKey: string;
  private token = "";
  private cursor: string | undefined;
  private readonly seen: Event[] = [];
  private poll: AbortController | undefined;
  private polling: Promise<void> | undefined;
  private receipts = 0;
  private previous: string | undefined;
  private messages = 0;
  private readonly tickets = new Map<string, string>();

  constructor(
    private readonly url: string,
    system: System = "linux",
  ) {
    this.description = { version: "1.2.3", operating_system: system };
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    this.privateKey = privateKey;
    this.publicKey = publicKey.export({ format: "jwk" }).x ?? "";
  }

  /** Joins an invitation and starts to poll. */
  async join(code: string): Promise<void> {
    const answer = await this.post<{ agent_token: string }>("/join", {
      session_code: code,
      public_key: this.publicKey,
      agent: this.description,
    });
    this.token = answer.agent_token;
    this.arrive();
  }

  /** Becomes a device and starts to poll. */
  async enrol(token: string, computer: string, user: string): Promise<void> {
    const answer = await this.post<{ agent_token: string }>("/enrol", {
      enrolment_token: token,
      public_key: this.publicKey,
      proof: this.signed("ondemand-enrolment+jws", { version: 1, token: hash(token), signed_at: new Date().toISOString() }),
      agent: this.description,
      computer,
      user,
    });
    this.token = answer.agent_token;
    this.arrive();
  }

  /** Polls until `leave`. */
  arrive(): void {
    const controller = new AbortController();
    this.poll = controller;
    this.polling = (async () => {
      while (!controller.signal.aborted) {
        try {
          await this.pollOnce(controller.signal);
        } catch (error) {
          if (!controller.signal.aborted) throw error;
        }
      }
    })();
    // Whoever waits for an event tells of a failure.
    this.polling.catch(() => {});
  }

  /** Stops polling. */
  async leave(): Promise<void> {
    this.poll?.abort();
    await this.polling?.catch(() => {});
  }

  /** Waits for the next request that was not taken yet, and checks what a stranger's agent can check. */
  async request(): Promise<AskedRequest> {
    const event = (await this.event((it) => it.type === "request")) as Event & RequestEvent;
    return {
      id: event.request_id,
      signed: event.signed_request,
      terms: JSON.parse(
        Buffer.from(event.signed_request.split(".")[1] ?? "", "base64url").toString(),
      ) as RequestTerms,
    };
  }

  /** Waits for an event and takes it. */
  async event(wanted: (event: Event) => boolean, withinMs = DEADLINE_MS): Promise<Event> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const index = this.seen.findIndex(wanted);
      if (index >= 0) return this.seen.splice(index, 1)[0] as Event;
      if (Date.now() >= deadline) break;
      await new Promise((resume) => setTimeout(resume, 20));
    }
    throw new Error(`no such event came; waiting are: ${this.seen.map((it) => it.type).join(", ") || "none"}`);
  }

  async shown(request: AskedRequest): Promise<void> {
    await this.post(`/requests/${request.id}/shown`, {});
  }

  /** Signs and sends the receipt; the answer has the session, if one came of it. */
  async decide(request: AskedRequest, decision: Decision): Promise<string | undefined> {
    const terms = {
      version: 1,
      request_id: request.id,
      signed_request: request.signed,
      ...decision,
      decided_at: new Date().toISOString(),
      agent_public_key: this.publicKey,
      number: ++this.receipts,
      ...(this.previous === undefined ? {} : { previous: this.previous }),
    };
    const receipt = this.signed("ondemand-receipt+jws", terms);
    this.previous = hash(receipt);
    const answer = await this.post<components["schemas"]["OutcomeResponse"]>(`/requests/${request.id}/outcome`, {
      receipt,
    });
    const { session } = answer;
    if (session) this.tickets.set(session.session_id, session.tunnel_ticket);
    return session?.session_id;
  }

  /** Opens a session's tunnel, as an access process does. */
  async tunnel(session: string, script: Script): Promise<Tunnel> {
    return Tunnel.open(this.url, session, this.tickets.get(session) ?? "", script);
  }

  async say(session: string, text: string): Promise<void> {
    await this.post(`/sessions/${session}/messages`, { number: ++this.messages, text });
  }

  async report(session: string, actions: Action[], suspended = false, unsupported: Permission[] = []): Promise<void> {
    await this.post(`/sessions/${session}/actions`, { actions, remaining_secs: 1800, suspended, unsupported });
  }

  async takeBack(session: string, granted: Permission[]): Promise<void> {
    await this.post(`/sessions/${session}/permissions`, { granted });
  }

  async end(session: string, reason: EndReason): Promise<void> {
    await this.post(`/sessions/${session}/end`, { reason });
  }

  async askForHelp(text: string): Promise<void> {
    await this.post("/help", { text });
  }

  private async pollOnce(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams({ wait_secs: "30" });
    if (this.cursor !== undefined) query.set("after", this.cursor);
    const response = await fetch(`${this.url}/agent/v1/events?${query}`, { headers: this.headers(), signal });
    if (!response.ok) throw new Error(`the poll was answered with ${response.status}: ${await response.text()}`);
    const answer = (await response.json()) as components["schemas"]["EventsResponse"];
    this.cursor = answer.cursor;
    this.seen.push(...(answer.events ?? []));
  }

  private async post<T>(path: string, body: unknown): Promise<T> {
    const response = await fetch(`${this.url}/agent/v1${path}`, {
      method: "POST",
      headers: { ...this.headers(), "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${answer}`);
    return (answer === "" ? {} : JSON.parse(answer)) as T;
  }

  /** A compact JWS. */
  private signed(typ: string, terms: object): string {
    const header = { alg: "EdDSA", typ, kid: hash(Buffer.from(this.publicKey, "base64url")) };
    const signed = [header, terms].map((it) => Buffer.from(JSON.stringify(it)).toString("base64url")).join(".");
    return `${signed}.${sign(null, Buffer.from(signed), this.privateKey).toString("base64url")}`;
  }

  private headers(): Record<string, string> {
    return this.token === "" ? {} : { authorization: `Bearer ${this.token}` };
  }
}

function hash(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("base64url");
}
