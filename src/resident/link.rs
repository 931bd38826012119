//! The line to the service: requests with limits on time and size, and errors that say what to do about them.

mod backoff;
mod poll;
mod probe;

pub(crate) use backoff::Backoff;
pub(crate) use poll::{Poll, Polled};
pub(crate) use probe::Probed;

use crate::{
    settings::{ServiceUrl, Settings},
    transport,
};
use anyhow::Context as _;
use line::Transport;
use protocol::{
    Secret,
    agent::EventsQuery,
    problem::{Problem, ProblemCode},
};
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, header::RETRY_AFTER};
use serde::{Serialize, de::DeserializeOwned};
use session::LinkTrouble;
use std::{error::Error as StdError, io, sync::Arc, time::Duration};

/// How long any request but the long poll may take.
const TIME_LIMIT: Duration = Duration::from_secs(20);
/// What the long poll may take beyond the wait that was asked for.
const POLL_GRACE: Duration = Duration::from_secs(15);
/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// The longest pause a service can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Why a request to the service failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No answer came.
    #[error("the service was not reached")]
    Unreachable(#[source] reqwest::Error),
    /// The service's certificate is not trusted by this computer.
    #[error("the service's certificate is not trusted by this computer")]
    CertificateNotTrusted(#[source] reqwest::Error),
    /// The service says what is wrong.
    #[error("the service answered: {title}", title = .0.title)]
    Problem(Box<Problem>),
    /// Something between agent and service answered, or a service that does not keep to the protocol.
    #[error("unexpected answer with status {status}")]
    Unexpected {
        /// Its status.
        status: StatusCode,
        /// The pause that it asks for.
        pause: Duration,
    },
    /// The answer is too long.
    #[error("the answer is too long")]
    TooLong,
    /// The answer means nothing.
    #[error("the answer cannot be understood")]
    Content(#[source] serde_json::Error),
}

/// What to do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Try again, after this long at least.
    After(Duration),
    /// The credential is void: join or enrol again.
    JoinAgain,
    /// Another try would get the same answer.
    Never,
}

impl Error {
    /// What to do.
    pub(crate) fn retry(&self) -> Retry {
        let at_once = Retry::After(Duration::ZERO);
        match self {
            // The certificate may be put right while the agent runs; it is tried again like a line that is down.
            Self::Unreachable(_) | Self::CertificateNotTrusted(_) | Self::TooLong | Self::Content(_) => {
                at_once
            }
            Self::Unexpected { status, pause } => {
                let passing = status.is_server_error()
                    || [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS].contains(status);
                if passing { Retry::After(*pause) } else { Retry::Never }
            }
            Self::Problem(problem) => {
                let pause =
                    problem.retry_after_secs.map_or(Duration::ZERO, |secs| Duration::from_secs(secs.into()));
                match problem.code {
                    ProblemCode::Unauthenticated => Retry::JoinAgain,
                    ProblemCode::TooManyAttempts
                    | ProblemCode::RateLimited
                    | ProblemCode::ShuttingDown
                    | ProblemCode::Internal => Retry::After(pause.min(LONGEST_PAUSE)),
                    ProblemCode::Unknown if problem.status >= 500 => Retry::After(pause.min(LONGEST_PAUSE)),
                    ProblemCode::WrongCode
                    | ProblemCode::InvitationClosed
                    | ProblemCode::InvitationTaken
                    | ProblemCode::ProofOfWorkRequired
                    | ProblemCode::EnrolmentRefused
                    | ProblemCode::CursorExpired
                    | ProblemCode::Forbidden
                    | ProblemCode::NotFound
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
                    | ProblemCode::Unknown => Retry::Never,
                }
            }
        }
    }

    /// How long to wait before another try of something that must arrive; nothing where the service refuses for good,
    /// which only itself can: something in between may answer in its place for a while.
    pub(crate) fn pause_for_what_must_arrive(&self) -> Option<Duration> {
        match self.retry() {
            Retry::After(least) => Some(least),
            Retry::Never if self.code().is_none() => Some(Duration::ZERO),
            Retry::Never | Retry::JoinAgain => None,
        }
    }

    /// What the user is told about it.
    pub(crate) fn trouble(&self) -> LinkTrouble {
        match self {
            Self::CertificateNotTrusted(_) => LinkTrouble::CertificateNotTrusted,
            Self::Unreachable(_)
            | Self::Problem(_)
            | Self::Unexpected { .. }
            | Self::TooLong
            | Self::Content(_) => LinkTrouble::Unreachable,
        }
    }

    /// The service's code for what is wrong, where it gave one.
    pub(crate) fn code(&self) -> Option<ProblemCode> {
        if let Self::Problem(problem) = self { Some(problem.code) } else { None }
    }
}

/// The service as this agent reaches it.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    http: Client,
    url: ServiceUrl,
    transport: Transport,
    run: Arc<str>,
}

