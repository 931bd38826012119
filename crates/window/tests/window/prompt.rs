//! What the request popup shows and sends, without a display.

use crate::hands::{Hands, said, set_up};
use crate::samples::{self, asking, prompt, view};
use protocol::{InputMethod, Permission, Permissions, RejectReason, TrustLevel, UnansweredCause};
use session::{Notice, PromptStage, PromptView, Screen, UserInput, View};
use slint::{ComponentHandle as _, LogicalSize, platform::Key};
use std::time::Duration;
use window::{PromptUi, ui::PromptWindow};

fn open(view: &View) -> (PromptUi, said::Log) {
    set_up();
    let (tell, log) = said::log();
    let ui = PromptUi::new(tell).unwrap();
    assert!(ui.show_view(view));
    ui.window().show().unwrap();
    ui.window().window().set_size(LogicalSize::new(440.0, 800.0));
    (ui, log)
}

fn hands(ui: &PromptUi) -> Hands<'_, PromptWindow> {
    Hands(ui.window())
}

fn reject(reason: Option<RejectReason>) -> UserInput {
    UserInput::Reject { request_id: "req-1".parse().unwrap(), reason }
}

#[test]
fn approve_sends_exactly_what_is_switched_on_and_for_how_long() {
    let (ui, log) = open(&asking(prompt(TrustLevel::Known)));
    hands(&ui).press("View and copy files");
    hands(&ui).press("Edit and place files");
    hands(&ui).press("30 min");
    hands(&ui).click("Approve 5 of 7");
    use Permission::{Chat, Clipboard, Control, Messages, View};
    let expected = UserInput::Approve {
        request_id: "req-1".parse().unwrap(),
        permissions: Permissions::from([View, Control, Clipboard, Chat, Messages]),
        limit: Duration::from_secs(1800),
        given_by: Some(InputMethod::Pointer),
        folder: None,
    };
    assert_eq!(log.take(), [expected]);
}

#[test]
fn what_cannot_be_granted_cannot_be_switched_on_and_says_why() {
    let (ui, log) = open(&asking(prompt(TrustLevel::New)));
    let control = hands(&ui).find("Use keyboard and mouse");
    assert_eq!(control.accessible_enabled(), Some(false));
    assert_eq!(control.accessible_checked(), Some(false));
    assert_eq!(control.accessible_description().as_deref(), Some("Not in a first request from somebody new"));
    hands(&ui).press("Use keyboard and mouse");
    hands(&ui).press("Approve 3 of 7");
    let [UserInput::Approve { permissions, given_by, .. }] = &log.take()[..] else { panic!("no approval") };
    assert_eq!(*permissions, Permissions::from([Permission::View, Permission::Chat, Permission::Messages]));
    assert_eq!(*given_by, Some(InputMethod::Accessibility));
}

#[test]
fn a_new_view_changes_no_switch_and_a_new_request_all() {
    let (ui, log) = open(&asking(prompt(TrustLevel::Known)));
    hands(&ui).press("Use keyboard and mouse");
    ui.show_view(&asking(PromptView { answer_secs: 50, ..prompt(TrustLevel::Known) }));
    assert_eq!(hands(&ui).find("Use keyboard and mouse").accessible_checked(), Some(false));

    let another = PromptView { request_id: "req-2".parse().unwrap(), ..prompt(TrustLevel::Known) };
    ui.show_view(&asking(another));
    assert_eq!(hands(&ui).find("Use keyboard and mouse").accessible_checked(), Some(true));
    hands(&ui).press("Approve");
    let [UserInput::Approve { request_id, permissions, .. }] = &log.take()[..] else { panic!("no approval") };
    assert_eq!(request_id.as_str(), "req-2");
    assert_eq!(*permissions, Permissions::all());
}

#[test]
fn approve_is_inert_until_a_press_would_count() {
    let (ui, log) = open(&asking(PromptView { approvable: false, ..prompt(TrustLevel::Known) }));
    assert_eq!(hands(&ui).find("Approve").accessible_enabled(), Some(false));
    hands(&ui).press("Approve");
    hands(&ui).click("Approve");
    assert!(log.take().is_empty());

    ui.show_view(&asking(prompt(TrustLevel::Known)));
    assert_eq!(hands(&ui).find("Approve").accessible_enabled(), Some(true));
}

#[test]
fn approving_nothing_is_not_offered() {
    let one =
        PromptView { choices: vec![samples::choice(Permission::Chat, true)], ..prompt(TrustLevel::Known) };
    let (ui, log) = open(&asking(one));
    hands(&ui).press("Chat with you");
    assert_eq!(hands(&ui).find("Approve 0 of 1").accessible_enabled(), Some(false));
    hands(&ui).press("Approve 0 of 1");
    assert!(log.take().is_empty());
}

