//! Pixels as they are.

use super::Job;
use crate::abilities::number;
use crate::geometry::Rect;

pub(super) fn encode(job: &mut Job<'_>, rect: Rect) {
    job.begin(rect, number::RAW, false);
    job.picture.rows(rect).for_each(|row| job.converter.put_row(row, job.out));
}
