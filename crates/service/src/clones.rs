//! Copies of a device: one key and token on two computers, as when a disk was copied after the agent had enrolled.
//!
//! Each start of an agent is a run with a name of its own, which comes with every poll. When an agent starts again, the run
//! before it is gone for good. Runs that take turns are several computers, and none is more the device than the others: the
//! device is retired, and its key enrols nothing more.

use crate::{
    audit::{self, About},
    credentials::Agent,
    devices,
    error::{Error, Result},
    service::{Service, Work},
    store::Runs,
};
use protocol::{operator::AuditAction, signed::Audience};
use std::sync::Arc;

/// So often must runs that were replaced come back before it counts: a poll that was on its way for long makes two, its own
/// run's and then that of the run that had taken its place.
const RETURNS: u32 = 3;
/// So many earlier runs are known again, and with them so many copies.
const MOST_RUNS: usize = 32;
const MAX_RUN_CHARS: usize = 64;

/// Notes which run of an agent polls; a copy of a device is retired.
pub(crate) async fn note_run(service: &Arc<Service>, agent: &Agent, run: &str) -> Result<()> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=MAX_RUN_CHARS).contains(&run.len()) || !run.bytes().all(is_name) {
        return Err(Error::Invalid("run must have 1 to 64 of the characters A-Z a-z 0-9 _ -".into()));
    }
    // What is so nearly always costs no transaction.
    if agent.record.runs.latest.as_deref() == Some(run) {
        return Ok(());
    }
    let run = run.to_owned();
    service.run_for(agent.clone(), move |work, agent| noted(work, agent, run)).await
}

fn noted(work: &mut Work<'_>, agent: &Agent, run: String) -> Result<()> {
    let runs = after(&agent.record.runs, run);
    work.tx.set_runs(agent.record.key, &runs)?;
    let Audience::Device(id) = &agent.record.audience else { return Ok(()) };
    if runs.returned < RETURNS || agent.record.closed_at.is_some() {
        return Ok(());
    }
    let device = work.tx.device(id)?.ok_or(Error::Broken("an agent without a device"))?;
    tracing::warn!(device = %id, "a device's key was found on two computers; it is retired");
    audit::note_by_service(work, &device.organisation, AuditAction::DeviceCopied, About::device(&device))?;
    work.tx.add_cloned_key(&agent.record.public_key, work.now)?;
    devices::give_up(work, device)
}

fn after(runs: &Runs, run: String) -> Runs {
    let Runs { latest, before, returned } = runs.clone();
    if latest.as_ref() == Some(&run) {
        return Runs { latest, before, returned };
    }
    // One that was never seen is a start, after which earlier ones should not come back.
    let returned = if before.contains(&run) { returned + 1 } else { 0 };
    let earlier = before.into_iter().filter(|name| *name != run);
    Runs { before: latest.into_iter().chain(earlier).take(MOST_RUNS).collect(), latest: Some(run), returned }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returns(polls: &str) -> u32 {
        polls.chars().fold(Runs::default(), |runs, run| after(&runs, run.to_string())).returned
    }

    #[test]
    fn starting_again_is_no_copy_and_taking_turns_is() {
        assert_eq!([returns("aaa"), returns("abc"), returns("aabbcc"), returns("aba")], [0, 0, 0, 1]);
        assert_eq!([returns("abab"), returns("aabbaabb"), returns("ababc"), returns("abac")], [2, 2, 0, 0]);
        assert_eq!([returns("abcabc"), returns("abcdefgdaf")], [3, 3]);
    }
}
