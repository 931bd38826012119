import assert from "node:assert/strict";
import { test } from "node:test";
import { announcement } from "../src/announce";
import { searchDevices } from "../src/overview/search";
import { apply, latestRequest, newlyDecided, NOTHING, type State, unsettledRequests, withMessages } from "../src/state";
import type { LiveEvent } from "../src/types";
import { device, everything, help, invitation, message, request, session } from "./support/samples";

function after(...events: LiveEvent[]): State {
  return events.reduce((state, event, index) => apply(state, event, index * 1000), NOTHING);
}

test("a changed thing replaces the one with its id and keeps its place", () => {
  const state = after(
    everything({ devices: [device(), device({ id: "dev-2", computer: "DESK-02" })] }),
    { type: "device", data: device({ user: "Udo Sample" }) },
  );
  assert.deepEqual(state.devices.map((it) => [it.id, it.user]), [
    ["dev-1", "Udo Sample"],
    ["dev-2", "Ursula Sample"],
  ]);
});

test("new things go where the order says: newest invitation first, help that waits longest first", () => {
  const state = after(
    everything({ invitations: [invitation()], help: [help()] }),
    { type: "invitation", data: invitation({ id: "inv-2", created_at: "2026-03-04T12:00:00.5Z" }) },
    { type: "help", data: help({ id: "help-2", created_at: "2026-03-04T12:00:00.5Z" }) },
  );
  assert.deepEqual(state.invitations.map((it) => it.id), ["inv-2", "inv-1"]);
  assert.deepEqual(state.help.map((it) => it.id), ["help-1", "help-2"]);
});

test("what is retired or closed is gone", () => {
  const state = after(
    everything({ devices: [device()], help: [help()] }),
    { type: "device_retired", data: "dev-1" },
    { type: "help_closed", data: "help-1" },
  );
  assert.deepEqual([state.devices, state.help], [[], []]);
});

test("everything replaces all lists, so that nothing outlives a break of the line", () => {
  const state = after(everything({ devices: [device()], sessions: [session()] }), everything());
  assert.deepEqual([state.devices, state.sessions, state.generation], [[], [], 2]);
});

test("remaining seconds count from the moment they arrived", () => {
  const state = after(everything(), { type: "invitation", data: invitation() });
  assert.equal(state.invitations[0]?.at, 1000);
});

test("a request is known however it arrived, and the newest one to a target is the one that counts", () => {
  const inside = device({
    agent: { ...device().agent, request: request({ id: "req-2", created_at: "2026-03-04T12:05:00Z" }) },
  });
  const state = after(everything(), { type: "request", data: request() }, { type: "device", data: inside });
  assert.deepEqual([...state.requests.keys()], ["req-1", "req-2"]);
  assert.equal(latestRequest(state, { device: "dev-1" })?.id, "req-2");
  assert.equal(latestRequest(state, { invitation: "dev-1" }), undefined);
});

test("a request that was decided while the line was down is asked about", () => {
  const before = after(everything(), { type: "request", data: request() });
  assert.deepEqual(unsettledRequests(before, apply(before, everything(), 9000)), ["req-1"]);
  const still = everything({ devices: [device({ agent: { ...device().agent, request: request() } })] });
  assert.deepEqual(unsettledRequests(before, apply(before, still, 9000)), []);
});

test("a decision is news once, also when the session tells of it before the request does", () => {
  const before = after(everything({ sessions: [session()] }), { type: "request", data: request() });
  const approved = request({ state: { state: "approved", permissions: ["view"], session_id: "ses-1" } });
  const told = apply(before, { type: "session", data: session({ request: approved }) }, 9000);
  assert.deepEqual(newlyDecided(before, told).map((it) => it.id), ["req-1"]);
  assert.deepEqual(newlyDecided(told, apply(told, { type: "request", data: approved }, 9001)), []);
});

test("a message that comes twice is one message, and messages stand in the order they were sent", () => {
  const state = withMessages(
    after({ type: "message", data: message({ id: "msg-2", sent_at: "2026-03-04T12:01:00Z" }) }),
    "ses-1",
    [message(), message({ id: "msg-2" })],
  );
  assert.deepEqual(state.messages.get("ses-1")?.map((it) => it.id), ["msg-1", "msg-2"]);
});

test("an event of a later version changes nothing", () => {
  const state = after(everything({ devices: [device()] }));
  assert.equal(apply(state, { type: "teleported", data: {} } as unknown as LiveEvent, 1), state);
});

test("an arrival, a change of a request and an end are announced once, in words", () => {
  const before = after(
    everything({ invitations: [invitation()], sessions: [session()] }),
    { type: "request", data: request() },
  );
  const arrival: LiveEvent = { type: "invitation", data: invitation({ state: "joined" }) };
  assert.match(announcement(before, arrival) ?? "", /^A user joined: Printer/);
  assert.equal(announcement(apply(before, arrival, 1), arrival), undefined);

  const shown: LiveEvent = { type: "request", data: request({ state: { state: "shown" } }) };
  assert.match(announcement(before, shown) ?? "", /screen/);
  assert.equal(announcement(apply(before, shown, 1), shown), undefined);

  const end: LiveEvent = {
    type: "session",
    data: session({ ended: { at: "2026-03-04T12:30:00Z", reason: "user" } }),
  };
  assert.match(announcement(before, end) ?? "", /DESK-01 is over. The user ended/);
  assert.equal(announcement(apply(before, end, 1), end), undefined);
});

test("the search finds every word in computer, user or group, and shows first who waits to be accepted", () => {
  const devices = [device(), device({ id: "dev-2", computer: "LAPTOP-9", user: "Benedict", accepted: false })];
  assert.deepEqual(searchDevices(devices, "").map((it) => it.id), ["dev-2", "dev-1"]);
  assert.deepEqual(searchDevices(devices, "ursula DESK").map((it) => it.id), ["dev-1"]);
  assert.deepEqual(searchDevices(devices, "front lap").map((it) => it.id), ["dev-2"]);
  assert.deepEqual(searchDevices(devices, "nobody"), []);
});
