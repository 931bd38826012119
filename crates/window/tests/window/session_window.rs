//! What the session window shows and sends, without a display.

use crate::hands::{Hands, said, set_up};
use crate::samples::{self, idle, session, view};
use crate::scenes;
use i_slint_backend_testing::{AccessibleRole, ElementQuery};
use line::FromWindow;
use protocol::{EndReason, Permission, Permissions};
use session::{EndedView, HelpStatus, Notice, Screen, SessionView, UserInput, View};
use slint::{ComponentHandle as _, LogicalSize, platform::Key};
use std::{cell::Cell, fs, path::Path, rc::Rc, time::Duration};
use window::{
    BarUi, SessionUi,
    ui::{Question, SessionWindow, Ui},
};

fn open(view: &View) -> (SessionUi, said::Log) {
    set_up();
    let (tell, log) = said::log();
    let ui = SessionUi::new(tell).unwrap();
    ui.window().window().set_size(LogicalSize::new(420.0, 560.0));
    ui.show_view(view);
    ui.window().show().unwrap();
    (ui, log)
}

fn hands(ui: &SessionUi) -> Hands<'_, SessionWindow> {
    Hands(ui.window())
}

fn running(session: SessionView) -> View {
    view(Screen::Session(session))
}

#[test]
fn every_screen_shows_what_it_is_about() {
    let expected = [
        ("idle", "Enter your session code"),
        ("idle-offered", "A link or another program filled this code in."),
        ("idle-wrong-code", "No invitation has this code."),
        ("idle-locked-out", "You can try the next code in 1 minute 35 seconds."),
        ("idle-refused", "The service is closed for maintenance until 15:00."),
        ("idle-certificate", "The service could not prove who it is."),
        ("idle-taken", "This code was already used on another computer."),
        ("idle-waited-in-vain", "No operator asked in time."),
        ("idle-retired", "This computer is no longer one of the organisation's devices."),
        ("idle-not-enrolled", "This enrolment token is used up."),
        ("idle-managed", "Managed by your organisation. Questions: Example Support, extension 4711"),
        ("idle-switched-off", "Session codes are switched off on this computer."),
        ("idle-offline", "The service has not been reached since"),
        ("idle-certificate-link", "certificate is not trusted by this computer"),
        ("joining-looking-up", "Looking up the code…"),
        ("joining-confirm-new", "Join Example Support (support.example)?"),
        ("joining-confirm-pinned", "Verified organisation"),
        ("joining-confirm-changed", "This may be somebody else."),
        ("joining-entering", "Joining…"),
        ("waiting", "Waiting for operator…"),
        ("waiting-withdrawn", "Olivia Example took the request back."),
        ("waiting-told-busy", "asked to connect and was told that you are busy."),
        ("waiting-not-started", "did not start. Your approval has lapsed."),
        ("waiting-rejected", "You rejected the request of"),
        ("waiting-muted", "hang up, and call +44 20 7946 0000"),
        ("waiting-request", "Olivia Example wants to connect"),
        ("ready", "Operators can ask to connect. Nothing happens until you approve."),
        ("ready-sending", "Asking for help…"),
        ("ready-queued", "You asked for help"),
        ("ready-taken", "Olivia Example will help you"),
        ("ready-failed", "Your request for help could not be sent. Try again."),
        ("ready-quiet-request", "Review"),
        ("ready-not-accepted", "Your organisation has not accepted this computer yet."),
        ("session", "CONTROLLING"),
        ("session-connected", "CONNECTED"),
        ("session-all-actions", "TRANSFERRING FILES"),
        ("session-reconnecting", "The connection is lost."),
        ("session-suspended", "Your screen is locked."),
        ("session-unsupported-display", "The operator can neither see your screen nor"),
        ("session-clipboard-sent", "42 characters went to the operator at "),
        ("session-clipboard-received", "The operator put 1 character into your clipboard at "),
        ("session-clipboard-secret", "marks it as secret"),
        ("session-operator-left", "Operator, not at the console now"),
        ("session-no-chat", "Chat is not part of this session."),
        ("session-links", "Open support.example"),
        ("session-undelivered", "not sent"),
        ("session-soon-over", "The session ends in 1 minute 35 seconds"),
        ("session-long-name", "Maximiliane-Katharina"),
        ("session-hostile-name", "<b>\"Olivia\" &amp; 'IT'</b>elpmaxE%s{}"),
        ("session-foreign-script", "Example"),
        ("ended", "You ended the session."),
        ("ended-reported", "You ended and reported the session."),
        ("ended-files", "4 files went to the operator: 5.2 GB"),
        ("ended-clipboard", "You sent 1 text."),
        ("ended-unsent", "1 message of yours was not sent."),
    ];
    let scenes = scenes::windows();
    assert_eq!(scenes.iter().map(|(name, _)| *name).collect::<Vec<_>>(), expected.map(|(name, _)| name));
    for ((name, view), (_, words)) in scenes.into_iter().zip(expected) {
        let (ui, _) = open(&view);
        assert!(hands(&ui).sees(words), "{name}: {:?}", hands(&ui).texts());
        assert_eq!(hands(&ui).sees("End Session"), view.can_end(), "{name}");
    }
}

