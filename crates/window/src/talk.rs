//! The line to the resident, and everything that can happen to a window, in one queue.

use line::{FromWindow, ToWindow};
use session::Visibility;
use std::{
    io::{BufReader, Stdin},
    rc::Rc,
};
use tokio::sync::mpsc::UnboundedSender;

/// Tells the resident something.
pub type Tell = Rc<dyn Fn(FromWindow)>;

/// Something that happened outside the markup.
#[derive(Debug)]
pub(crate) enum Event {
    /// The resident said something.
    Told(ToWindow),
    /// The desktop's colour scheme.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the toolkit follows the colours there"))]
    Dark(bool),
    /// Whether the desktop was asked for less movement.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "the portal tells this"))]
    LessMotion(bool),
    /// Something about the window. The number tells which one: a popup may be reopened, and what is still on its way from
    /// its former window says nothing about it any more.
    Window(u32, Sight),
    /// The user wants the session window to become something else.
    Wish(Wish),
}

/// What the session window is to become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wish {
    /// The bar.
    Collapse,
    /// The window.
    Expand,
    /// The bar elsewhere: by so much, in logical pixels.
    Move(f32, f32),
    /// The bar at its next place.
    MoveOn,
    /// *About*, beside it.
    About,
    /// Without *About*.
    CloseAbout,
}

/// Something about a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// It has been drawn.
    Painted,
    /// Whether it can be seen whole.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing tells there"))]
    Visibility(Visibility),
    /// It was moved.
    Moved,
    /// Another window covers it wholly.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "nothing tells there"))]
    Buried,
    /// The pointer was pressed in it.
    Pressed,
    /// It became the active one, or ceased to be.
    Active(bool),
    /// It was minimised.
    Minimised,
}

/// Where what happens to one window goes.
#[derive(Clone)]
pub(crate) struct Watcher {
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) number: u32,
}

impl Watcher {
    /// Reports; returns false when nobody listens any more.
    pub(crate) fn tell(&self, sight: Sight) -> bool {
        self.events.send(Event::Window(self.number, sight)).is_ok()
    }
}

/// Tells the resident over standard output. A line that is gone means that nobody answers for this window any more.
pub(crate) fn tell_resident() -> Tell {
    Rc::new(|message| {
        if line::write(&mut std::io::stdout(), &message).is_err() {
            std::process::exit(0);
        }
    })
}

/// Reads the line in a thread of its own; its end ends the process, even where the event loop hangs.
pub(crate) fn listen(mut line: BufReader<Stdin>, events: UnboundedSender<Event>) -> std::io::Result<()> {
    let listen = move || {
        loop {
            match line::read(&mut line) {
                Ok(ToWindow::Close) | Err(line::Error::Ended | line::Error::Io(_)) => std::process::exit(0),
                Ok(told) => _ = events.send(Event::Told(told)),
                Err(error) => {
                    eprintln!("the resident's line cannot be understood: {error}");
                    std::process::exit(i32::from(crate::EXIT_FAILED));
                }
            }
        }
    };
    std::thread::Builder::new().name("line".into()).spawn(listen).map(drop)
}
