//! Simulated time around the core: no sleep, no runtime.

use protocol::{
    EndReason, GroupId, Operator, Organisation, OrganisationId, Outcome, Permission, Permissions, RequestId,
    SessionCode, SessionId, Timestamp, TrustLevel, UnansweredCause, agent::DeviceStanding,
};
use session::{
    Accepted, AccessFact, Agent, Assurance, Config, Effect, Input, JoinedAs, Now, PromptFact, Request,
    Responder, Screen, Send, UserInput, View, Visibility,
};
use std::time::Duration;

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) struct Sim {
    pub(crate) agent: Agent,
    pub(crate) now: Now,
    /// Everything ever asked for, in order.
    pub(crate) effects: Vec<Effect>,
}

impl Sim {
    pub(crate) fn new(config: Config) -> Self {
        let now = Now { boot: secs(1000), wall: Timestamp::from_second(1_800_000_000).unwrap() };
        let mut sim = Self { agent: Agent::new(config, now), now, effects: Vec::new() };
        sim.give(Input::LinkRestored);
        sim
    }

    /// Joined to an invitation of an organisation of that trust.
    pub(crate) fn waiting(config: Config, trust: TrustLevel) -> Self {
        let mut sim = Self::new(config);
        sim.user(UserInput::Start { code: code() });
        sim.give(Input::LookedUp { organisation: organisation(), trust });
        sim.user(UserInput::ConfirmJoin);
        sim.give(Input::Joined(invitation(trust)));
        sim
    }

    /// A device in a group that allows everything, of a pinned organisation.
    pub(crate) fn ready() -> Self {
        let mut sim = Self::new(Config::default());
        sim.give(Input::Joined(device()));
        sim
    }

    /// A session in which `permissions` are granted.
    pub(crate) fn active(permissions: Permissions) -> Self {
        let mut sim = Self::ready();
        sim.give(Input::RequestReceived(request("r1", permissions)));
        sim.make_approvable("r1");
        sim.user(approve("r1", permissions));
        sim.give(Input::Recorded(id("r1")));
        sim.give(accepted("r1", "s1"));
        sim.give(Input::Access(AccessFact::TunnelStands));
        sim
    }

    pub(crate) fn make_approvable(&mut self, request_id: &str) {
        self.give(Input::Prompt(id(request_id), PromptFact::Shown));
        self.give(visible(request_id));
        self.advance(secs(1));
    }

    /// One input; gives what it led to.
    pub(crate) fn give(&mut self, input: Input) -> Vec<Effect> {
        self.agent.handle_input(input, self.now);
        self.drain()
    }

    pub(crate) fn user(&mut self, input: UserInput) -> Vec<Effect> {
        self.give(Input::User(input))
    }

    /// The access process has carried out what it was told.
    pub(crate) fn confirm(&mut self) {
        let asked = asked(&self.effects);
        self.give(Input::Access(AccessFact::Confirmed { number: asked }));
    }

    /// Lets time pass from deadline to deadline.
    pub(crate) fn advance(&mut self, by: Duration) -> Vec<Effect> {
        let until = self.now.boot + by;
        let mut all = Vec::new();
        while let Some((due, _)) = self.agent.poll_timeout().filter(|&(due, _)| due <= until) {
            self.set_clock(due.max(self.now.boot));
            self.agent.handle_timeout(self.now);
            all.extend(self.drain());
        }
        self.set_clock(until);
        all
    }

    /// The computer sleeps: nothing runs, boot time goes on.
    pub(crate) fn sleep(&mut self, by: Duration) {
        self.set_clock(self.now.boot + by);
    }

    pub(crate) fn view(&self) -> View {
        self.agent.view(self.now)
    }

    fn set_clock(&mut self, boot: Duration) {
        let passed = protocol::SignedDuration::try_from(boot - self.now.boot).unwrap();
        self.now = Now { boot, wall: self.now.wall.saturating_add(passed).unwrap() };
    }

    fn drain(&mut self) -> Vec<Effect> {
        let effects: Vec<_> = std::iter::from_fn(|| self.agent.poll_effect()).collect();
        self.effects.extend(effects.iter().cloned());
        effects
    }
}

pub(crate) fn id(text: &str) -> RequestId {
    text.parse().unwrap()
}

