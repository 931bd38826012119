// Words for everything the service can say: a table for each set of values in its interface, complete by its type. Where
// they stand on a page is for `strings.ts` to say.

import { t, within } from "../language";
import type {
  Action,
  AuditAction,
  DomainBy,
  EndReason,
  InputMethod,
  InvitationState,
  Permission,
  ProblemCode,
  RejectReason,
  RequestState,
  Role,
  UnansweredCause,
} from "../types";

interface Explained {
  readonly title: string;
  readonly detail: string;
}

export const roles = {
  administrator: t("Administrator"),
  operator: t("Operator"),
} satisfies Record<Role, string>;

export const domainBy = {
  dns: t("Proven by a record in its DNS."),
  administrator: t("Approved by whoever runs this service."),
} satisfies Record<DomainBy, string>;

export const auditActions = {
  signed_in: within("audit log", "Signed in"),
  sign_in_failed: within("audit log", "Failed to sign in"),
  recovery_code_used: within("audit log", "Used a recovery code"),
  signed_out: within("audit log", "Signed out"),
  password_changed: within("audit log", "Changed the own password"),
  second_factor_set: within("audit log", "Set up the second factor"),
  second_factor_removed: within("audit log", "Removed the own second factor"),
  recovery_codes_renewed: within("audit log", "Made new recovery codes"),
  passkey_added: within("audit log", "Added a passkey"),
  passkey_removed: within("audit log", "Removed a passkey"),
  passkey_copied: within("audit log", "Used a passkey that may have been copied"),
  operator_added: within("audit log", "Added an operator"),
  operator_renamed: within("audit log", "Renamed an operator"),
  made_administrator: within("audit log", "Made somebody an administrator"),
  made_operator: within("audit log", "Took the administrator role away"),
  operator_disabled: within("audit log", "Disabled an operator"),
  operator_enabled: within("audit log", "Enabled an operator"),
  password_reset: within("audit log", "Reset a password"),
  second_factor_reset: within("audit log", "Took a second factor away"),
  branding_changed: within("audit log", "Changed the look"),
  logo_changed: within("audit log", "Changed the logo"),
  second_factor_demanded: within("audit log", "Demanded a second factor"),
  second_factor_optional: within("audit log", "Made the second factor optional"),
  domain_proven: within("audit log", "Proved a domain"),
  group_added: within("audit log", "Added a device group"),
  group_changed: within("audit log", "Changed a device group"),
  token_made: within("audit log", "Made an enrolment token"),
  token_revoked: within("audit log", "Revoked an enrolment token"),
  device_accepted: within("audit log", "Accepted a device"),
  device_retired: within("audit log", "Retired a device"),
  device_copied: within("audit log", "Retired a device that was copied"),
  invitation_made: within("audit log", "Made an invitation"),
  invitation_withdrawn: within("audit log", "Withdrew an invitation"),
  request_made: within("audit log", "Asked to connect"),
  request_withdrawn: within("audit log", "Withdrew a request"),
  session_ended: within("audit log", "Ended a session"),
  help_taken: within("audit log", "Took a help request"),
  help_closed: within("audit log", "Closed a help request"),
  organisation_added: within("audit log", "Added the organisation"),
  organisation_renamed: within("audit log", "Renamed the organisation"),
  key_rotated: within("audit log", "Gave the organisation a new key"),
  domain_approved: within("audit log", "Approved a domain"),
  domain_removed: within("audit log", "Removed the domain"),
  organisation_suspended: within("audit log", "Suspended the organisation"),
  organisation_resumed: within("audit log", "Lifted the suspension"),
} satisfies Record<AuditAction, string>;

export const invitationStates = {
  open: within("invitation", "Open"),
  joined: within("invitation", "Joined"),
  used: within("invitation", "Used"),
  withdrawn: within("invitation", "Withdrawn"),
  expired: within("invitation", "Expired"),
  left: within("invitation", "The user left"),
} satisfies Record<InvitationState, string>;

export const permissionNames = {
  view: t("View the desktop"),
  control: t("Use keyboard and mouse"),
  files_read: t("View and copy files"),
  files_write: t("Edit and place files"),
  clipboard: t("Share the clipboard"),
  chat: t("Chat"),
  messages: t("Show notes"),
} satisfies Record<Permission, string>;

