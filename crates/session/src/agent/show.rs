//! Everything the user sees, as a function of the state.

use super::{
    Agent,
    phase::{Base, Joining, Phase, Prompt, Session, Stage, Summary, shares_files},
};
use crate::{
    Choice, EndedView, FolderChoice, JoiningStage, Managed, Notice, Now, OrganisationPolicy,
    OrganisationView, PromptStage, PromptView, Responder, Screen, SessionStatus, SessionView, SharedFolder,
    Timer, View,
};
use protocol::{Operator, Permission, Permissions, TrustLevel, text};
use std::time::Duration;

/// The session lengths offered in the popup, in minutes.
const LIMITS_MINUTES: [u64; 6] = [15, 30, 60, 120, 240, 480];
/// The length that is preselected.
const DEFAULT_LIMIT: Duration = Duration::from_secs(60 * 60);

/// An operator's name, safe to show.
pub(super) fn operator_name(operator: &Operator) -> String {
    text::one_line(&operator.name, text::MAX_NAME_CHARS, "unnamed operator")
}

impl Agent {
    /// All that is to be shown at `now`.
    pub fn view(&self, now: Now) -> View {
        let now = Now { boot: self.latest.max(now.boot), ..now };
        View {
            screen: self.screen(now),
            prompt: self.prompt().map(|prompt| self.prompt_view(prompt, now)),
            organisation: self.organisation(),
            offline_since: self.offline_since,
            link_trouble: self.link_trouble,
            notice: self.notice(),
            do_not_disturb_secs: self.timers.get(Timer::DoNotDisturb).map(|due| secs_until(due, now)),
            managed: Managed {
                by_policy: self.config.managed,
                may_quit: self.config.may_quit,
                contact: self.config.contact.clone(),
            },
        }
    }

    /// That its own organisation is muted is said for as long as it is.
    fn notice(&self) -> Option<Notice> {
        match (&self.notice, self.muted_home()) {
            (None | Some(Notice::Muted { .. }), Some(organisation)) => Some(Notice::Muted {
                organisation_name: organisation.name.clone(),
                number_to_call: self.config.number_to_call.clone(),
                can_undo: true,
            }),
            (notice, _) => notice.clone(),
        }
    }

    fn screen(&self, now: Now) -> Screen {
        match &self.phase {
            Phase::Idle(problem) => Screen::Idle {
                code: self.offered_code.clone(),
                problem: problem.clone(),
                retry_secs: self.timers.get(Timer::CodeRetry).map(|due| secs_until(due, now)),
                codes_allowed: self.config.organisations != OrganisationPolicy::Off,
            },
            Phase::Joining(Joining::LookingUp { .. }) => Screen::Joining(JoiningStage::LookingUp),
            Phase::Joining(Joining::Entering { .. }) => Screen::Joining(JoiningStage::Entering),
            Phase::Joining(Joining::Confirming { organisation, trust, .. }) => {
                Screen::Joining(JoiningStage::Confirm(OrganisationView {
                    name: text::one_line(&organisation.name, text::MAX_NAME_CHARS, "unnamed organisation"),
                    domain: organisation.domain.as_deref().map(|domain| text::one_line(domain, 253, "?")),
                    trust: *trust,
                    last_session: None,
                }))
            }
            Phase::Home(base) | Phase::Requested(base, _) => home(base),
            Phase::Active(_, session) => Screen::Session(self.session_view(session, now)),
            Phase::Ended(_, summary) => {
                let number_to_call = self.config.number_to_call.clone();
                Screen::Ended(EndedView { number_to_call, ..ended(summary) })
            }
        }
    }

    fn organisation(&self) -> Option<OrganisationView> {
        match &self.phase {
            Phase::Home(base) | Phase::Requested(base, _) => Some(organisation(base.organisation())),
            Phase::Active(_, session) => Some(organisation(&session.organisation)),
            Phase::Ended(_, summary) => Some(organisation(&summary.organisation)),
            Phase::Idle(_) | Phase::Joining(_) => None,
        }
    }

