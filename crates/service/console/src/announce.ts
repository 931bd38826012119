// What a person who cannot see the page is told of an event.

import { groupedCode } from "./format";
import { isOpen, type State } from "./state";
import { text } from "./strings";
import type { InvitationView, LiveEvent, RequestState } from "./types";

/** The event in words, or nothing where it is not worth interrupting for. */
export function announcement(before: State, event: LiveEvent): string | undefined {
  switch (event.type) {
    case "invitation": {
      const known = before.invitations.find((it) => it.id === event.data.id);
      const joined = event.data.state === "joined" && known?.state === "open";
      return joined ? text.invitations.joinedAnnouncement(invitationTitle(known)) : undefined;
    }
    case "help":
      if (before.help.some((it) => it.id === event.data.id)) return undefined;
      return text.help.announcement(event.data.user, event.data.text);
    case "request": {
      const known = before.requests.get(event.data.id);
      // How it was decided is shown as a notice, which is announced too.
      if (!known || known.state.state === event.data.state.state || !isOpen(event.data)) return undefined;
      return explainRequest(event.data.state).title;
    }
    case "session": {
      const known = before.sessions.find((it) => it.id === event.data.id);
      if (!event.data.ended || !known || known.ended) return undefined;
      return text.session.endedAnnouncement(event.data.title, text.session.endReasons[event.data.ended.reason]);
    }
    case "message":
      return event.data.from === "user" ? text.chat.announcement(event.data.text) : undefined;
    default:
      return undefined;
  }
}

/** How a request stands, in words. */
export function explainRequest(state: RequestState): { readonly title: string; readonly detail: string } {
  if (state.state === "unanswered") return text.request.causes[state.cause] ?? text.request.states.unanswered;
  const { title, detail } = text.request.states[state.state];
  if (state.state === "rejected" && state.reason) return { title, detail: text.request.reasons[state.reason] ?? detail };
  return { title, detail };
}

/** What an invitation is called: its label, its code, or just what it is. */
export function invitationTitle(invitation: InvitationView): string {
  return (
    invitation.label || (invitation.session_code ? groupedCode(invitation.session_code) : text.invitations.unlabelled)
  );
}
