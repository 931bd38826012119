//! Random steps: whatever happens, in whatever order, the promises of the [`Model`] hold after every call.

use crate::{model::Model, sim::*};
use proptest::prelude::*;
use protocol::{
    Action, Actions, EndReason, Permission, Permissions, RejectReason, TrustLevel, event::MessageKind,
};
use session::{
    AccessFact, Assurance, ClipboardFact, Config, Direction, Effect, FileChange, FilesFact, Input,
    JoinFailure, LinkTrouble, NotSent, PromptFact, Request, Speaker, TransferEnd, UserInput, Visibility,
};
use std::time::Duration;

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there are sixty of them at most")]
enum Step {
    Give(Input),
    /// An input about whatever request is open, so that deep states are reached often.
    AboutOpen(AboutOpen),
    /// A request with a fresh id.
    Ask {
        trust: TrustLevel,
        organisation: u8,
        operator: u8,
        permissions: Permissions,
        more: bool,
        within: u64,
    },
    Advance(Duration),
    Sleep(Duration),
    /// All it takes to get the open request approved.
    SayYes(Permissions),
}

#[derive(Clone, Debug)]
enum AboutOpen {
    Approve(Permissions),
    Reject(Option<RejectReason>),
    RejectAndEnd,
    MoreTime,
    Fact(PromptFact),
    Withdrawn,
    Recorded,
    RecordFailed,
    Accepted(u8),
    Refused,
    Repeat,
}

fn permissions() -> impl Strategy<Value = Permissions> {
    prop_oneof![
        Just(Permissions::all()),
        prop::sample::subsequence(protocol_permissions(), 0..=7).prop_map(|list| list.into_iter().collect()),
    ]
}

fn protocol_permissions() -> Vec<Permission> {
    Permissions::all().iter().collect()
}

fn durations() -> impl Strategy<Value = Duration> {
    let millis = [
        1, 50, 100, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 61_000, 120_000, 300_000, 600_000,
        7_200_000,
    ];
    prop::sample::select(millis.map(Duration::from_millis).to_vec())
}

fn trust() -> impl Strategy<Value = TrustLevel> {
    prop::sample::select(vec![TrustLevel::Pinned, TrustLevel::Known, TrustLevel::New, TrustLevel::Changed])
}

fn visibility() -> impl Strategy<Value = Visibility> {
    prop::sample::select(vec![
        Visibility::Visible(Assurance::Proven),
        Visibility::Visible(Assurance::Active),
        Visibility::Covered,
    ])
}

fn about_open() -> impl Strategy<Value = AboutOpen> {
    prop_oneof![
        3 => permissions().prop_map(AboutOpen::Approve),
        1 => prop::sample::select(vec![None, Some(RejectReason::NotNow), Some(RejectReason::Suspicious)])
            .prop_map(AboutOpen::Reject),
        1 => Just(AboutOpen::RejectAndEnd),
        1 => Just(AboutOpen::MoreTime),
        1 => Just(AboutOpen::Fact(PromptFact::Shown)),
        3 => visibility().prop_map(|seen| AboutOpen::Fact(PromptFact::Visibility(seen))),
        1 => Just(AboutOpen::Fact(PromptFact::Failed)),
        1 => Just(AboutOpen::Withdrawn),
        3 => Just(AboutOpen::Recorded),
        1 => Just(AboutOpen::RecordFailed),
        3 => (1u8..4).prop_map(AboutOpen::Accepted),
        1 => Just(AboutOpen::Refused),
        1 => Just(AboutOpen::Repeat),
    ]
}