#[test]
fn a_code_is_typed_in_groups_and_started() {
    let (ui, log) = open(&view(idle()));
    hands(&ui).type_text("12345678");
    assert_eq!(ui.window().get_code(), "123-456-78");
    assert_eq!(hands(&ui).find("Start").accessible_enabled(), Some(false));
    hands(&ui).type_text("9");
    assert_eq!(ui.window().get_code(), "123-456-789");
    hands(&ui).press("Start");
    assert_eq!(log.take(), [UserInput::Start { code: "123456789".parse().unwrap() }]);
}

#[test]
fn an_offered_code_is_filled_in_and_waits_for_start() {
    let offered = Screen::Idle {
        code: Some("123456789".parse().unwrap()),
        problem: None,
        retry_secs: None,
        codes_allowed: true,
    };
    let (ui, log) = open(&view(offered.clone()));
    assert_eq!(ui.window().get_code(), "123-456-789");
    assert!(log.take().is_empty(), "nothing is sent by itself");
    // What the user types stays, however often the same offer is shown.
    hands(&ui).type_text(&char::from(Key::Backspace).to_string());
    ui.show_view(&view(offered));
    assert_eq!(ui.window().get_code(), "123-456-78");
}

#[test]
fn no_code_can_be_tried_while_the_pause_lasts() {
    let paused = |retry_secs| Screen::Idle { code: None, problem: None, retry_secs, codes_allowed: true };
    let (ui, log) = open(&view(paused(Some(30))));
    hands(&ui).type_text("123456789\n");
    hands(&ui).press("Start");
    assert!(log.take().is_empty());
    ui.show_view(&view(paused(None)));
    hands(&ui).press("Start");
    assert_eq!(log.take().len(), 1);
}

#[test]
fn joining_is_confirmed_or_cancelled() {
    let scene = |name| scenes::windows().into_iter().find(|(scene, _)| *scene == name).unwrap().1;
    let (ui, log) = open(&scene("joining-confirm-new"));
    hands(&ui).press("Join");
    hands(&ui).press("Cancel");
    hands(&ui).press("End Session");
    assert_eq!(log.take(), [UserInput::ConfirmJoin, UserInput::CancelJoin, UserInput::End]);
}

#[test]
fn a_permission_that_is_switched_off_is_taken_back_and_gone() {
    let (ui, log) = open(&running(session()));
    hands(&ui).press("Permissions");
    hands(&ui).press("Use keyboard and mouse");
    assert_eq!(log.take(), [UserInput::TakeBack { permission: Permission::Control }]);
    let rest = Permissions::all().difference(Permissions::from([Permission::Control]));
    ui.show_view(&running(SessionView { granted: rest, ..session() }));
    assert!(!hands(&ui).sees("Use keyboard and mouse"));
    assert!(hands(&ui).sees("View and copy files"));
}

