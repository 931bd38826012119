//! One operator's view of the desktop: what changed on the screen is captured, encoded and sent, as fast as the other end
//! takes it and not faster than anybody sees.
//!
//! Each view has a thread of its own, so that encoding a picture holds up neither the tunnel nor what else goes through it.
//! Pausing, or taking `view` back, ends it; the operator's page asks again.

use super::{
    Served,
    clipboard::{Offer, Texts},
    control::Hand,
    pace::Pace,
    reporter::{Doing, Reporter},
};
use protocol::{Action, Permission};
use rfb::{Event, Options, Server};
use screen::{Area, Border, Capture, Display};
use session::AccessFact;
use std::{io, mem, num::NonZeroU32, sync::Arc, thread, time::Instant};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    sync::{Notify, watch},
};

/// The frame around what is being viewed, as 0x00RRGGBB: the red of what ends it.
const BORDER: u32 = 0x00d9_2d20;

/// Why a view ended.
#[derive(Debug, thiserror::Error)]
enum Error {
    /// The operator's end.
    #[error("the operator's connection broke")]
    Io(#[from] io::Error),
    /// The operator's program does not speak the protocol.
    #[error("the operator's program says something that means nothing")]
    Rfb(#[from] rfb::Error),
    /// The screen.
    #[error("the screen cannot be captured")]
    Screen(#[from] screen::Error),
}

/// Serves one view until it ends; `place` is let go of then.
pub(super) fn start<P: Send + 'static>(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    display: Display,
    served: Served,
    place: P,
) {
    let work = move || -> io::Result<()> {
        let _place = place;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        match runtime.block_on(view(stream, display, served)) {
            Ok(()) => tracing::debug!("a view ended"),
            Err(error) => tracing::info!(error = %anyhow::Error::from(error).root_cause(), "a view ended"),
        }
        Ok(())
    };
    if let Err(error) = thread::Builder::new().name("view".into()).spawn(work) {
        tracing::error!(%error, "a view could not be started");
    }
}

async fn view(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    display: Display,
    served: Served,
) -> Result<(), Error> {
    let Served { mut allowed, reporter, texts, control, .. } = served;
    let first = *allowed.borrow_and_update();
    if !first.permits(Permission::View) {
        return Ok(());
    }
    let changed = Arc::new(Notify::new());
    let notify = changed.clone();
    let capture = match Capture::start(&display, Area::Whole, move || notify.notify_one()) {
        Ok(capture) => capture,
        Err(error) => {
            if matches!(error, screen::Error::Unsupported { .. }) {
                reporter.fact(AccessFact::Unsupported { permission: Permission::View });
            }
            stream.write_all(&rfb::refusal(&format!("unsupported_display: {error}"))).await?;
            stream.shutdown().await?;
            return Err(error.into());
        }
    };
    let view_only = !first.lets_input_through();
    let options = Options { name: "ondemand-agent".into(), size: size(capture.size()), view_only };
    let mut view = View {
        server: Server::new(options),
        display,
        capture,
        started: Instant::now(),
        pace: Pace::new(Instant::now()),
        doing: None,
        hand: control.hand(),
        texts,
    };
    view.server.set_clipboard(first.permits(Permission::Clipboard));
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut received = vec![0; 16 * 1024];
    let mut sending = Vec::new();
    let mut sent = 0;
    // The texts for the operator's program, from the moment on at which it is ready for the first picture.
    let mut offers = None;
    loop {
        if offers.is_none() && view.doing.is_some() {
            offers = Some(view.texts.offers());
        }
        if sent == sending.len() {
            sending.clear();
            sent = 0;
            view.take_picture()?;
            mem::swap(&mut sending, view.server.output());
        }
        let pending = sent < sending.len();
        tokio::select! {
            biased;
            changed = allowed.changed() => {
                let now = *allowed.borrow_and_update();
                if changed.is_err() || !now.permits(Permission::View) {
                    return Ok(());
                }
                view.server.set_view_only(!now.lets_input_through());
                view.server.set_clipboard(now.permits(Permission::Clipboard));
                view.take_events(&reporter);
            }
            count = writer.write(&sending[sent..]), if pending => {
                match count? {
                    0 => return Ok(()),
                    count => sent += count,
                }
            }
            count = reader.read(&mut received) => {
                match count? {
                    0 => return Ok(()),
                    count => view.server.handle_bytes(&received[..count], view.started.elapsed())?,
                }
                view.take_events(&reporter);
            }
            () = changed.notified() => view.pace.change(),
            text = next(&mut offers) => {
                if let Some(text) = text {
                    view.server.offer_clipboard(&text);
                }
            }
            () = view.hold_due() => {
                view.server.check_hold(view.started.elapsed());
                view.take_events(&reporter);
            }
            () = view.due(), if !pending => {}
        }
    }
}

struct View {
    server: Server,
    display: Display,
    capture: Capture,
    started: Instant,
    pace: Pace,
    /// From the moment at which the operator's program is ready for the first picture.
    doing: Option<(Doing, Option<Border>)>,
    hand: Hand,
    texts: Texts,
}

impl Drop for View {
    fn drop(&mut self) {
        // What another view holds stays as it is.
        self.server.set_view_only(true);
        while let Some(event) = self.server.poll_event() {
            match event {
                Event::Key { down: false, keysym, .. } => self.hand.key(false, keysym),
                Event::Pointer { x, y, buttons: 0 } => self.hand.pointer(x, y, 0),
                // What was not done before the end is not done after it.
                _ => {}
            }
        }
    }
}

impl View {
    fn take_events(&mut self, reporter: &Reporter) {
        while let Some(event) = self.server.poll_event() {
            match event {
                // Before the first picture, so that the user knows when the operator sees.
                Event::Ready { .. } => {
                    let border = Border::show(&self.display, Area::Whole, BORDER);
                    let border = border.inspect_err(|error| tracing::warn!(%error, "no frame is shown"));
                    self.doing = Some((reporter.begin(Action::Viewing), border.ok()));
                }
                Event::Key { down, keysym, .. } => self.hand.key(down, keysym),
                Event::Pointer { x, y, buttons } => self.hand.pointer(x, y, buttons),
                // To offer it is the operator's word to put it there.
                Event::ClipboardOffered => self.server.request_clipboard(),
                Event::Clipboard(text) => self.texts.put(text),
                Event::ClipboardTooLong => tracing::info!("the operator's text is too long for a clipboard"),
            }
        }
    }

    /// Captures and encodes what changed, where the operator's program can take it now.
    fn take_picture(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        if self.doing.is_none() || !self.server.is_waiting() || now < self.pace.earliest() {
            return Ok(());
        }
        if self.pace.begin() {
            self.capture()?;
        }
        if self.server.update(self.started.elapsed()) {
            self.pace.encoded(now, Instant::now());
        }
        Ok(())
    }

    fn capture(&mut self) -> Result<(), Error> {
        let Self { server, capture, .. } = self;
        let mut take = |rect: screen::Rect, pixels: &[u32], stride: usize| {
            let screen::Rect { x, y, width, height } = rect;
            server.take_in(rfb::Rect { x, y, width, height }, pixels, stride);
        };
        match capture.grab(&mut take) {
            // What is hidden comes back with a change.
            Ok(()) | Err(screen::Error::Hidden) => {}
            Err(screen::Error::Resized) => {
                server.resize(size(capture.size()));
                self.pace.change();
            }
            Err(error) => return Err(error.into()),
        }
        if let Some(cursor) = self.capture.cursor()? {
            let screen::Cursor { size: extent, hot_x, hot_y, pixels } = cursor;
            self.server.set_cursor(rfb::Cursor { size: size(extent), hot_x, hot_y, pixels });
        }
        self.server.set_pointer(self.capture.pointer()?);
        // A display that is gone says so with the next picture.
        if let Ok(Some(monitors)) = self.capture.monitors() {
            let screens: Vec<_> = monitors.iter().map(screen).collect();
            self.server.set_screens(&screens);
        }
        Ok(())
    }

    /// When there is a picture to take though nothing happens.
    async fn due(&self) {
        let waiting = self.doing.is_some() && self.server.is_waiting();
        let refined = || Some((self.started + self.server.poll_timeout()?).max(self.pace.earliest()));
        match self.pace.due().or_else(refined).filter(|_| waiting) {
            Some(due) => tokio::time::sleep_until(due.into()).await,
            None => std::future::pending().await,
        }
    }

    /// When it is to be seen whether the operator's program still holds what it holds.
    async fn hold_due(&self) {
        match self.server.hold_timeout() {
            Some(due) => tokio::time::sleep_until((self.started + due).into()).await,
            None => std::future::pending().await,
        }
    }
}

/// The next text for the operator's program, or that there is none any more.
async fn next(offers: &mut Option<watch::Receiver<Offer>>) -> Offer {
    if let Some(offers) = offers
        && offers.changed().await.is_ok()
    {
        return offers.borrow_and_update().clone();
    }
    std::future::pending().await
}

fn screen(monitor: &screen::Monitor) -> rfb::Screen {
    let screen::Rect { x, y, width, height } = monitor.rect;
    let id = NonZeroU32::MIN.saturating_add(monitor.id.0);
    rfb::Screen { id, rect: rfb::Rect { x, y, width, height } }
}

fn size(size: screen::Size) -> rfb::Size {
    rfb::Size { width: size.width, height: size.height }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{
        Allowed,
        tests::{Said, permitted},
    };
    use session::AccessFact;
    use tokio::sync::watch;

    /// What an operator gets who connects, up to the end of the connection.
    async fn answer(allowed: Allowed, said: &Said) -> Vec<u8> {
        let (mut operator, stream) = tokio::io::duplex(4096);
        let (_allow, allowed) = watch::channel(allowed);
        let reporter = said.reporter();
        let control = crate::access::control::Control::new(
            input::Display::current(),
            std::process::id(),
            reporter.clone(),
        );
        let files = crate::access::files::Files::new(Vec::new(), String::new(), reporter.clone());
        let texts = Texts::new(reporter.clone()).unwrap();
        let no_display = Display::from_variables(|_| None);
        drop(view(stream, no_display, Served { allowed, reporter, control, files, texts }).await);
        let mut got = Vec::new();
        operator.read_to_end(&mut got).await.unwrap();
        got
    }

    #[tokio::test]
    async fn without_the_permission_not_even_a_greeting_is_sent() {
        let said = Said::default();
        assert_eq!(answer(permitted([Permission::Control]), &said).await, b"");
        assert_eq!(answer(Allowed { paused: true, ..permitted([Permission::View]) }, &said).await, b"");
        assert_eq!(said.facts(), []);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn where_there_is_no_picture_both_sides_are_told_why() {
        let said = Said::default();
        let got = answer(permitted([Permission::View]), &said).await;
        assert!(String::from_utf8_lossy(&got).contains("unsupported_display: "), "{got:?}");
        assert_eq!(
            said.facts(),
            [AccessFact::Unsupported { permission: Permission::View }],
            "and nobody is said to be viewing"
        );
    }
}
