//! A question without any token, to see whether a service answers and which time it is there.

use super::{Error, Service, TIME_LIMIT, unreachable};
use jiff::fmt::rfc2822;
use protocol::{
    Timestamp,
    problem::{Problem, ProblemCode},
};
use reqwest::{Method, header::DATE};

/// An answer of this length tells enough.
const MAX_BYTES: usize = 64 * 1024;

/// What answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probed {
    /// With this status.
    pub(crate) status: u16,
    /// Whether it keeps to the protocol: it asks for a token in the protocol's words.
    pub(crate) is_service: bool,
    /// The time there.
    pub(crate) date: Option<Timestamp>,
}

impl Service {
    /// Asks.
    pub(crate) async fn probe(&self) -> Result<Probed, Error> {
        let request = self.request(Method::GET, "agent/v1/events?wait_secs=0", None).timeout(TIME_LIMIT);
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let date = response.headers().get(DATE).and_then(|date| rfc2822::parse(date.to_str().ok()?).ok());
        let date = date.map(|date| date.timestamp());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BYTES {
                break;
            }
        }
        let problem: Option<Problem> = serde_json::from_slice(&body).ok();
        let is_service = problem.is_some_and(|problem| problem.code == ProblemCode::Unauthenticated);
        Ok(Probed { status, is_service, date })
    }
}