    fn prompt_view(&self, prompt: &Prompt, now: Now) -> PromptView {
        let request = &prompt.request;
        let during_session = request.session_id.is_some();
        let longest = self.config.longest_session;
        let preselected = self.preselected(prompt);
        let choice = |permission: Permission| Choice {
            permission,
            grantable: prompt.offered.contains(permission),
            preselected: preselected.contains(permission),
        };
        let lengths = LIMITS_MINUTES.iter().map(|minutes| Duration::from_secs(minutes * 60));
        let mut limits: Vec<u64> =
            lengths.filter(|limit| *limit <= longest).map(|limit| limit.as_secs()).collect();
        if limits.is_empty() {
            limits.push(longest.as_secs());
        }
        PromptView {
            request_id: request.id.clone(),
            operator: Operator { name: operator_name(&request.operator), ..request.operator.clone() },
            organisation: organisation(&request.organisation),
            during_session,
            choices: request.permissions.iter().map(choice).collect(),
            answer_secs: self.timers.get(Timer::Answer).map_or(0, |due| secs_until(due, now)),
            more_time: self.more_time_left(),
            stage: match prompt.stage {
                Stage::Quiet => PromptStage::Quiet,
                Stage::Holding | Stage::Asking => PromptStage::Asking,
                Stage::Approved { .. } => PromptStage::Approving,
            },
            limit_secs: DEFAULT_LIMIT.min(longest).as_secs().max(limits[0].min(longest.as_secs())),
            limits_secs: if during_session { Vec::new() } else { limits },
            approvable: self.approvable(now),
            number_to_call: self.config.number_to_call.clone(),
            folder: self.folder_choice(prompt),
        }
    }

    fn folder_choice(&self, prompt: &Prompt) -> Option<FolderChoice> {
        let SharedFolder { path, whole_home } =
            prompt.folder.clone().filter(|_| shares_files(prompt.request.permissions))?;
        Some(FolderChoice { path, can_change: self.may_choose_folder(), whole_home })
    }

    /// What starts switched on. For an organisation that is not known, only what gives nothing of the computer away: the
    /// rest is a decision of its own.
    fn preselected(&self, prompt: &Prompt) -> Permissions {
        let by_trust = match prompt.request.organisation.trust {
            TrustLevel::Pinned | TrustLevel::Known => Permissions::all(),
            TrustLevel::New | TrustLevel::Changed => {
                Permissions::from([Permission::Chat, Permission::Messages])
            }
        };
        prompt.offered.intersection(by_trust).intersection(self.config.preselect)
    }

    fn session_view(&self, session: &Session, now: Now) -> SessionView {
        SessionView {
            operator: Operator { name: operator_name(&session.operator), ..session.operator.clone() },
            granted: session.granted,
            actions: session.actions(self.is_paused()),
            status: if self.locked {
                SessionStatus::Suspended
            } else if self.offline_since.is_some() || session.lost_tunnel() {
                SessionStatus::Reconnecting
            } else {
                SessionStatus::Running
            },
            elapsed_secs: now.boot.saturating_sub(session.started.0).as_secs(),
            remaining_secs: session.remaining(now).as_secs(),
            can_prolong: session.limit < self.config.longest_session,
            operator_present: session.operator_present,
            unsupported: session.unsupported.intersection(session.granted),
            chat: session.chat.lines.iter().map(|(_, line)| line.clone()).collect(),
            unread: session.chat.unread,
            folder: session.grant().folder.map(|folder| folder.path),
            transfers: session.files.shown.transfers.clone(),
            files: session.files.shown.done.clone(),
            clipboard: session.clipboard,
            number_to_call: self.config.number_to_call.clone(),
        }
    }
}

fn home(base: &Base) -> Screen {
    match base {
        Base::Invitation { expires, .. } => Screen::Waiting { expires_at: expires.1 },
        Base::Device { standing, help, .. } => Screen::Ready {
            accepted: standing.accepted,
            help: help.as_ref().map(|(_, status)| status.clone()),
        },
    }
}

fn ended(summary: &Summary) -> EndedView {
    EndedView {
        operator: Operator { name: operator_name(&summary.operator), ..summary.operator.clone() },
        organisation: organisation(&summary.organisation),
        reason: summary.reason,
        lasted_secs: summary.lasted.as_secs(),
        started_at: summary.started,
        granted: summary.granted,
        done: summary.done,
        unsent: summary.unsent.iter().map(|(_, line)| line.clone()).collect(),
        files: summary.files.clone(),
        clipboard: summary.clipboard,
        suspicious: summary.suspicious,
        number_to_call: None,
    }
}

fn organisation(responder: &Responder) -> OrganisationView {
    OrganisationView {
        name: responder.name.clone(),
        domain: responder.domain.clone(),
        trust: responder.trust,
        last_session: responder.last_session,
    }
}

/// Rounded up, so that a countdown shows 1 in its last second and 0 never while it runs.
fn secs_until(due: Duration, now: Now) -> u64 {
    let left = due.saturating_sub(now.boot);
    left.as_secs() + u64::from(left.subsec_nanos() > 0)
}
