// Things as the service would send them; a test names only what it is about.

import type { DeviceView, Everything, HelpView, InvitationView, MessageView, RequestView, SessionView } from "../../src/types";

export const olivia = { id: "op-olivia", name: "Olivia Example" };

export function invitation(change: Partial<InvitationView> = {}): InvitationView {
  return {
    id: "inv-1",
    session_code: "123456789",
    label: "Printer",
    operator: olivia,
    created_at: "2026-03-04T12:00:00Z",
    expires_in_secs: 7200,
    state: "open",
    ...change,
  };
}

export function device(change: Partial<DeviceView> = {}): DeviceView {
  return {
    id: "dev-1",
    computer: "DESK-01",
    user: "Ursula Sample",
    group: { id: "grp-1", name: "Front desk", permissions: ["view", "chat"] },
    accepted: true,
    enrolled_at: "2026-03-01T12:00:00Z",
    agent: { description: { version: "1.2.3", operating_system: "linux" }, presence: { present: true } },
    ...change,
  };
}

export function help(change: Partial<HelpView> = {}): HelpView {
  return {
    id: "help-1",
    device_id: "dev-1",
    computer: "DESK-01",
    user: "Ursula Sample",
    text: "The printer is silent.",
    created_at: "2026-03-04T12:00:00Z",
    ...change,
  };
}

export function request(change: Partial<RequestView> = {}): RequestView {
  return {
    id: "req-1",
    operator: olivia,
    target: { device: "dev-1" },
    permissions: ["view", "chat"],
    created_at: "2026-03-04T12:00:00Z",
    answer_within_secs: 120,
    state: { state: "sent" },
    ...change,
  };
}

export function session(change: Partial<SessionView> = {}): SessionView {
  return {
    id: "ses-1",
    operator: olivia,
    target: { device: "dev-1" },
    title: "DESK-01",
    granted: ["view", "chat"],
    actions: [],
    suspended: false,
    unsupported: [],
    started_at: "2026-03-04T12:00:00Z",
    running_secs: 0,
    remaining_secs: 3600,
    presence: { present: true },
    ...change,
  };
}

export function message(change: Partial<MessageView> = {}): MessageView {
  return {
    id: "msg-1",
    session_id: "ses-1",
    from: "user",
    kind: "chat",
    text: "Hello",
    sent_at: "2026-03-04T12:00:00Z",
    ...change,
  };
}

export function everything(change: Partial<Everything> = {}): { type: "everything"; data: Everything } {
  return { type: "everything", data: { invitations: [], devices: [], help: [], sessions: [], ...change } };
}
