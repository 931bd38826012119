//! Rate limits: generous for those who work, a stop for those who flood.

use super::problem::Refusal;
use crate::{connections::ConnectionPlace, error::Error, guessing::Network};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    collections::HashMap,
    convert::Infallible,
    hash::Hash,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// From where a request came; put into each request by the listener.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        // Without a listener, as in a test of the router, everything comes from one place.
        Ok(parts.extensions.get().copied().unwrap_or(Self(Ipv4Addr::UNSPECIFIED.into())))
    }
}

/// The place that a request takes up, and nothing where it was one too many; put into each request by the listener.
#[derive(Clone)]
pub(crate) struct Admission(pub(crate) Option<Arc<ConnectionPlace>>);

impl Admission {
    /// A credential was shown with the request, and is valid.
    pub(super) fn known_by(extensions: &Extensions, token_hash: &str) {
        if let Some(Self(Some(place))) = extensions.get() {
            place.known_by(token_hash);
        }
    }
}

/// Tokens that fill a bucket at a steady rate; each request takes one.
pub(crate) struct Buckets<K> {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<K, (f64, Instant)>>,
}

/// Full buckets are forgotten when there are more than this many.
const TIDY_ABOVE: usize = 10_000;

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(per_second: f64, burst: f64) -> Self {
        Self { per_second, burst, buckets: Mutex::default() }
    }

    /// Takes a token.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), Error> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() > TIDY_ABOVE {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.burst);
        }
        let bucket = buckets.entry(key).or_insert((self.burst, now));
        let tokens = self.filled(*bucket, now);
        if tokens < 1.0 {
            *bucket = (tokens, now);
            let retry_after = Duration::from_secs_f64((1.0 - tokens) / self.per_second);
            return Err(Error::RateLimited { retry_after });
        }
        *bucket = (tokens - 1.0, now);
        Ok(())
    }

    fn filled(&self, (tokens, at): (f64, Instant), now: Instant) -> f64 {
        let seconds = now.saturating_duration_since(at).as_secs_f64();
        (tokens + seconds * self.per_second).min(self.burst)
    }
}

/// An agent or operator makes a few requests a second at the most.
pub(crate) fn per_credential() -> Buckets<String> {
    Buckets::new(50.0, 200.0)
}

/// Ten thousand agents behind one address poll two hundred times a second.
#[derive(Clone)]
pub(super) struct Addresses(Arc<Buckets<Network>>);

impl Default for Addresses {
    fn default() -> Self {
        Self(Arc::new(Buckets::new(500.0, 2000.0)))
    }
}

pub(super) async fn per_address(
    State(Addresses(buckets)): State<Addresses>,
    Peer(address): Peer,
    request: Request,
    next: Next,
) -> Response {
    let taken = match request.extensions().get() {
        Some(Admission(None)) => Err(Error::RateLimited { retry_after: Duration::from_secs(1) }),
        _ => buckets.take(Network::from(address), Instant::now()),
    };
    match taken {
        Ok(()) => next.run(request).await,
        Err(error) => Refusal::from(error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_runs_dry_and_fills_again_and_others_are_not_concerned() {
        let buckets = Buckets::new(2.0, 3.0);
        let start = Instant::now();
        for _ in 0..3 {
            buckets.take("one", start).unwrap();
        }
        let Err(Error::RateLimited { retry_after }) = buckets.take("one", start) else { panic!("served") };
        assert_eq!(retry_after, Duration::from_millis(500));
        buckets.take("other", start).unwrap();
        buckets.take("one", start + Duration::from_millis(500)).unwrap();
        assert!(buckets.take("one", start + Duration::from_millis(600)).is_err());
    }
}
