//! Keeps the monitors of an area in sight, through every change of their arrangement.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use super::{
    Display,
    copied::Copied,
    duplicated::Duplicated,
    outputs::{self, Output},
};
use crate::{
    Area, Cursor, Error, Monitor, Reason, Rect, Size,
    platform::{
        Changed,
        canvas::{Canvas, Condition},
    },
};

/// While the system hides the desktop it says nothing of when that ends.
const AGAIN: Duration = Duration::from_millis(250);

pub(crate) struct Capture {
    canvas: Arc<Canvas>,
}

/// The monitors of an area.
struct View {
    size: Size,
    sources: Vec<Source>,
}

/// Where a monitor's picture comes from.
enum Source {
    Duplicated(Duplicated),
    Copied(Copied),
}

impl Capture {
    pub(crate) fn start(_display: &Display, area: Area, changed: Changed) -> Result<Self, Error> {
        let view = match View::open(area) {
            // What is hidden now may be seen in a moment.
            Err(Error::Hidden) => None,
            view => Some(view?),
        };
        let size = match &view {
            Some(view) => view.size,
            None => outputs::of(area)?.1.size(),
        };
        let canvas = Arc::new(Canvas::new(size, changed));
        let (shared, thread) = (canvas.clone(), std::thread::Builder::new().name("screen".into()));
        // Nobody waits for it: it calls nobody after the end, and ends when its sources have noticed.
        thread.spawn(move || keep(&shared, area, view)).map_err(Error::Thread)?;
        Ok(Self { canvas })
    }

    pub(crate) fn size(&self) -> Size {
        self.canvas.size()
    }

    pub(crate) fn refresh(&mut self) {
        self.canvas.refresh();
    }

    pub(crate) fn grab(&mut self, take: &mut dyn FnMut(Rect, &[u32], usize)) -> Result<(), Error> {
        self.canvas.grab(take)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same signature on every system; here nothing is asked")]
    pub(crate) fn cursor(&mut self) -> Result<Option<Cursor>, Error> {
        Ok(self.canvas.cursor())
    }

    #[expect(clippy::unnecessary_wraps, reason = "the same signature on every system; here nothing is asked")]
    pub(crate) fn pointer(&mut self) -> Result<Option<(u16, u16)>, Error> {
        Ok(self.canvas.pointer())
    }

    pub(crate) fn monitors(&mut self) -> Result<Option<Vec<Monitor>>, Error> {
        self.canvas.was_laid_out().then(|| super::monitors(&Display::current())).transpose()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.canvas.end();
    }
}

fn keep(canvas: &Canvas, area: Area, mut view: Option<View>) {
    while !canvas.has_ended() {
        match view.take().map_or_else(|| View::open(area), Ok) {
            Ok(view) => {
                canvas.lay_out(view.size);
                canvas.set_condition(Condition::Seen);
                view.run(canvas);
            }
            Err(error) => {
                let gone = matches!(error, Error::NoSuchMonitor);
                canvas.set_condition(if gone { Condition::Disconnected } else { Condition::Hidden });
                std::thread::sleep(AGAIN);
            }
        }
    }
}

impl View {
    fn open(area: Area) -> Result<Self, Error> {
        let (outputs, rect) = outputs::of(area)?;
        let sources = outputs.iter().map(|output| {
            let place = output.monitor.rect.within(rect).ok_or(Reason::System)?;
            Source::open(output, place)
        });
        Ok(Self { size: rect.size(), sources: sources.collect::<Result<_, _>>()? })
    }

    /// Puts what changes onto the canvas until the arrangement of monitors changes or nobody looks any more.
    fn run(self, canvas: &Canvas) {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for source in self.sources {
                let over = &over;
                scope.spawn(move || {
                    source.run(canvas, over);
                    over.store(true, SeqCst);
                });
            }
        });
    }
}

impl Source {
    /// Not every monitor is duplicated: not on the second graphics adapter of many laptops, and not with a driver that
    /// knows nothing of it.
    fn open(output: &Output, place: Rect) -> Result<Self, Error> {
        let connector = outputs::connector(&output.monitor).ok().flatten();
        match connector.map(|(adapter, connected)| Duplicated::open(&adapter, &connected, place)) {
            Some(Ok(duplicated)) => Ok(Self::Duplicated(duplicated)),
            Some(Err(Error::Hidden)) => Err(Error::Hidden),
            Some(Err(_)) | None => Copied::open(output, place).map(Self::Copied),
        }
    }

    fn run(self, canvas: &Canvas, over: &AtomicBool) {
        match self {
            Self::Duplicated(duplicated) => duplicated.run(canvas, over),
            Self::Copied(copied) => copied.run(canvas, over),
        }
    }
}