#[test]
fn what_was_copied_is_sent_at_the_users_word_where_the_clipboard_is_granted() {
    let (ui, log) = open(&running(session()));
    hands(&ui).press("Send what I copied");
    assert_eq!(log.take(), [UserInput::SendCopied]);
    let clipboard = session::ClipboardView { is_sending: true, ..session().clipboard };
    ui.show_view(&running(SessionView { clipboard, ..session() }));
    assert_eq!(hands(&ui).find("Send what I copied").accessible_enabled(), Some(false));
    let rest = Permissions::all().difference(Permissions::from([Permission::Clipboard]));
    ui.show_view(&running(SessionView { granted: rest, ..session() }));
    assert!(!hands(&ui).sees("Send what I copied"));
    let unsupported = Permissions::from([Permission::Clipboard]);
    ui.show_view(&running(SessionView { unsupported, ..session() }));
    assert!(!hands(&ui).sees("Send what I copied"));
    assert!(hands(&ui).sees("The clipboard cannot be exchanged"));
}

#[test]
fn the_session_is_prolonged_and_ended() {
    let (ui, log) = open(&running(session()));
    hands(&ui).press("Prolong by 30 minutes");
    hands(&ui).click("End Session");
    assert_eq!(log.take(), [UserInput::Prolong { by: Duration::from_secs(1800) }, UserInput::End]);
    ui.show_view(&running(SessionView { can_prolong: false, ..session() }));
    assert!(!hands(&ui).sees("Prolong"));
}

#[test]
fn what_is_written_is_said_once_and_the_field_is_empty_again() {
    let (ui, log) = open(&running(session()));
    assert!(hands(&ui).sees("Note from Olivia Example, "));
    ui.window().set_draft("  Which cable?  ".into());
    hands(&ui).press("Send");
    assert_eq!(log.take(), [UserInput::Say { text: "Which cable?".into() }]);
    assert_eq!(ui.window().get_draft(), "");
    assert_eq!(hands(&ui).find("Send").accessible_enabled(), Some(false));
}

#[test]
fn chat_lines_count_as_seen_only_before_the_users_eyes() {
    let unread = || running(SessionView { unread: 2, ..session() });
    let (ui, log) = open(&running(session()));
    hands(&ui).press("Permissions");
    ui.show_view(&unread());
    assert!(log.take().is_empty(), "another tab is open");
    assert!(hands(&ui).sees("Chat, 2 unread"));
    hands(&ui).press("Chat, 2 unread");
    assert_eq!(log.take(), [UserInput::ChatSeen]);

    ui.set_active(false);
    ui.show_view(&unread());
    assert!(log.take().is_empty(), "another window is active");
    ui.set_active(true);
    assert_eq!(log.take(), [UserInput::ChatSeen]);
}

#[test]
fn help_is_asked_for_and_withdrawn() {
    let ready = |help| view(Screen::Ready { accepted: true, help });
    let (ui, log) = open(&ready(None));
    ui.window().set_help_text("The printer is on fire".into());
    hands(&ui).press("Ask for help");
    assert_eq!(log.take(), [UserInput::AskForHelp { text: "The printer is on fire".into() }]);
    ui.show_view(&ready(Some(HelpStatus::Queued)));
    hands(&ui).press("Withdraw");
    hands(&ui).press("Do not disturb for an hour");
    assert_eq!(log.take(), [UserInput::WithdrawHelp, UserInput::DoNotDisturb { on: true }]);
}

#[test]
fn notices_are_closed_quiet_requests_reviewed_and_summaries_done() {
    let scene = |name| scenes::windows().into_iter().find(|(scene, _)| *scene == name).unwrap().1;
    for (name, button, input) in [
        ("waiting-rejected", "Close this note", UserInput::CloseNotice),
        ("waiting-muted", "Show them again", UserInput::Unmute),
        ("ready-quiet-request", "Review", UserInput::Review),
        ("ended", "Done", UserInput::CloseSummary),
    ] {
        let (ui, log) = open(&scene(name));
        hands(&ui).press(button);
        assert_eq!(log.take(), [input]);
    }
}