impl Service {
    /// Prepares for talking to the service; nothing is sent.
    pub(crate) fn new(url: ServiceUrl, settings: &Settings) -> anyhow::Result<Self> {
        let transport = transport::of(&url, settings)?;
        let http = transport::client(&transport, &url)?.build().context("failed to prepare for TLS")?;
        Ok(Self { http, url, transport, run: crypto::random_id().into() })
    }

    /// The way to it.
    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// By which it knows two copies of this agent apart.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// Its address.
    pub(crate) fn url(&self) -> &ServiceUrl {
        &self.url
    }

    /// Sends a message and reads the answer's JSON.
    pub(crate) async fn ask<B: Serialize + Sync, T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&Secret>,
        body: &B,
    ) -> Result<T, Error> {
        let body = serde_json::to_vec(body).map_err(Error::Content)?;
        let answer = self.send(Method::POST, path, token, body).await?;
        serde_json::from_slice(&answer).map_err(Error::Content)
    }

    /// Sends a message that is JSON already, or empty, and gives the answer as it came.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&Secret>,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Error> {
        let mut request = self.request(method, path, token).timeout(TIME_LIMIT);
        if !body.is_empty() {
            request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body);
        }
        answer(request).await
    }

    /// One long poll.
    async fn events(
        &self,
        token: &Secret,
        query: &EventsQuery,
    ) -> Result<protocol::agent::EventsResponse, Error> {
        let limit = Duration::from_secs(query.wait_secs.into()) + POLL_GRACE;
        let mut path = format!("agent/v1/events?wait_secs={}", query.wait_secs);
        if let Some(after) = &query.after {
            let after = reqwest::Url::parse_with_params("x:?", [("after", after)]).ok();
            path.push('&');
            path.push_str(after.as_ref().and_then(Url::query).unwrap_or_default());
        }
        let bytes = answer(self.request(Method::GET, &path, Some(token)).timeout(limit)).await?;
        serde_json::from_slice(&bytes).map_err(Error::Content)
    }

    fn request(&self, method: Method, path: &str, token: Option<&Secret>) -> RequestBuilder {
        // Identifiers hold nothing that means something in a URL, so joining cannot fail; if it does, sending will.
        let url = self.url.join(path).map(String::from).unwrap_or_default();
        let request = self.http.request(method, url);
        match token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<Vec<u8>, Error> {
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let pause = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    let pause = pause.map_or(Duration::ZERO, Duration::from_secs).min(LONGEST_PAUSE);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Error::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() { Ok(body) } else { Err(refusal(status, pause, &body)) }
}

/// What an answer means that is not a success.
fn refusal(status: StatusCode, pause: Duration, body: &[u8]) -> Error {
    match serde_json::from_slice::<Problem>(body) {
        Ok(mut problem) => {
            let secs = u32::try_from(pause.as_secs()).unwrap_or(u32::MAX);
            problem.retry_after_secs = problem.retry_after_secs.or(Some(secs));
            Error::Problem(Box::new(problem))
        }
        Err(_) => Error::Unexpected { status, pause },
    }
}

fn unreachable(error: reqwest::Error) -> Error {
    // The address may hold a cursor; the log has no use for it.
    let error = error.without_url();
    if is_about_certificate(&error) { Error::CertificateNotTrusted(error) } else { Error::Unreachable(error) }
}

fn is_about_certificate(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // An `io::Error` hides the error it was made of from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let tls = error.downcast_ref::<rustls::Error>().or_else(|| inner?.downcast_ref());
        if matches!(tls, Some(rustls::Error::InvalidCertificate(_))) {
            return true;
        }
        next = error.source();
        if next.is_none()
            && let Some(inner) = inner
        {
            next = Some(inner);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_problem_document_keeps_the_agent_away_for_long_or_costs_it_its_credential_unsaid() {
        bolero::check!().for_each(|bytes: &[u8]| {
            for status in [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::BAD_GATEWAY] {
                let error = refusal(status, Duration::ZERO, bytes);
                match error.retry() {
                    Retry::After(pause) => assert!(pause <= LONGEST_PAUSE, "{pause:?}"),
                    Retry::JoinAgain => assert_eq!(error.code(), Some(ProblemCode::Unauthenticated)),
                    Retry::Never => {}
                }
            }
        });
    }
}