export const permissionMeanings = {
  view: t("You see everything on the user's screen."),
  control: t("You can do anything the user can do there."),
  files_read: t("You can read and copy files from the folder the user chooses."),
  files_write: t("You can change files and place new ones in that folder."),
  clipboard: t("Text copied on one side can be pasted on the other."),
  chat: t("You and the user write to each other."),
  messages: t("You can show a note on the user's screen."),
} satisfies Record<Permission, string>;

export const inputMethods = {
  pointer: t("with mouse, pen or touch"),
  keyboard: t("with the keyboard"),
  accessibility: t("through an assistive technology"),
} satisfies Record<InputMethod, string>;

export const requestStates = {
  sent: { title: t("Request sent"), detail: t("It is on its way to the user's computer.") },
  not_reached: {
    title: t("Not reached yet"),
    detail: t("The user's computer has not shown the request. It may be asleep or without a network. It is shown as soon as the agent is back, as long as there is time left; ask the user to wake the computer and check its network."),
  },
  shown: { title: t("On the user's screen"), detail: t("The user is deciding. If they do not answer, it is a no.") },
  approved: { title: t("Approved"), detail: t("The user said yes.") },
  rejected: { title: t("Declined"), detail: t("The user said no. Talk to them before you ask again.") },
  unanswered: { title: t("Not answered"), detail: t("Nobody decided.") },
} satisfies Record<RequestState["state"], Explained>;

export const requestBadges = {
  sent: t("Request sent"),
  not_reached: t("Not reached"),
  shown: t("User is deciding"),
  approved: t("Approved"),
  rejected: t("Declined"),
  unanswered: t("Not answered"),
} satisfies Record<RequestState["state"], string>;

export const rejectReasons = {
  not_now: t("The user chose “Not now”. Agree on a better time."),
  not_requested: t("The user chose “I did not ask for this”. Make sure that you are asking the right person."),
  // The service tells operators of a plain no; the text is here so that nothing is shown raw if one ever does not.
  suspicious: t("The user said no."),
} satisfies Record<RejectReason, string>;

export const unansweredCauses = {
  expired: {
    title: t("The time to answer ran out"),
    detail: t("Nobody answered. Call the user and make sure that they are at the computer, then ask again."),
  },
  withdrawn: { title: t("Withdrawn"), detail: t("You took the request back. The user's window has closed.") },
  busy: {
    title: t("The user is busy with another request"),
    detail: t("Another request or session is open on that computer. Ask again when it is over."),
  },
  locked: {
    title: t("The screen is locked"),
    detail: t("The screen was locked or another person is using the computer. Ask the user to unlock it first."),
  },
  prompt_failed: {
    title: t("The request could not be shown"),
    detail: t("The window failed on the user's computer. Ask again; if it fails again, have the agent restarted."),
  },
  no_display: {
    title: t("There is no screen to show it on"),
    detail: t("Nobody is logged in to a desktop on that computer. Ask the user to log in."),
  },
  agent_restarted: {
    title: t("The agent was restarted"),
    detail: t("The request was open when the agent started again. Ask again."),
  },
  link_lost: {
    title: t("The connection to the user was lost"),
    detail: t("The computer lost the service while the request was open. Ask again when it is online."),
  },
  not_permitted: {
    title: t("None of it may be granted there"),
    detail: t("The computer's policy, the device group or what the computer knows of your organisation allows none of what you asked for. Ask for less, such as viewing and chat."),
  },
  not_recorded: {
    title: t("The approval could not be recorded"),
    detail: t("The user's computer could not write the receipt, so nothing was granted. Its disk may be full."),
  },
} satisfies Record<UnansweredCause, Explained>;

export const actions = {
  viewing: t("Viewing"),
  controlling: t("Controlling"),
  transferring_files: t("Transferring files"),
  chatting: t("Chatting"),
} satisfies Record<Action, string>;