#[test]
fn whoever_thinks_that_something_is_wrong_reads_what_follows_and_can_end_and_report() {
    let (ui, log) = open(&running(session()));
    hands(&ui).press("Permissions");
    hands(&ui).press("Something is wrong");
    assert!(hands(&ui).sees("You may stop at any moment, whatever somebody told you."));
    assert!(hands(&ui).sees("Olivia Example can see and do nothing more here, at once."));
    assert!(hands(&ui).sees("The operator only learns that you ended the session."));
    assert!(hands(&ui).sees("Hang up, and call +44 20 7946 0000."));
    assert!(log.take().is_empty(), "nothing is sent yet");
    hands(&ui).type_text(&char::from(Key::Escape).to_string());
    assert!(hands(&ui).sees("Prolong by 30 minutes") && log.take().is_empty());

    hands(&ui).press("Something is wrong");
    hands(&ui).press("Only end the session");
    hands(&ui).press("Something is wrong");
    hands(&ui).press("End and report");
    assert_eq!(log.take(), [UserInput::End, UserInput::Report]);
}

#[test]
fn a_session_that_is_over_is_reported_once_it_was_said_what_follows() {
    let over = |reason, suspicious| view(Screen::Ended(EndedView { reason, suspicious, ..samples::ended() }));
    let (ui, log) = open(&over(EndReason::Operator, false));
    hands(&ui).press("Something is wrong");
    assert!(hands(&ui).sees("The session is over: Olivia Example can see and do nothing more here."));
    assert!(hands(&ui).sees("The operator does not learn of it."));
    assert!(hands(&ui).sees("Hang up, and call +44 20 7946 0000."));
    assert!(!hands(&ui).sees("Only end the session"));
    assert!(log.take().is_empty(), "nothing is sent yet");
    hands(&ui).press("Report the session");
    assert_eq!(log.take(), [UserInput::Report]);
    ui.show_view(&over(EndReason::Operator, true));
    assert!(
        hands(&ui).sees("The operator ended the session. You reported the session."),
        "{:?}",
        hands(&ui).texts()
    );
    assert!(!hands(&ui).sees("Something is wrong"), "once is enough");
}

#[test]
fn who_is_muted_can_be_heard_again_where_they_could_ask() {
    let muted = |can_undo| Notice::Muted {
        organisation_name: "Example Support".into(),
        number_to_call: None,
        can_undo,
    };
    let with = |can_undo| View { notice: Some(muted(can_undo)), ..view(idle()) };
    let (ui, log) = open(&with(true));
    assert!(!hands(&ui).sees("Close this note"));
    hands(&ui).press("Show them again");
    ui.show_view(&with(false));
    assert!(!hands(&ui).sees("Show them again"));
    hands(&ui).press("Close this note");
    assert_eq!(log.take(), [UserInput::Unmute, UserInput::CloseNotice]);
}

#[test]
fn who_asked_for_less_movement_sees_none() {
    let (ui, _) = open(&view(idle()));
    let ui = ui.window().global::<Ui>();
    assert_ne!(ui.get_moment(), 0);
    ui.set_motion(false);
    assert_eq!(ui.get_moment(), 0);
    // And nothing moves by another measure.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../resources/ui");
    let files = [&folder, &folder.join("screens")].map(|folder| fs::read_dir(folder).unwrap());
    let mut moving = 0;
    for file in files.into_iter().flatten().map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        for line in fs::read_to_string(&file).unwrap().lines().filter(|line| line.contains("animate ")) {
            moving += 1;
            assert!(line.contains("duration: Ui.moment;"), "{}: {line}", file.display());
        }
    }
    assert!(moving > 0);
}