fn plain_input() -> impl Strategy<Value = Input> {
    let session = || session_id("s1");
    let one_of = prop::sample::select(vec![
        Input::User(UserInput::Start { code: code() }),
        Input::User(UserInput::ConfirmJoin),
        Input::User(UserInput::CancelJoin),
        Input::User(UserInput::Review),
        Input::User(UserInput::End),
        Input::User(UserInput::Report),
        Input::User(UserInput::Unmute),
        Input::FoundMuted([responder("support", TrustLevel::New).id].into()),
        Input::User(UserInput::Prolong { by: secs(1800) }),
        Input::User(UserInput::Say { text: "hello".into() }),
        Input::User(UserInput::ChatSeen),
        Input::User(UserInput::SendCopied),
        Input::User(UserInput::SendCopied),
        Input::User(UserInput::AskForHelp { text: "help".into() }),
        Input::User(UserInput::WithdrawHelp),
        Input::User(UserInput::DoNotDisturb { on: true }),
        Input::User(UserInput::DoNotDisturb { on: false }),
        Input::User(UserInput::CloseSummary),
        Input::User(UserInput::CloseNotice),
        Input::CodeOffered(code()),
        Input::LookedUp { organisation: organisation(), trust: TrustLevel::New },
        Input::Joined(invitation(TrustLevel::New)),
        Input::Joined(device()),
        Input::JoinFailed(JoinFailure::WrongCode),
        Input::StandingLost,
        Input::EnrolmentRefused { detail: "used up".into() },
        Input::Terminating,
        Input::LinkLost(LinkTrouble::Unreachable),
        Input::LinkRestored,
        Input::LinkRestored,
        Input::Suspending,
        Input::Resumed { asleep: secs(5) },
        Input::Resumed { asleep: secs(500) },
        Input::ScreenLocked,
        Input::ScreenUnlocked,
        Input::ScreenUnlocked,
        Input::Synchronised { request_id: None, session_id: None, help_id: None },
        Input::Synchronised { request_id: None, session_id: Some(session()), help_id: None },
        Input::SessionEnded { session_id: session(), reason: EndReason::Operator },
        Input::OperatorPresence { session_id: session(), present: false },
        Input::MessageReceived {
            session_id: session(),
            message_id: "m1".parse().unwrap(),
            kind: MessageKind::Chat,
            text: "hello".into(),
        },
        Input::MessageDelivered { session_id: session(), number: 1 },
        Input::MessageRefused { session_id: session(), number: 2 },
        Input::Access(AccessFact::Started),
        Input::Access(AccessFact::TunnelStands),
        Input::Access(AccessFact::TunnelStands),
        Input::Access(AccessFact::TunnelLost),
        Input::Access(AccessFact::Unsupported { permission: Permission::View }),
        Input::Access(AccessFact::Clipboard(ClipboardFact::Passed { from: Speaker::User, characters: 5 })),
        Input::Access(AccessFact::Clipboard(ClipboardFact::NotSent { why: NotSent::Secret })),
        Input::Access(AccessFact::Confirmed { number: 1 }),
        Input::Access(AccessFact::Confirmed { number: 2 }),
        Input::Access(AccessFact::Ended),
        Input::Access(AccessFact::Doing { actions: Actions::all() }),
        Input::Access(AccessFact::Doing { actions: Actions::from([Action::Viewing]) }),
    ]);
    let take_back = prop::sample::select(protocol_permissions())
        .prop_map(|permission| Input::User(UserInput::TakeBack { permission }));
    let confirmed = (1u64..6).prop_map(|number| Input::Access(AccessFact::Confirmed { number }));
    prop_oneof![12 => one_of, 1 => take_back, 1 => confirmed, 2 => files_input(), 2 => late_input()]
}