export const endReasons = {
  user: t("The user ended the session."),
  operator: t("The operator ended the session."),
  service: t("The service ended the session."),
  organisation_suspended: t("Whoever runs this service suspended your organisation, which ended the session."),
  expired: t("The agreed time ran out."),
  link_lost: t("The connection to the user's computer was lost and did not come back in time."),
  locked: t("The user's screen stayed locked for too long."),
  slept: t("The user's computer slept for too long."),
  agent_stopped: t("The user logged off, or the agent was closed."),
  agent_restarted: t("The agent was started again during the session."),
  access_failed: t("The part of the agent that serves the session failed. Ask to connect again."),
  not_started: t("The approval came too late or could not be confirmed, so the session never started."),
} satisfies Record<EndReason, string>;

export const endings = {
  user: t("Ended by the user"),
  operator: t("Ended by the operator"),
  service: t("Ended by the service"),
  organisation_suspended: t("Organisation suspended"),
  expired: t("Time ran out"),
  link_lost: t("Connection lost"),
  locked: t("Screen stayed locked"),
  slept: t("Computer slept"),
  agent_stopped: t("User logged off"),
  agent_restarted: t("Agent restarted"),
  access_failed: t("Agent failed"),
  not_started: t("Never started"),
} satisfies Record<EndReason, string>;

export const roleMeanings = {
  administrator: t("Helps users, and manages operators, the organisation's look and enrolment."),
  operator: t("Helps users."),
} satisfies Record<Role, string>;

export const problems = {
  wrong_code: t("No invitation has this code. Check the nine digits."),
  invitation_closed: t("The invitation is over. Make a new one."),
  invitation_taken: t("This code has been used already. Make a new invitation."),
  too_many_attempts: t("Too many failed attempts. Wait a few minutes, then try again."),
  proof_of_work_required: t("The service asks for more proof. Reload the page and try again."),
  enrolment_refused: t("The enrolment token is not in force."),
  cursor_expired: t("This page was away for too long. Reload it."),
  unauthenticated: t("You are not signed in any more. Sign in again."),
  forbidden: t("You are not allowed to do this."),
  not_found: t("It is not there any more."),
  request_closed: t("The request is no longer open."),
  receipt_invalid: t("The receipt was refused."),
  session_ended: t("The session is over."),
  agent_busy: t("Another request or session is open there. Wait until it is over."),
  agent_unreachable: t("The user's computer does not answer"),
  device_pending: t("The device must be accepted first."),
  invalid: t("The service did not accept what was entered. Check it and try again."),
  too_large: t("This is too large for the service."),
  rate_limited: t("Too many requests at once. Wait a moment and try again."),
  not_granted: t("The user did not grant this, or took it back."),
  login_taken: t("Somebody has this sign-in name already. Choose another."),
  weak_password: t("This password is too easy to guess. Use at least 12 characters and not your sign-in name."),
  wrong_password: t("The present password is wrong. Type it again."),
  password_change_required: t("Choose your own password first."),
  second_factor_required: t("Type the code that your authenticator app shows."),
  wrong_second_factor: t("The code is wrong or was used before. Wait for the next one and type it in."),
  second_factor_setup_required: t("Set up a second factor first."),
  organisation_suspended: t("Whoever runs this service has suspended your organisation. Ask them why."),
  domain_not_proven: t("The record was not found. New records take a while to spread; check it and try again."),
  key_cloned: t("This agent was found on two computers."),
  too_many: t("There are as many as your organisation may have. Remove some first."),
  account_disabled: t("This account is disabled, or its one-time password has expired. Ask an administrator of your organisation."),
  last_administrator: t("Your organisation needs an administrator who can sign in. Make somebody else one first."),
  logo_format: t("This is not a PNG or JPEG picture, or it holds something else as well. Save it as PNG and try again."),
  logo_damaged: t("The picture is cut off or damaged. Save it anew and try again."),
  logo_dimensions: t("Each side of the picture must have 16 to 4096 pixels. Scale it and try again."),
  shutting_down: t("The service is being restarted. Try again in a moment."),
  internal: t("Something broke in the service. Try again later."),
  unknown: t("The service refused for a reason that this page does not know. Reload it and try again."),
} satisfies Record<ProblemCode, string>;
