//! Looking up a session code, joining its invitation, enrolling a device. Tried again while the service is not reached.

use super::link::{Backoff, Error, Retry, Service};
use crate::platform;
use crypto::KeyPair;
use protocol::{
    Secret, SessionCode, Timestamp,
    agent::{
        EnrolRequest, EnrolResponse, JoinRequest, JoinResponse, LookupRequest, LookupResponse, ProofOfWork,
    },
    problem::ProblemCode,
    signed::{ENROLMENT_TYP, EnrolmentTerms},
    text,
};
use serde::{Serialize, de::DeserializeOwned};
use session::JoinFailure;
use std::{convert::Infallible, time::Duration};
use tokio::sync::oneshot;

/// A challenge that asks for more would keep the computer busy for minutes.
const MAX_ZERO_BITS: u8 = 26;

/// Held by the work; closed when nobody wants its result any more.
pub(crate) type Wanted = oneshot::Sender<Infallible>;

/// Whose code is this?
pub(crate) async fn look_up(
    service: &Service,
    session_code: SessionCode,
    wanted: &mut Wanted,
) -> Result<LookupResponse, JoinFailure> {
    ask(service, "agent/v1/lookup", wanted, |proof_of_work| LookupRequest {
        session_code: session_code.clone(),
        proof_of_work,
    })
    .await
}

/// Uses the code up. A try that is under way is finished even when nobody wants it any more: the service may have taken it.
pub(crate) async fn join(
    service: &Service,
    request: JoinRequest,
    wanted: &mut Wanted,
) -> Result<JoinResponse, JoinFailure> {
    ask(service, "agent/v1/join", wanted, |proof_of_work| JoinRequest { proof_of_work, ..request.clone() })
        .await
}

/// Makes this agent a device's, however long the service takes to be reached; `later` learns why it takes so long. The
/// request is made anew for each try, since it says when it was signed.
pub(crate) async fn enrol(
    service: &Service,
    key: &KeyPair,
    enrolment_token: &Secret,
    later: impl Fn(Error),
) -> Result<EnrolResponse, Error> {
    let mut backoff = Backoff::default();
    loop {
        match service.ask("agent/v1/enrol", None, &enrolment(key, enrolment_token)?).await {
            Err(error) => match error.pause_for_what_must_arrive() {
                Some(least) => {
                    later(error);
                    tokio::time::sleep(backoff.next(least)).await;
                }
                None => return Err(error),
            },
            Ok(answer) => return Ok(answer),
        }
    }
}

fn enrolment(key: &KeyPair, enrolment_token: &Secret) -> Result<EnrolRequest, Error> {
    let token = crypto::hash(enrolment_token.expose().as_bytes());
    let terms = EnrolmentTerms { version: 1, token, signed_at: Timestamp::now() };
    Ok(EnrolRequest {
        enrolment_token: enrolment_token.clone(),
        public_key: key.public().to_string(),
        proof: crypto::sign(key, ENROLMENT_TYP, &terms).map_err(Error::Content)?,
        agent: super::description(),
        computer: platform::computer_name(),
        user: platform::user_name(),
    })
}

async fn ask<B: Serialize + Sync, T: DeserializeOwned>(
    service: &Service,
    path: &str,
    wanted: &mut Wanted,
    body: impl Fn(Option<ProofOfWork>) -> B,
) -> Result<T, JoinFailure> {
    let (mut backoff, mut proof) = (Backoff::default(), None);
    loop {
        let error = match service.ask(path, None, &body(proof.take())).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        if let Error::Problem(problem) = &error
            && problem.code == ProblemCode::ProofOfWorkRequired
            && let Some(challenge) = problem.proof_of_work.clone().filter(|it| it.zero_bits <= MAX_ZERO_BITS)
            && !wanted.is_closed()
        {
            proof = tokio::task::spawn_blocking(move || crypto::solve(&challenge)).await.ok();
            continue;
        }
        let least = match (failure(&error), error.retry()) {
            (None, Retry::After(least)) => least,
            (failure, _) => return Err(failure.unwrap_or(JoinFailure::Unreachable)),
        };
        tracing::warn!(error = %Chain(&error), "joining has to wait; trying again");
        tokio::select! {
            () = tokio::time::sleep(backoff.next(least)) => {}
            () = wanted.closed() => return Err(JoinFailure::Unreachable),
        }
    }
}

/// What the user is told; nothing where another try may help.
fn failure(error: &Error) -> Option<JoinFailure> {
    let problem = match error {
        Error::CertificateNotTrusted(_) => return Some(JoinFailure::CertificateNotTrusted),
        Error::Problem(problem) => problem,
        Error::Unreachable(_) | Error::Unexpected { .. } | Error::TooLong | Error::Content(_) => {
            let refused = error.retry() == Retry::Never;
            return refused.then(|| JoinFailure::Refused { detail: said(error) });
        }
    };
    let retry_after = Duration::from_secs(problem.retry_after_secs.unwrap_or(60).max(1).into());
    match problem.code {
        ProblemCode::WrongCode | ProblemCode::NotFound => Some(JoinFailure::WrongCode),
        ProblemCode::InvitationClosed => Some(JoinFailure::Closed),
        ProblemCode::InvitationTaken => Some(JoinFailure::Taken),
        ProblemCode::TooManyAttempts | ProblemCode::RateLimited => Some(JoinFailure::TooMany { retry_after }),
        ProblemCode::ShuttingDown | ProblemCode::Internal => None,
        ProblemCode::ProofOfWorkRequired
        | ProblemCode::EnrolmentRefused
        | ProblemCode::CursorExpired
        | ProblemCode::Unauthenticated
        | ProblemCode::Forbidden
        | ProblemCode::RequestClosed
        | ProblemCode::ReceiptInvalid
        | ProblemCode::SessionEnded
        | ProblemCode::AgentBusy
        | ProblemCode::DevicePending
        | ProblemCode::Invalid
        | ProblemCode::TooLarge
        | ProblemCode::NotGranted
        | ProblemCode::LoginTaken
        | ProblemCode::WeakPassword
        | ProblemCode::WrongPassword
        | ProblemCode::PasswordChangeRequired
        | ProblemCode::SecondFactorRequired
        | ProblemCode::WrongSecondFactor
        | ProblemCode::SecondFactorSetupRequired
        | ProblemCode::OrganisationSuspended
        | ProblemCode::DomainNotProven
        | ProblemCode::KeyCloned
        | ProblemCode::TooMany
        | ProblemCode::AccountDisabled
        | ProblemCode::LastAdministrator
        | ProblemCode::LogoFormat
        | ProblemCode::LogoDamaged
        | ProblemCode::LogoDimensions
        | ProblemCode::AgentUnreachable
        | ProblemCode::Unknown => Some(JoinFailure::Refused { detail: said(error) }),
    }
}

/// What the service said, made safe to show.
pub(super) fn said(error: &Error) -> String {
    let said = match error {
        Error::Problem(problem) => problem.detail.clone().unwrap_or_else(|| problem.title.clone()),
        other => other.to_string(),
    };
    text::one_line(&said, 200, "no reason given")
}

/// An error with everything that caused it, on one line.
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
