// The wire types under their plain names, from the types that are generated from the OpenAPI document.

import type { components } from "./generated/api";

type Schemas = components["schemas"];

export type Me = Schemas["Me"];
export type Role = Schemas["Role"];
export type SecondFactorView = Schemas["SecondFactorView"];
export type SecondFactorSetup = Schemas["SecondFactorSetup"];
export type SecondFactors = Schemas["SecondFactors"];
export type PasskeyView = Schemas["PasskeyView"];
export type PasskeyChallenge = Schemas["PasskeyChallenge"];
export type PasskeyAdded = Schemas["PasskeyAdded"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
export type DomainBy = Schemas["DomainBy"];
export type DomainRecord = Schemas["DomainRecord"];
export type AuditAction = Schemas["AuditAction"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditPage = Schemas["AuditPage"];
export type AccountView = Schemas["AccountView"];
export type AccountWithPassword = Schemas["AccountWithPassword"];
export type AddOperator = Schemas["AddOperator"];
export type ChangeOperator = Schemas["ChangeOperator"];
export type OrganisationSettings = Schemas["OrganisationSettings"];
export type ChangeBranding = Schemas["ChangeBranding"];
export type EnrolmentView = Schemas["EnrolmentView"];
export type EnrolmentTokenView = Schemas["EnrolmentTokenView"];
export type EnrolmentTokenAdded = Schemas["EnrolmentTokenAdded"];
export type AddEnrolmentToken = Schemas["AddEnrolmentToken"];
export type ChangeGroup = Schemas["ChangeGroup"];
export type AddGroup = Schemas["AddGroup"];
export type HistoryPage = Schemas["HistoryPage"];
export type Operator = Schemas["Operator"];
export type Organisation = Schemas["Organisation"];
export type Permission = Schemas["Permission"];
export type Action = Schemas["Action"];
export type CreateInvitation = Schemas["CreateInvitation"];
export type InvitationView = Schemas["InvitationView"];
export type InvitationState = Schemas["InvitationState"];
export type AgentView = Schemas["AgentView"];
export type Presence = Schemas["Presence"];
export type DeviceView = Schemas["DeviceView"];
export type GroupView = Schemas["GroupView"];
export type HelpView = Schemas["HelpView"];
export type CreateRequest = Schemas["CreateRequest"];
export type RequestView = Schemas["RequestView"];
export type RequestState = Schemas["RequestState"];
export type Target = Schemas["Target"];
export type SessionView = Schemas["SessionView"];
export type EndReason = Schemas["EndReason"];
export type RejectReason = Schemas["RejectReason"];
export type UnansweredCause = Schemas["UnansweredCause"];
export type InputMethod = Schemas["InputMethod"];
export type MessageView = Schemas["MessageView"];
export type MessageKind = Schemas["MessageKind"];
export type ReceiptView = Schemas["ReceiptView"];
export type ReceiptTerms = Schemas["ReceiptTerms"];
export type RequestTerms = Schemas["RequestTerms"];
export type LiveEvent = Schemas["LiveEvent"];
export type Everything = Schemas["Everything"];
export type Problem = Schemas["Problem"];
export type ProblemCode = Schemas["ProblemCode"];
export type LookupResponse = Schemas["LookupResponse"];
export type ProofOfWorkChallenge = Schemas["ProofOfWorkChallenge"];

/** Every permission, in the order in which people read them. */
export const PERMISSIONS: readonly Permission[] = [
  "view",
  "control",
  "files_read",
  "files_write",
  "clipboard",
  "chat",
  "messages",
];

/** Every action, in the order in which people read them. */
export const ACTIONS: readonly Action[] = ["viewing", "controlling", "transferring_files", "chatting"];
