//! Points in time and lengths of time as people read them.

use jiff::tz::TimeZone;
use protocol::Timestamp;

/// The time of day, `14:05`.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M").to_string()
}

/// The time of day, with the date unless that is today: `14:05` or `2026-03-01, 14:05`.
pub(crate) fn when(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::system());
    let today = Timestamp::now().to_zoned(TimeZone::system()).date();
    if at.date() == today {
        at.strftime("%H:%M").to_string()
    } else {
        at.strftime("%Y-%m-%d, %H:%M").to_string()
    }
}

/// The date, `2026-03-01`: the one form that no country reads as another day.
pub(crate) fn date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d").to_string()
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
