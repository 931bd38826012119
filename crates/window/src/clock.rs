//! Points in time and lengths of time as people read them.

use crate::ui::left_to_right;
use jiff::tz::TimeZone;
use protocol::Timestamp;
use std::cell::RefCell;

thread_local! {
    static ZONE: RefCell<TimeZone> = RefCell::new(TimeZone::system());
}

fn zone() -> TimeZone {
    ZONE.with_borrow(TimeZone::clone)
}

/// Shows UTC from now on, in this thread.
pub(crate) fn use_utc() {
    ZONE.set(TimeZone::UTC);
}

/// The time of day, `14:05`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    left_to_right(&at.to_zoned(zone()).strftime("%H:%M").to_string())
}

/// The time of day, with the date unless that is today: `14:05` or `2026-03-01, 14:05`.
pub(crate) fn when(at: Timestamp) -> String {
    let at = at.to_zoned(zone());
    let today = Timestamp::now().to_zoned(zone()).date();
    if at.date() == today {
        left_to_right(&at.strftime("%H:%M").to_string())
    } else {
        left_to_right(&at.strftime("%Y-%m-%d, %H:%M").to_string())
    }
}

/// The date, `2026-03-01`: the one form that no country reads as another day.
pub(crate) fn date(at: Timestamp) -> String {
    left_to_right(&at.to_zoned(zone()).strftime("%Y-%m-%d").to_string())
}

/// Date and time of day, `2026-03-01 14:05`.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Date and time of day in characters that every file system takes, `2026-03-01 14.05`.
pub(crate) fn for_a_file(at: Timestamp) -> String {
    at.to_zoned(zone()).strftime("%Y-%m-%d %H.%M").to_string()
}

/// A running time, `0:12:05`.
pub(crate) fn timer(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// Seconds as the markup counts them.
pub(crate) fn seconds(seconds: u64) -> i32 {
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_timer_counts_past_an_hour_and_past_ten() {
        assert_eq!(super::timer(59), "0:00:59");
        assert_eq!(super::timer(3725), "1:02:05");
        assert_eq!(super::timer(36_000), "10:00:00");
    }
}
