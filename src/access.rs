//! The access process: serves exactly what was granted, for as long as its line to the resident stands.
//!
//! It is started by an approval and killed by an end. This version holds the grant and serves nothing of it yet.

use line::{FromAccess, ToAccess};
use session::{AccessFact, Grant};
use std::{
    io::{self, BufRead, Write},
    process::ExitCode,
};

/// Runs until the line ends.
pub(crate) fn run() -> ExitCode {
    match serve(&mut io::stdin().lock(), &mut io::stdout().lock()) {
        Ok(()) | Err(line::Error::Ended) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the access process ends");
            ExitCode::FAILURE
        }
    }
}

fn serve(from: &mut impl BufRead, to: &mut impl Write) -> Result<(), line::Error> {
    line::write(to, &FromAccess::Hello { version: line::VERSION })?;
    match line::read(from)? {
        ToAccess::Hello { version: line::VERSION, .. } => {}
        ToAccess::Hello { .. }
        | ToAccess::Grant(_)
        | ToAccess::HoldInput
        | ToAccess::ResumeInput
        | ToAccess::Pause
        | ToAccess::Resume => {
            tracing::error!("the resident is of another version");
            return Ok(());
        }
    }
    let mut granted: Option<Grant> = None;
    loop {
        match line::read(from)? {
            ToAccess::Grant(grant) => {
                if granted.replace(grant).is_none() {
                    line::write(to, &FromAccess::Fact(AccessFact::Started))?;
                }
            }
            ToAccess::HoldInput => line::write(to, &FromAccess::Fact(AccessFact::InputHeld))?,
            // There is no input, picture or transfer yet that could be let through, stopped or gone on with.
            ToAccess::ResumeInput | ToAccess::Pause | ToAccess::Resume => {}
            ToAccess::Hello { .. } => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Permissions, Secret};

    fn answers(told: &[ToAccess]) -> Vec<FromAccess> {
        let mut from = Vec::new();
        for message in told {
            line::write(&mut from, message).unwrap();
        }
        let mut to = Vec::new();
        let ended = serve(&mut from.as_slice(), &mut to);
        assert!(matches!(ended, Ok(()) | Err(line::Error::Ended)));
        let mut to = to.as_slice();
        std::iter::from_fn(|| line::read(&mut to).ok()).collect()
    }

    fn hello(version: u32) -> ToAccess {
        let (service_url, tunnel_ticket) = ("https://support.example/".into(), Secret::new("ticket"));
        ToAccess::Hello { version, service_url, tunnel_ticket }
    }

    #[test]
    fn it_starts_once_holds_when_told_and_ends_with_its_line() {
        let grant = Grant { session_id: "s1".parse().unwrap(), permissions: Permissions::all() };
        assert_eq!(
            answers(&[
                hello(line::VERSION),
                ToAccess::Grant(grant.clone()),
                ToAccess::Grant(grant),
                ToAccess::HoldInput
            ]),
            [
                FromAccess::Hello { version: line::VERSION },
                FromAccess::Fact(AccessFact::Started),
                FromAccess::Fact(AccessFact::InputHeld)
            ]
        );
    }

    #[test]
    fn it_serves_no_resident_of_another_version() {
        assert_eq!(answers(&[hello(line::VERSION + 1), ToAccess::HoldInput]).len(), 1);
    }
}