#[test]
fn closing_the_window_during_a_session_asks_and_ends_nothing_by_itself() {
    let (ui, log) = open(&running(session()));
    ui.window().set_question(Question::Keep);
    assert!(hands(&ui).sees("The session goes on"));
    assert!(hands(&ui).sees("Olivia Example stays connected when this window closes."));
    hands(&ui).press("Back");
    assert!(log.take().is_empty());
    assert!(hands(&ui).sees("Prolong by 30 minutes"));

    ui.window().set_question(Question::Keep);
    let questions = hands(&ui).all("End Session");
    questions.last().unwrap().invoke_accessible_default_action();
    assert_eq!(log.take(), [UserInput::End]);
}

#[test]
fn a_link_is_opened_only_after_its_host_was_shown() {
    let scene = scenes::windows().into_iter().find(|(name, _)| *name == "session-links").unwrap().1;
    let (ui, _) = open(&scene);
    let followed = Rc::new(Cell::new(0));
    ui.window().on_follow_link({
        let followed = Rc::clone(&followed);
        move || followed.set(followed.get() + 1)
    });
    hands(&ui).press("Open support.example");
    assert!(hands(&ui).sees("Open support.example?"));
    assert!(hands(&ui).sees("https://support.example/help?id=1"));
    hands(&ui).press("Do not open");
    assert_eq!(followed.get(), 0);
    hands(&ui).press("Open support.example");
    hands(&ui).press("Open in browser");
    assert_eq!(followed.get(), 1);
    assert_eq!(ui.window().get_link_address(), "https://support.example/help?id=1");
}

#[test]
fn the_history_tells_who_when_how_long_and_how_it_ended() {
    let (ui, log) = open(&view(idle()));
    hands(&ui).press("Session history");
    assert_eq!(log.take_all(), [FromWindow::ShowHistory]);
    let histories = scenes::histories();
    ui.show_history(&histories[0].1);
    for words in [
        "Olivia Example from Example Support",
        "45 minutes 25 seconds",
        "You ended the session.",
        "You took back",
        "You rejected the request: it looked suspicious.",
    ] {
        assert!(hands(&ui).sees(words), "{words}: {:?}", hands(&ui).texts());
    }
    hands(&ui).type_text(&char::from(Key::Escape).to_string());
    assert!(hands(&ui).sees("Enter your session code"), "Esc goes back");
    let last = line::History { entries: histories[0].1.entries[2..].to_vec(), ..histories[0].1.clone() };
    ui.show_history(&last);
    assert!(hands(&ui).sees("Asked for more. You did not answer in time."), "{:?}", hands(&ui).texts());
    ui.show_history(&histories[1].1);
    assert!(hands(&ui).sees("250"), "{:?}", hands(&ui).texts());
    ui.show_history(&histories[2].1);
    assert!(hands(&ui).sees("Nothing yet"));
    ui.show_history(&histories[3].1);
    assert!(hands(&ui).sees("A part of the history was damaged: 2026-02.jsonl, line 17."));
    hands(&ui).press("Back");
    assert!(hands(&ui).sees("Enter your session code"));
}

#[test]
fn the_bar_shows_what_is_done_and_ends_the_session() {
    set_up();
    let (tell, log) = said::log();
    let bar = BarUi::new(tell).unwrap();
    assert!(bar.show_view(&running(SessionView { unread: 2, ..session() })));
    bar.window().show().unwrap();
    let hands = Hands(bar.window());
    for words in ["VIEWING", "CONTROLLING", "Olivia Example", "Session time 0:12:05", "Open window, 2 unread"]
    {
        assert!(hands.sees(words), "{words}: {:?}", hands.texts());
    }
    hands.click("End Session");
    assert_eq!(log.take(), [UserInput::End]);
    assert!(bar.show_view(&view(Screen::Ended(samples::ended()))));
    assert!(hands.sees("You ended the session."));
    assert!(!hands.sees("End Session"));
    assert!(!bar.show_view(&view(idle())), "nothing is left to be shown");
}

