//! Windows and macOS give the main thread to an event loop, which owns the tray icon; the resident runs beside it.

use crate::resident::{
    notifications::{Answer, Note},
    tray::{Face, ShowFace, Tray},
};
use notify_rust::NotificationResponse;
use std::{sync::mpsc, thread};
use tao::{
    event::Event,
    event_loop::{ControlFlow, EventLoopBuilder},
    platform::run_return::EventLoopExtRunReturn as _,
};
use tokio::sync::oneshot;

/// What the resident's thread tells the event loop.
enum Message {
    Show(Box<Face>),
    Done,
}

/// Runs `driver` on a thread of its own and the tray icon on this one, which must be the main thread.
pub(crate) fn with_tray<T: Send + 'static>(
    driver: impl FnOnce(ShowFace) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    let mut event_loop = EventLoopBuilder::<Message>::with_user_event().build();
    super::system::prepare(&mut event_loop);
    let (show, done) = (event_loop.create_proxy(), event_loop.create_proxy());
    let (result, results) = mpsc::channel();
    thread::Builder::new().name("resident".into()).spawn(move || {
        let show_face: ShowFace = Box::new(move |face| drop(show.send_event(Message::Show(Box::new(face)))));
        drop(result.send(driver(show_face)));
        drop(done.send_event(Message::Done));
    })?;
    let mut shown: Option<(Option<Tray>, Face)> = None;
    event_loop.run_return(|event, _, flow| {
        *flow = ControlFlow::Wait;
        match event {
            Event::UserEvent(Message::Show(face)) => match &mut shown {
                None => {
                    let tray = Tray::new(&face).inspect_err(|error| tracing::warn!(%error, "no tray icon"));
                    shown = Some((tray.ok(), *face));
                }
                Some((tray, before)) => {
                    if let Some(tray) = tray {
                        tray.show(before, &face);
                    }
                    *before = *face;
                }
            },
            Event::UserEvent(Message::Done) => *flow = ControlFlow::Exit,
            _ => {}
        }
    });
    results.recv()?
}

/// Shows a notification and answers what the user chose in it. These systems do not let it be withdrawn.
pub(crate) async fn show_notification(
    note: Note,
    _withdraw: oneshot::Receiver<()>,
) -> anyhow::Result<Option<Answer>> {
    let answer = tokio::task::spawn_blocking(move || {
        let mut notification = notify_rust::Notification::new();
        notification.appname("On-demand Agent").summary(&note.title).body(&note.text);
        if note.is_request {
            notification.action("review", "Review").action("reject", "Reject");
        }
        let handle = notification.show()?;
        let mut answer = None;
        if note.is_request {
            handle.wait_for_response(|response: &NotificationResponse| {
                answer = match response {
                    NotificationResponse::Default => Some(Answer::Review),
                    NotificationResponse::Action(action) => match action.to_lowercase().as_str() {
                        "review" => Some(Answer::Review),
                        "reject" => Some(Answer::Reject),
                        _ => None,
                    },
                    _ => None,
                };
            })?;
        }
        anyhow::Ok(answer)
    });
    answer.await?
}

/// What one of these systems has not told yet is found out in another way: that the computer slept, by comparing clocks.
pub(crate) fn watch_system(tell: impl Fn(super::SystemFact) + Clone + Send + Sync + 'static) {
    drop(tell);
}

/// These systems' defaults for a connection without an answer are short enough.
pub(crate) fn notice_dead_lines(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder
}

/// There is nothing to ask the allocator for.
pub(crate) fn save_memory() {}
