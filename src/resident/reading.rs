//! What is read while the agent runs: settings and history. The loop waits for neither.

use super::{Event, Resident, is_running};
use crate::{history, settings::Settings};
use session::{Input, Now};
use std::{sync::Arc, thread, time::Duration};
use tokio::sync::{mpsc::UnboundedSender, oneshot};

/// Settings that take longer to be read count from the next time on.
const SETTINGS_LIMIT: Duration = Duration::from_secs(1);
/// So many threads may be waiting for settings on a disk that does not answer.
const MOST_READERS: usize = 8;

/// The history that the session window asked for.
#[derive(Debug, Default)]
pub(super) struct ReadHistory {
    is_being_read: bool,
    /// What is being read may be older than what was asked for meanwhile.
    pub(super) is_asked_for_again: bool,
}

impl Resident {
    /// Hands the core an input that it decides by the settings as they are now. While a request is open or a session runs
    /// they stay as they were; otherwise they are read first, which waits for nothing that is being written.
    pub(super) fn input_with_settings(&mut self, input: Input, now: Now) {
        if self.shown.as_ref().is_some_and(is_running) {
            return self.input(input, now);
        }
        let (tell, told) = oneshot::channel();
        let (places, once, is_device) = (self.places.clone(), self.config.once, self.is_device);
        let reader = Arc::clone(&self.settings_readers);
        let read = move || {
            drop(tell.send(Settings::load(&places, None, is_device).core_config(once)));
            drop(reader);
        };
        if Arc::strong_count(&self.settings_readers) <= MOST_READERS + 1
            && let Err(error) = thread::Builder::new().name("settings".into()).spawn(read)
        {
            tracing::error!(%error, "the settings cannot be read");
        }
        let events = self.events.clone();
        tokio::spawn(async move {
            let config = tokio::time::timeout(SETTINGS_LIMIT, told).await.ok().and_then(Result::ok);
            drop(events.send(Event::SettingsRead(config.map(Box::new), Box::new(input))));
        });
    }

    pub(super) fn settings_read(&mut self, config: Option<Box<session::Config>>, input: Input, now: Now) {
        match config {
            Some(config) if *config != self.config => {
                if self.agent.set_config((*config).clone()) {
                    tracing::info!("the settings were changed");
                    self.config = *config;
                }
            }
            Some(_) => {}
            None => tracing::warn!("the settings could not be read in time; they stay as they were"),
        }
        self.input(input, now);
    }

    /// Lets the session window show what the journal tells, which nothing waits for.
    pub(super) fn show_history(&mut self) {
        if self.history.is_being_read {
            self.history.is_asked_for_again = true;
            return;
        }
        self.history.is_being_read = true;
        let (folder, journal) = (self.places.journal().to_owned(), self.journal.clone());
        let tell = |events: UnboundedSender<Event>, history| {
            drop(events.send(Event::HistoryRead(Box::new(history))));
        };
        let (events, failed) = (self.events.clone(), self.events.clone());
        let read = move || {
            let mut history = history::for_window(&folder);
            if !journal.is_writable() {
                history.remarks.insert(0, line::Remark::NotWritable);
            }
            tell(events, history);
        };
        // After what is to be written is written, and without holding up what comes next.
        self.disk.run(move || {
            if let Err(error) = thread::Builder::new().name("history".into()).spawn(read) {
                tracing::error!(%error, "the history cannot be read");
                let remarks = vec![line::Remark::NotReadable];
                tell(failed, line::History { remarks, ..line::History::default() });
            }
        });
    }
}