#[test]
fn everything_that_can_be_pressed_has_a_name_and_is_large_enough() {
    let pressable = [
        AccessibleRole::Button,
        AccessibleRole::Switch,
        AccessibleRole::Tab,
        AccessibleRole::RadioButton,
        AccessibleRole::TextInput,
    ];
    for (name, scene) in scenes::windows() {
        let (ui, _) = open(&scene);
        for element in ElementQuery::from_root(ui.window()).find_all() {
            let Some(role) = element.accessible_role().filter(|role| pressable.contains(role)) else {
                continue;
            };
            let label = element.accessible_label().unwrap_or_default();
            assert!(!label.is_empty(), "{name}: a {role:?} without a name");
            let size = element.size();
            assert!(size.width >= 24.0 && size.height >= 24.0, "{name}: {label} is {size:?}");
        }
    }
}

#[test]
fn a_managed_computer_says_so_and_whom_to_ask() {
    let managed = |contact: Option<&str>| {
        let contact = contact.map(str::to_owned);
        let managed = session::Managed { by_policy: true, may_quit: false, contact };
        View { managed, ..view(Screen::Ready { accepted: true, help: None }) }
    };
    let (ui, _) = open(&managed(None));
    assert!(hands(&ui).sees("Managed by your organisation"));
    ui.show_view(&managed(Some("Example Support, extension 4711")));
    assert!(hands(&ui).sees("Questions: Example Support, extension 4711"));
    ui.show_view(&view(Screen::Ready { accepted: true, help: None }));
    assert!(!hands(&ui).sees("Managed by"));
}

#[test]
fn transfers_are_shown_with_their_progress_and_cancelled_one_by_one() {
    let (ui, log) = open(&running(samples::transferring()));
    assert!(hands(&ui).sees("2 files are being transferred."));
    hands(&ui).press("Show");
    assert!(hands(&ui).sees("report.pdf: To the operator: 1.2 MB of 3.4 MB"), "{:?}", hands(&ui).texts());
    assert!(!hands(&ui).sees("2 files are being transferred."));
    let cancel = hands(&ui).all("Cancel");
    let enabled: Vec<_> = cancel.iter().map(|button| button.accessible_enabled()).collect();
    assert_eq!(enabled, [Some(true), Some(false)], "the second is being cancelled already");
    assert!(cancel[0].accessible_description().unwrap().contains("report.pdf"));
    cancel[0].invoke_accessible_default_action();
    assert_eq!(log.take(), [UserInput::CancelTransfer { id: 1 }]);
}

#[test]
fn what_was_done_with_files_is_read_out_with_its_end() {
    let (ui, _) = open(&running(samples::transferring()));
    // Also what has to be scrolled to otherwise.
    ui.window().window().set_size(LogicalSize::new(420.0, 1400.0));
    hands(&ui).press("Files");
    for said in [
        "printer-driver.zip: Came from the operator: 48 MB",
        "drivers.log: Went to the operator: 812 bytes",
        "holiday.mp4: To the operator, cancelled by you after 5.2 GB",
        "update.bin: From the operator, cut off: it is not there",
        "locked.dat: To the operator, failed after 0 bytes",
        "setup.txt: Renamed to Printer/setup.txt",
        "old-driver: Moved to the trash",
    ] {
        assert!(hands(&ui).sees(said), "{said}: {:?}", hands(&ui).texts());
    }
}

#[test]
fn without_files_there_is_no_tab_for_them() {
    let (ui, _) = open(&running(session()));
    assert!(hands(&ui).all("Files").is_empty());
}

#[test]
fn the_summary_says_how_many_files_went_where() {
    let ended = EndedView { files: samples::files_done(), ..samples::ended() };
    let (ui, _) = open(&view(Screen::Ended(ended)));
    ui.window().window().set_size(LogicalSize::new(420.0, 1400.0));
    assert!(hands(&ui).sees("4 files went to the operator: 5.2 GB"), "{:?}", hands(&ui).texts());
    assert!(hands(&ui).sees("2 files came from the operator: 48 MB"));
    assert!(hands(&ui).sees("3 changes in the folder"));
    assert!(hands(&ui).sees("printer-driver.zip: Came from the operator: 48 MB"));
}