pub(crate) fn session_id(text: &str) -> SessionId {
    text.parse().unwrap()
}

pub(crate) fn code() -> SessionCode {
    "123456789".parse().unwrap()
}

pub(crate) fn organisation() -> Organisation {
    Organisation {
        key_successions: Vec::new(),
        id: "support".parse().unwrap(),
        name: "Example Support".into(),
        domain: Some("support.example".into()),
        display_text: None,
        public_key: String::new(),
    }
}

pub(crate) fn responder(id: &str, trust: TrustLevel) -> Responder {
    Responder {
        id: id.parse::<OrganisationId>().unwrap(),
        name: "Example Support".into(),
        domain: Some("support.example".into()),
        trust,
        last_session: None,
    }
}

pub(crate) fn invitation(trust: TrustLevel) -> JoinedAs {
    JoinedAs::Invitation {
        invitation_id: "i1".parse().unwrap(),
        organisation: responder("support", trust),
        expires_in: secs(7200),
    }
}

pub(crate) fn standing(permissions: Permissions) -> DeviceStanding {
    DeviceStanding {
        device_id: "d1".parse().unwrap(),
        group_id: "g1".parse::<GroupId>().unwrap(),
        group_name: "Desks".into(),
        permissions,
        accepted: true,
    }
}

pub(crate) fn device() -> JoinedAs {
    JoinedAs::Device {
        standing: standing(Permissions::all()),
        organisation: responder("support", TrustLevel::Pinned),
    }
}

pub(crate) fn request(request_id: &str, permissions: impl Into<Permissions>) -> Request {
    Request {
        id: id(request_id),
        operator: operator("olivia"),
        organisation: responder("support", TrustLevel::Pinned),
        permissions: permissions.into(),
        session_id: None,
        answer_within: secs(120),
    }
}

pub(crate) fn more(request_id: &str, permissions: impl Into<Permissions>) -> Request {
    Request { session_id: Some(session_id("s1")), ..request(request_id, permissions) }
}

pub(crate) fn operator(id: &str) -> Operator {
    Operator { id: id.parse().unwrap(), name: "Olivia Example".into() }
}

pub(crate) fn visible(request_id: &str) -> Input {
    Input::Prompt(id(request_id), PromptFact::Visibility(Visibility::Visible(Assurance::Proven)))
}

pub(crate) fn covered(request_id: &str) -> Input {
    Input::Prompt(id(request_id), PromptFact::Visibility(Visibility::Covered))
}

pub(crate) fn approve(request_id: &str, permissions: impl Into<Permissions>) -> UserInput {
    UserInput::Approve {
        request_id: id(request_id),
        permissions: permissions.into(),
        limit: secs(3600),
        given_by: None,
        folder: None,
    }
}

pub(crate) fn accepted(request_id: &str, session: &str) -> Input {
    Input::ApprovalAccepted(Accepted { request_id: id(request_id), session_id: session_id(session) })
}

pub(crate) const VIEW: Permission = Permission::View;
pub(crate) const CONTROL: Permission = Permission::Control;
pub(crate) const CHAT: Permission = Permission::Chat;

pub(crate) fn outcome_of(effects: &[Effect], request: &str) -> Option<Outcome> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(Send::Outcome { request_id, outcome, .. }) if *request_id == id(request) => {
            Some(outcome.clone())
        }
        _ => None,
    })
}

pub(crate) fn unanswered(cause: UnansweredCause) -> Option<Outcome> {
    Some(Outcome::Unanswered { cause })
}

pub(crate) fn access_started(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::StartAccess(_)))
}

/// The number with which the access process is to confirm what it was told last.
pub(crate) fn asked(effects: &[Effect]) -> u64 {
    let number = |effect: &Effect| match effect {
        Effect::Confirm(number) => Some(*number),
        _ => None,
    };
    effects.iter().rev().find_map(number).expect("it is asked to confirm")
}

pub(crate) fn end_sent(effects: &[Effect]) -> Option<EndReason> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(Send::End { reason, .. }) => Some(*reason),
        _ => None,
    })
}

pub(crate) fn shown(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::ShowPrompt(_)))
}

pub(crate) fn ended_as(sim: &Sim) -> Option<EndReason> {
    match sim.view().screen {
        Screen::Ended(ended) => Some(ended.reason),
        _ => None,
    }
}