/// What an access process said before it was killed, and is heard afterwards.
fn late_input() -> impl Strategy<Value = Input> {
    let began = |id| {
        let (name, direction) = (String::from("late"), Direction::Upload);
        AccessFact::Files(FilesFact::Began { id, name, size: None, offset: 0, direction })
    };
    let deleted = FileChange::Deleted { name: "b".into() };
    let fact = prop_oneof![
        2 => (0u64..3).prop_map(began),
        1 => Just(AccessFact::Files(FilesFact::Changed(deleted))),
        1 => Just(AccessFact::Clipboard(ClipboardFact::Passed { from: Speaker::Operator, characters: 7 })),
        1 => Just(AccessFact::Doing { actions: Actions::all() }),
        1 => (0u64..5).prop_map(|number| AccessFact::Confirmed { number }),
        1 => Just(AccessFact::TunnelStands),
        2 => Just(AccessFact::Ended),
    ];
    let session = prop::sample::select(vec!["s1", "s1", "s2"]);
    (session, fact).prop_map(|(id, fact)| Input::AccessLate { session_id: session_id(id), fact })
}

/// About a few transfers, in any order.
fn files_input() -> impl Strategy<Value = Input> {
    let fact = |fact| Input::Access(AccessFact::Files(fact));
    let began =
        |id| FilesFact::Began { id, name: "a".into(), size: None, offset: 0, direction: Direction::Download };
    let name = || "b".into();
    prop_oneof![
        3 => (0u64..3).prop_map(move |id| fact(began(id))),
        1 => (0u64..3, 0u64..9).prop_map(move |(id, bytes)| fact(FilesFact::Moved { id, bytes })),
        2 => (0u64..3, 0u64..9).prop_map(move |(id, bytes)| {
            fact(FilesFact::Ended { id, bytes, end: TransferEnd::Done })
        }),
        1 => Just(()).prop_map(move |()| fact(FilesFact::Changed(FileChange::Deleted { name: name() }))),
        1 => (0u64..3).prop_map(|id| Input::User(UserInput::CancelTransfer { id })),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (
        trust(),
        0u8..2,
        0u8..2,
        permissions(),
        any::<bool>(),
        prop::sample::select(vec![1u64, 60, 120, 900]),
    )
        .prop_map(|(trust, organisation, operator, permissions, more, within)| Step::Ask {
            trust,
            organisation,
            operator,
            permissions,
            more,
            within,
        });
    let step = prop_oneof![
        6 => plain_input().prop_map(Step::Give),
        6 => about_open().prop_map(Step::AboutOpen),
        4 => ask,
        4 => durations().prop_map(Step::Advance),
        1 => durations().prop_map(Step::Sleep),
        3 => permissions().prop_map(Step::SayYes),
    ];
    prop::collection::vec(step, 1..60)
}

fn configs() -> impl Strategy<Value = Config> {
    (permissions(), any::<bool>(), prop::sample::select(vec![600u64, 8 * 3600])).prop_map(
        |(permissions, all, longest)| Config {
            permissions: if all { Permissions::all() } else { permissions },
            longest_session: secs(longest),
            ..Config::default()
        },
    )
}

/// The core, the model, and a count of the requests made.
struct World {
    sim: Sim,
    model: Model,
    config: Config,
    asked: u32,
    last: Option<Request>,
}

impl World {
    fn new(config: Config, device_first: bool) -> Self {
        let mut world =
            Self { sim: Sim::new(config.clone()), model: Model::new(), config, asked: 0, last: None };
        if device_first {
            world.give(Input::Joined(device()));
        }
        world
    }

    fn give(&mut self, input: Input) {
        // What is due happens first, as the core does it, so that the model sees the two apart.
        self.pass(Duration::ZERO);
        self.model.input(&input, &self.config, self.sim.now);
        let effects = self.sim.give(input.clone());
        self.check(Some(&input), &effects);
    }

    fn pass(&mut self, by: Duration) {
        let until = self.sim.now.boot + by;
        while let Some((due, _)) = self.sim.agent.poll_timeout().filter(|&(due, _)| due <= until) {
            let step = due.saturating_sub(self.sim.now.boot);
            let effects = self.sim.advance(step);
            self.check(None, &effects);
        }
        self.sim.sleep(until - self.sim.now.boot);
    }

    fn check(&mut self, input: Option<&Input>, effects: &[Effect]) {
        self.model.effects(input, effects, self.sim.now);
        let deadline = self.sim.agent.poll_timeout().map(|(due, _)| due);
        self.model.view(&self.sim.view(), deadline, &self.config, self.sim.now);
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Give(input) => self.give(input),
            Step::Advance(by) => self.pass(by),
            Step::Sleep(by) => {
                self.sim.sleep(by);
                self.pass(Duration::ZERO);
            }
            Step::Ask { trust, organisation, operator: who, permissions, more: further, within } => {
                self.asked += 1;
                let name = format!("r{}", self.asked);
                let template = if further { more(&name, permissions) } else { request(&name, permissions) };
                let request = Request {
                    organisation: responder(["support", "other"][usize::from(organisation)], trust),
                    operator: operator(["olivia", "oscar"][usize::from(who)]),
                    answer_within: secs(within),
                    ..template
                };
                self.last = Some(request.clone());
                self.give(Input::RequestReceived(request));
            }
            Step::AboutOpen(about) => self.about_open(about),
            Step::SayYes(permissions) => {
                for about in [
                    AboutOpen::Fact(PromptFact::Shown),
                    AboutOpen::Fact(PromptFact::Visibility(Visibility::Visible(Assurance::Proven))),
                ] {
                    self.about_open(about);
                }
                self.pass(secs(1));
                self.about_open(AboutOpen::Approve(permissions));
                self.about_open(AboutOpen::Recorded);
                self.about_open(AboutOpen::Accepted(1));
            }
        }
    }

    fn about_open(&mut self, about: AboutOpen) {
        let open = self.sim.view().prompt.map(|prompt| prompt.request_id);
        let Some(request_id) = open.or_else(|| self.last.as_ref().map(|request| request.id.clone())) else {
            return;
        };
        self.give(match about {
            AboutOpen::Approve(permissions) => {
                let (limit, given_by, folder) = (secs(3600), None, None);
                Input::User(UserInput::Approve { request_id, permissions, limit, given_by, folder })
            }
            AboutOpen::Reject(reason) => Input::User(UserInput::Reject { request_id, reason }),
            AboutOpen::RejectAndEnd => Input::User(UserInput::RejectAndEnd { request_id }),
            AboutOpen::MoreTime => Input::User(UserInput::MoreTime { request_id }),
            AboutOpen::Fact(fact) => Input::Prompt(request_id, fact),
            AboutOpen::Withdrawn => Input::RequestWithdrawn(request_id),
            AboutOpen::Recorded => Input::Recorded(request_id),
            AboutOpen::RecordFailed => Input::RecordFailed(request_id),
            AboutOpen::Accepted(session) => accepted(request_id.as_str(), &format!("s{session}")),
            AboutOpen::Refused => Input::ApprovalRefused(request_id),
            AboutOpen::Repeat => match &self.last {
                Some(request) => Input::RequestReceived(request.clone()),
                None => return,
            },
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        // `PROPTEST_CASES` makes the long run longer.
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_promises_hold_whatever_happens(config in configs(), device_first in any::<bool>(), steps in steps()) {
        let mut world = World::new(config, device_first);
        for step in steps {
            world.run(step);
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_effects(config in configs(), steps in steps()) {
        let run = |steps: &[Step]| {
            let mut world = World::new(config.clone(), true);
            for step in steps {
                world.run(step.clone());
            }
            world.sim.effects
        };
        prop_assert_eq!(run(&steps), run(&steps));
    }

    #[test]
    fn a_spurious_timeout_changes_nothing(config in configs(), steps in steps()) {
        let mut world = World::new(config, true);
        for step in steps {
            world.run(step);
            let (before, now) = (world.sim.view(), world.sim.now);
            world.sim.agent.handle_timeout(now);
            prop_assert!(world.sim.agent.poll_effect().is_none());
            prop_assert_eq!(before, world.sim.view());
        }
    }
}