#[test]
fn keys_meant_for_another_window_press_nothing_and_escape_rejects() {
    let (ui, log) = open(&asking(prompt(TrustLevel::Known)));
    for key in ["\n", " ", "y", "a"] {
        hands(&ui).type_text(key);
    }
    assert!(log.take().is_empty(), "no button is the default");
    hands(&ui).type_text(&char::from(Key::Escape).to_string());
    assert_eq!(log.take(), [reject(None)]);
}

#[test]
fn approve_can_be_reached_and_pressed_by_keyboard() {
    let (ui, log) = open(&asking(prompt(TrustLevel::Known)));
    // Seven switches, the folder, four lengths, more time, reject, reasons, approve.
    for _ in 0..16 {
        hands(&ui).type_text(&char::from(Key::Tab).to_string());
    }
    hands(&ui).type_text(" ");
    let [UserInput::Approve { given_by, .. }] = &log.take()[..] else { panic!("no approval") };
    assert_eq!(*given_by, Some(InputMethod::Keyboard));
}

#[test]
fn every_reason_for_a_no_can_be_given() {
    for (words, reason) in [
        ("Not now", RejectReason::NotNow),
        ("I did not ask for this", RejectReason::NotRequested),
        ("Looks suspicious", RejectReason::Suspicious),
    ] {
        let (ui, log) = open(&asking(prompt(TrustLevel::New)));
        hands(&ui).press("Reject with a reason");
        assert!(hands(&ui).sees("+44 20 7946 0000"));
        hands(&ui).press(words);
        if reason == RejectReason::Suspicious {
            assert!(log.take().is_empty(), "the user reads first what follows");
            hands(&ui).press("Reject and report");
        }
        assert_eq!(log.take(), [reject(Some(reason))]);
    }
    let (ui, log) = open(&asking(prompt(TrustLevel::New)));
    hands(&ui).click("Reject");
    assert_eq!(log.take(), [reject(None)]);
}

#[test]
fn a_test_says_that_it_is_one_and_has_nothing_that_approves() {
    let (ui, log) = open(&asking(prompt(TrustLevel::Known)));
    ui.window().set_test(true);
    assert!(hands(&ui).sees("This is only a test. Nobody wants to connect."));
    for words in ["Olivia Example", "Example Support", "Approve", "Connected before", "See your desktop"] {
        assert!(!hands(&ui).sees(words), "{words}");
    }
    hands(&ui).press("I can see it");
    assert_eq!(log.take(), [reject(None)]);
}

#[test]
fn what_looks_suspicious_says_what_follows_and_can_end_everything() {
    let (ui, log) = open(&asking(prompt(TrustLevel::New)));
    hands(&ui).press("Reject with a reason");
    hands(&ui).press("Looks suspicious");
    assert!(hands(&ui).sees("Hang up, and call +44 20 7946 0000."));
    assert!(hands(&ui).sees("The operator only learns that you said no."));
    assert!(hands(&ui).sees("can no longer ask on this computer, and the service is told."));
    assert!(!hands(&ui).sees("Approve"), "nothing else can be pressed by mistake");
    hands(&ui).press("Back");
    assert!(hands(&ui).sees("Approve 3 of 7"));

    hands(&ui).press("Looks suspicious");
    hands(&ui).press("Reject, report and end everything");
    assert_eq!(log.take(), [UserInput::RejectAndEnd { request_id: "req-1".parse().unwrap() }]);

    let ready =
        View { prompt: Some(prompt(TrustLevel::New)), ..view(Screen::Ready { accepted: true, help: None }) };
    let (ui, log) = open(&ready);
    hands(&ui).press("Reject with a reason");
    hands(&ui).press("Looks suspicious");
    assert!(!hands(&ui).sees("end everything"), "a device has nothing else to end");
    hands(&ui).type_text(&char::from(Key::Escape).to_string());
    assert_eq!(log.take(), [reject(None)], "Esc is a no from here too");
}

#[test]
fn the_popup_says_who_asks_how_they_are_known_and_what_silence_means() {
    for (trust, words) in [
        (TrustLevel::Pinned, "Verified organisation"),
        (TrustLevel::Known, "Connected before"),
        (TrustLevel::New, "Did you call them, or did they call you?"),
        (TrustLevel::Changed, "with a different key"),
    ] {
        let (ui, _) = open(&asking(prompt(trust)));
        let hands = hands(&ui);
        assert!(hands.sees("Operator Olivia Example from Example Support wants to connect to your computer"));
        assert!(hands.sees(words), "{words}");
        assert!(hands.sees("If you do not answer within 1 minute 45 seconds, the answer is no."));
    }
}

