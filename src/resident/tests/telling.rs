//! What the service is told, and what that does not wait for.

use super::*;
use outbox::{Lane, Meaning, Post};
use reqwest::Method;

/// An outbox that is emptied as the resident would.
struct Telling {
    outbox: Outbox,
    events: mpsc::UnboundedReceiver<Event>,
}

impl Telling {
    fn through(between: &between::Between, folder: &Path) -> Self {
        let url: crate::settings::ServiceUrl = between.url().parse().unwrap();
        let settings = Settings::load(&Places::all_in(folder), Some(&url), false);
        let (events, received) = mpsc::unbounded_channel();
        Self { outbox: Outbox::new(link::Service::new(url, &settings).unwrap(), events), events: received }
    }

    fn push(&mut self, path: &str, meaning: Meaning) {
        let lane = Lane::Session("s1".parse().unwrap());
        self.push_in(lane, &format!("agent/v1/sessions/s1/{path}"), meaning);
    }

    fn push_in(&mut self, lane: Lane, path: &str, meaning: Meaning) {
        let (path, token) = (path.to_owned(), Secret::new("token"));
        self.outbox.push(Post { lane, method: Method::POST, path, body: Vec::new(), token, meaning });
    }

    /// Waits until this is so, and sends what is due meanwhile.
    async fn until(&mut self, what: &str, mut is_so: impl FnMut(&Outbox) -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !is_so(&self.outbox) {
            assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
            let soon = Duration::from_millis(20);
            if let Ok(Some(Event::Delivered(delivered))) =
                tokio::time::timeout(soon, self.events.recv()).await
            {
                self.outbox.delivered(&delivered.lane);
            }
        }
    }
}

fn run_to_its_end(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

fn instead(status: &str, headers: &str) -> between::Fault {
    between::Fault::Instead(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: 0\r\nconnection: close\r\n\r\n"
    ))
}

#[test]
fn a_report_that_a_newer_one_makes_pointless_is_not_sent_again() {
    let service = Service::start();
    let between = between::Between::start(service.address());
    let folder = tempfile::tempdir().unwrap();
    between.disturb("/actions", instead("502 Down", ""));
    run_to_its_end(async {
        let mut telling = Telling::through(&between, folder.path());
        telling.push("actions", Meaning::Newest);
        telling.until("it was tried", |_| !between.seen("/actions").is_empty()).await;
        telling.push("actions", Meaning::Newest);
        telling.push("actions", Meaning::Newest);
        between.lift();
        telling.outbox.hurry();
        telling.until("all has arrived", Outbox::is_empty).await;
    });
    let arrived = between.seen("/actions").iter().filter(|seen| !seen.disturbed).count();
    assert_eq!(arrived, 1);
}

#[test]
fn an_end_waits_for_no_report() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let faults =
        [instead("503 Wait", "retry-after: 600\r\n"), instead("403 Forbidden", ""), between::Fault::Stall];
    for fault in faults {
        let between = between::Between::start(service.address());
        between.disturb("/actions", fault.clone());
        run_to_its_end(async {
            let mut telling = Telling::through(&between, folder.path());
            telling.push("actions", Meaning::Newest);
            telling.until("it was tried", |_| !between.seen("/actions").is_empty()).await;
            let started = Instant::now();
            telling.push("end", Meaning::End);
            telling.until("the end has arrived", |_| !between.seen("/end").is_empty()).await;
            assert!(started.elapsed() < Duration::from_secs(5), "{fault:?}");
        });
    }
}

#[test]
fn an_answer_arrives_before_the_end_that_was_said_with_it() {
    let service = Service::start();
    let between = between::Between::start(service.address());
    let folder = tempfile::tempdir().unwrap();
    between.disturb("/outcome", instead("502 Down", ""));
    run_to_its_end(async {
        let mut telling = Telling::through(&between, folder.path());
        let request: protocol::RequestId = "r1".parse().unwrap();
        let path = "agent/v1/requests/r1/outcome";
        telling.push_in(Lane::Request(request.clone()), path, Meaning::No(request));
        telling.push("end", Meaning::End);
        telling.until("it was tried twice", |_| between.seen("/outcome").len() >= 2).await;
        assert!(between.seen("/end").is_empty());
        between.lift();
        telling.outbox.hurry();
        telling.until("all has arrived", Outbox::is_empty).await;
    });
    assert_eq!(between.seen("/end").len(), 1);
}

#[test]
fn a_page_in_the_services_place_gives_a_chat_line_up_and_a_pause_for_one_holds_up_no_end() {
    let service = Service::start();
    let between = between::Between::start(service.address());
    let operator = service.operator();
    let folder = tempfile::tempdir().unwrap();
    let program = script_that_chats(folder.path(), ["first", "second"]);
    let running = Running::start_through(&service, &between.url(), folder.path(), program, true);
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    let RequestState::Approved { session_id, .. } = operator.outcome(&request) else {
        panic!("not approved")
    };
    let until_delivered = |what: &str, deliveries: &[Delivery]| {
        until(what, || match view_kept(folder.path())?.screen {
            Screen::Session(session) => {
                session.chat.iter().map(|line| line.delivery).eq(deliveries.iter().copied()).then_some(())
            }
            _ => None,
        });
    };
    let page = "<h1>Please sign in</h1>";
    let length = page.len();
    between.disturb(
        "/messages",
        between::Fault::Instead(format!(
            "HTTP/1.1 403 Forbidden\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{page}"
        )),
    );
    until("the session runs", || (running.screen() == "session").then_some(()));
    fs::write(folder.path().join("first"), "").unwrap();
    until_delivered("the line is given up", &[Delivery::NotSent]);

    between.disturb("/messages", instead("503 Wait", "retry-after: 600\r\n"));
    fs::write(folder.path().join("second"), "").unwrap();
    until_delivered("the second is on its way", &[Delivery::NotSent, Delivery::OnItsWay]);
    let waits = || between.seen("/messages").len() >= 2;
    until("it waits", || waits().then_some(()));
    running.ask(&local::Question::End).unwrap();
    let ended = until("the service knows of the end", || operator.session(&session_id).ended);
    assert_eq!(ended.reason, EndReason::User);
    assert!(operator.messages(&session_id).is_empty());
}
