//! The history of sessions, searched and read page by page.

use crate::{
    error::{Error, Result},
    service::Work,
    store::{HistoryFilter, HistoryPlace, OperatorRecord},
    views,
};
use protocol::{
    Timestamp,
    operator::{HistoryPage, HistoryQuery},
};

const PAGE: u32 = 25;
const MOST: u32 = 100;
/// Who searches for more words than this is no longer looking for a session.
const MAX_WORDS: usize = 8;

/// One page of what the operator's organisation has done.
pub(crate) fn page(work: &mut Work<'_>, by: &OperatorRecord, wanted: HistoryQuery) -> Result<HistoryPage> {
    let limit = wanted.limit.unwrap_or(PAGE);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::Invalid(format!("limit must be between 1 and {MOST}")));
    }
    let search = wanted.search.unwrap_or_default();
    let filter = HistoryFilter {
        words: search.split_whitespace().take(MAX_WORDS).map(str::to_owned).collect(),
        operator: wanted.operator,
        permission: wanted.permission,
        ended: wanted.ended,
        from: wanted.from,
        until: wanted.until,
        after: wanted.after.as_deref().map(read).transpose()?,
    };
    // One more than wanted tells whether there is a next page.
    let mut found = work.tx.history(&by.organisation, &filter, limit + 1)?;
    let next = if found.len() > limit as usize {
        found.truncate(limit as usize);
        found.last().map(|(place, _)| write(*place))
    } else {
        None
    };
    let sessions =
        found.into_iter().map(|(_, session)| views::session(work, session)).collect::<Result<_>>()?;
    Ok(HistoryPage { sessions, next })
}

fn write(place: HistoryPlace) -> String {
    format!("{}.{}", place.started_at.as_millisecond(), place.number)
}

fn read(text: &str) -> Result<HistoryPlace> {
    let place = text.split_once('.').and_then(|(started_at, number)| {
        let started_at = Timestamp::from_millisecond(started_at.parse().ok()?).ok()?;
        Some(HistoryPlace { started_at, number: number.parse().ok()? })
    });
    place.ok_or_else(|| Error::Invalid("after must be the `next` of another page".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_nothing_else_is_one() {
        let place =
            HistoryPlace { started_at: Timestamp::from_millisecond(1_800_000_000_123).unwrap(), number: 7 };
        assert_eq!(read(&write(place)).unwrap(), place);
        for text in ["", ".", "1", "1.", ".1", "x.1", "99999999999999999999.1"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
