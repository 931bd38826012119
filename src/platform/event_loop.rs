//! Windows and macOS give the main thread to an event loop, which owns the tray icon; the resident runs beside it.

use crate::resident::{
    self,
    local::{Question, code_in_link},
    menu::Choice,
    notifications::{Answer, Note},
    tray::{Face, ShowFace, Tray, forward_clicks},
};
use global_hotkey::{
    GlobalHotKeyEvent, GlobalHotKeyManager, HotKeyState,
    hotkey::{Code, HotKey, Modifiers},
};
use notify_rust::NotificationResponse;
use std::{sync::mpsc, thread, time::Duration};
use tao::{
    event::Event,
    event_loop::{ControlFlow, EventLoopBuilder},
    platform::run_return::EventLoopExtRunReturn as _,
};
use tokio::sync::oneshot;

/// The end of the log-in session waits so long for the resident's; Windows itself waits for five seconds.
const END_LIMIT: Duration = Duration::from_secs(4);

/// What the resident's thread tells the event loop.
enum Message {
    Show(Box<Face>),
    Done,
}

/// The keys Ctrl+Alt+Shift+Escape and Ctrl+Alt+Shift+Space, taken from other programs only while they mean something.
struct Keys {
    manager: Option<GlobalHotKeyManager>,
    keys: [HotKey; 2],
    held: bool,
}

impl Keys {
    /// Nothing is held yet. To be made and used on the event loop's thread.
    fn new(pressed: impl Fn(Choice) + Send + Sync + 'static) -> Self {
        let chord = Some(Modifiers::CONTROL | Modifiers::ALT | Modifiers::SHIFT);
        let keys = [HotKey::new(chord, Code::Escape), HotKey::new(chord, Code::Space)];
        let [end, review] = keys.map(|key| key.id());
        GlobalHotKeyEvent::set_event_handler(Some(move |event: GlobalHotKeyEvent| {
            if event.state == HotKeyState::Pressed && event.id == end {
                pressed(Choice::End);
            } else if event.state == HotKeyState::Pressed && event.id == review {
                pressed(Choice::Review);
            }
        }));
        Self { manager: None, keys, held: false }
    }

    /// Takes the keys, or gives them back.
    fn hold(&mut self, hold: bool) {
        if self.held == hold {
            return;
        }
        self.held = hold;
        if let Err(error) = self.change(hold) {
            tracing::info!(%error, "the keys for ending and reviewing are not to be had");
        }
    }

    fn change(&mut self, hold: bool) -> Result<(), global_hotkey::Error> {
        let manager = match &mut self.manager {
            Some(manager) => manager,
            none => none.insert(GlobalHotKeyManager::new()?),
        };
        if hold { manager.register_all(&self.keys) } else { manager.unregister_all(&self.keys) }
    }
}

/// Runs `driver` on a thread of its own and the tray icon on this one, which must be the main thread. `tell` learns what the
/// user chooses in its menu or by key, which links are opened, and that the log-in session ends.
pub(crate) fn with_tray<T: Send + 'static>(
    tell: impl Fn(resident::Event) + Clone + Send + Sync + 'static,
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
    let to = tell.clone();
    let chosen = move |choice| to(resident::Event::Menu(choice));
    forward_clicks(chosen.clone());
    let mut keys = Keys::new(chosen);
    let mut ended = None;
    let mut shown: Option<Option<Tray>> = None;
    event_loop.run_return(|event, _, flow| {
        *flow = ControlFlow::Wait;
        match event {
            Event::UserEvent(Message::Show(face)) => match &mut shown {
                None => {
                    let tray = Tray::new(&face).inspect_err(|error| tracing::warn!(%error, "no tray icon"));
                    shown = Some(tray.ok());
                }
                Some(tray) => {
                    keys.hold(face.offers_end());
                    // It asks for another turn only where a panel needs time, which these systems' trays do not.
                    if let Some(tray) = tray {
                        tray.show(&face);
                    }
                }
            },
            Event::UserEvent(Message::Done) => *flow = ControlFlow::Exit,
            // macOS starts no second program for a link, and Linux and Windows tell of none here.
            Event::Opened { urls } => {
                for url in urls {
                    match code_in_link(url.as_str()) {
                        Ok(code) => {
                            tell(resident::Event::Local(Question::Join { code }, oneshot::channel().0))
                        }
                        Err(_) => tracing::warn!("a link that was opened carries no session code"),
                    }
                }
            }
            // Windows ends the process as soon as this returns where the user logs off; otherwise the resident is done.
            Event::LoopDestroyed => {
                tell(resident::Event::Terminated);
                ended = results.recv_timeout(END_LIMIT).ok();
            }
            _ => {}
        }
    });
    match ended {
        Some(ended) => ended,
        None => results.recv()?,
    }
}

/// Shows a notification and answers what the user chose in it. These systems do not let it be withdrawn.
pub(crate) async fn show_notification(
    note: Note,
    _withdraw: oneshot::Receiver<()>,
) -> anyhow::Result<Option<Answer>> {
    let answer = tokio::task::spawn_blocking(move || {
        let mut notification = notify_rust::Notification::new();
        notification.appname("On-demand Agent").summary(&note.title).body(&note.text);
        super::system::sign_notification(&mut notification);
        if let Some(answers) = note.answers {
            notification.action("review", answers.review).action("reject", answers.reject);
        }
        let handle = notification.show()?;
        let mut answer = None;
        if note.answers.is_some() {
            handle.wait_for_response(|response: &NotificationResponse| {
                answer = match response {
                    NotificationResponse::Default => Some(Answer::Review),
                    // Some of these systems answer with the button's words.
                    NotificationResponse::Action(action) => note.answers.and_then(|answers| {
                        if ["review", answers.review].contains(&action.as_str()) {
                            Some(Answer::Review)
                        } else if ["reject", answers.reject].contains(&action.as_str()) {
                            Some(Answer::Reject)
                        } else {
                            None
                        }
                    }),
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

/// These systems take back by themselves what a program has not used for a while.
pub(crate) fn let_go_of_memory() {}