#[test]
fn more_time_and_closing_the_window_are_told() {
    let (ui, log) = open(&asking(prompt(TrustLevel::Known)));
    hands(&ui).press("More time");
    assert_eq!(log.take(), [UserInput::MoreTime { request_id: "req-1".parse().unwrap() }]);
    ui.window().window().dispatch_event(slint::platform::WindowEvent::CloseRequested);
    assert_eq!(log.take(), [reject(None)]);
    assert!(ui.window().window().is_visible());
}

#[test]
fn once_approved_there_is_nothing_left_to_press() {
    let approving = PromptView { stage: PromptStage::Approving, ..prompt(TrustLevel::Known) };
    let (ui, _) = open(&asking(approving));
    assert!(hands(&ui).sees("Connecting…"));
    assert!(!hands(&ui).sees("Approve"));
}

#[test]
fn a_request_that_was_withdrawn_says_so_and_one_that_was_rejected_goes() {
    let over = View {
        notice: Some(Notice::Unanswered {
            operator_name: "Olivia Example".into(),
            cause: UnansweredCause::Withdrawn,
        }),
        ..view(Screen::Waiting { expires_at: samples::at("2026-03-01T14:05:00Z") })
    };
    let (ui, _) = open(&asking(prompt(TrustLevel::Known)));
    assert!(ui.show_view(&over));
    assert!(hands(&ui).sees("Olivia Example took the request back."));

    let (ui, _) = open(&asking(prompt(TrustLevel::Known)));
    hands(&ui).press("Reject");
    assert!(!ui.show_view(&View { notice: None, ..over }));
}

#[test]
fn the_folder_is_shown_and_another_can_be_chosen() {
    set_up();
    let home = tempfile::tempdir().unwrap();
    for folder in ["Downloads", "Documents/Printer", ".hidden"] {
        std::fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    let (tell, log) = said::log();
    let ui = PromptUi::at_home(tell, Some(home.path().to_owned())).unwrap();
    let with_folder =
        || asking(PromptView { folder: Some(samples::folder(home.path())), ..prompt(TrustLevel::Known) });
    assert!(ui.show_view(&with_folder()));
    ui.window().show().unwrap();
    ui.window().window().set_size(LogicalSize::new(440.0, 800.0));
    assert!(hands(&ui).sees("Files in ~/Downloads"));
    hands(&ui).press("Change");
    assert!(!hands(&ui).sees(".hidden"));
    assert_eq!(hands(&ui).find("Use this folder").accessible_enabled(), Some(false), "it is the home folder");
    hands(&ui).press("\u{2068}Documents\u{2069}");
    hands(&ui).press("\u{2068}Printer\u{2069}");
    assert!(hands(&ui).sees("There is no folder in here."));
    // The countdown goes on, and changes nothing of it.
    ui.show_view(&with_folder());
    hands(&ui).press("Use this folder");
    assert!(hands(&ui).sees("Files in ~/Documents/Printer"));
    hands(&ui).press("Approve");
    let [UserInput::Approve { folder, .. }] = &log.take()[..] else { panic!("no approval") };
    assert_eq!(folder.as_deref(), Some(home.path().join("Documents/Printer").as_path()));
}

#[test]
fn esc_goes_back_from_the_folders_and_rejects_nothing() {
    let (ui, log) = open(&asking(prompt(TrustLevel::Known)));
    hands(&ui).press("Change");
    hands(&ui).type_text(&String::from(char::from(Key::Escape)));
    assert_eq!(log.take(), []);
    assert!(hands(&ui).sees("If you approve, the operator can:"));
}

#[test]
fn a_folder_that_is_shared_already_is_shown_and_stays() {
    let fixed = session::FolderChoice { can_change: false, ..samples::folder(samples::HOME.as_ref()) };
    let (ui, _) = open(&asking(PromptView { folder: Some(fixed), ..prompt(TrustLevel::Known) }));
    assert!(hands(&ui).sees("Files in "));
    assert!(hands(&ui).all("Change").is_empty());
}

#[test]
fn where_files_cannot_be_granted_no_folder_is_offered() {
    let (ui, _) = open(&asking(prompt(TrustLevel::New)));
    assert!(hands(&ui).all("Change").is_empty());
}
