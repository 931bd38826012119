//! `GET /operator/v1/live`: what happens, as it happens.

use super::{auth::FromOperator, problem::Answer};
use crate::{
    clock::remaining_secs,
    credentials::SignedIn,
    error::Error,
    hub::{Listener, Live},
    service::Service,
    sessions, views,
};
use axum::{
    extract::State,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{Stream, stream};
use protocol::operator::LiveEvent;
use std::{convert::Infallible, pin::Pin, sync::Arc, time::Duration};
use tokio::time::{Instant, Sleep};

/// Not held to the usual time limit.
pub(super) const PATH: &str = "/operator/v1/live";
/// An event this often tells proxies and pages that the line is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What happens, as it happens.
///
/// Server-sent events; the `data` of each is a `LiveEvent` as JSON. The first is `everything`. Each later one carries one
/// thing whole, to replace what the client holds under the same id; another `everything` replaces all of it. While
/// nothing happens, an event of the type `heartbeat` comes every 15 seconds: without any for longer than 40, take the line for
/// broken and connect again. The connection ends with the sign-in and when the service stops: connect again.
/// While an operator has neither such a connection nor one to a desktop for more than 5 seconds, the agents of that operator's sessions are told.
#[utoipa::path(
    get, path = "/operator/v1/live", tag = "operator",
    responses((status = 200, description = "A stream of events.", body = inline(super::document::Told), content_type = "text/event-stream")),
    security(("operator_cookie" = [])),
    extensions(("x-problem-codes" = json!(["password_change_required", "second_factor_setup_required"]))),
)]
pub(super) async fn live(
    State(service): State<Arc<Service>>,
    FromOperator(who): FromOperator,
) -> Answer<impl IntoResponse> {
    let listener = arrive(&service, &who).await?;
    let life = remaining_secs(who.expires_at, service.clock.now());
    let expires = Box::pin(tokio::time::sleep_until(Instant::now() + Duration::from_secs(life.into())));
    let line = Line { service, who, listener, expires, first: true };
    Ok(Sse::new(line.events()).keep_alive(heartbeat()))
}

/// A page is not told of comments, and of events only where they carry something.
fn heartbeat() -> KeepAlive {
    KeepAlive::new().interval(HEARTBEAT).event(Event::default().event("heartbeat").data("{}"))
}

/// Has an operator count as being there for as long as the listener lives, and the agents told who were told otherwise.
pub(super) async fn arrive(service: &Arc<Service>, who: &SignedIn) -> Result<Listener, Error> {
    let operator = &who.operator;
    let (listener, returned) =
        service.hub.listen(&operator.organisation, &operator.public.id, &who.token_hash, &service.clock);
    if returned {
        let id = operator.public.id.clone();
        service.run(move |work| sessions::tell_presence(work, &id, true)).await?;
    }
    Ok(listener)
}

/// One operator's live connection.
struct Line {
    service: Arc<Service>,
    who: SignedIn,
    listener: Listener,
    expires: Pin<Box<Sleep>>,
    first: bool,
}

impl Line {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut line| async move {
            let event = line.next().await?;
            let event = Event::default().json_data(event.as_ref()).ok()?;
            Some((Ok(event), line))
        })
    }

    /// The next event; `None` ends the connection.
    async fn next(&mut self) -> Option<Arc<LiveEvent>> {
        if std::mem::take(&mut self.first) {
            return self.everything().await;
        }
        loop {
            let live = tokio::select! {
                live = self.listener.next() => live,
                () = &mut self.expires => return None,
                () = self.service.hub.stopped() => return None,
            };
            match live {
                Some(Live::Changed { event, only }) => {
                    if only.is_none_or(|operator| operator == self.who.operator.public.id) {
                        return Some(event);
                    }
                }
                Some(Live::SignedOut { token_hash }) => {
                    if token_hash == self.who.token_hash {
                        return None;
                    }
                }
                // Some were missed.
                Some(Live::Everything) | None => return self.everything().await,
            }
        }
    }

    async fn everything(&self) -> Option<Arc<LiveEvent>> {
        // That the sign-in is over may be among what was missed.
        let everything = self
            .service
            .run_for(self.who.clone(), |work, who| views::everything(work, &who.operator.organisation));
        everything
            .await
            .map(|everything| Arc::new(LiveEvent::Everything(everything)))
            .inspect_err(|error| {
                tracing::error!(error = error as &dyn std::error::Error, "a live connection failed");
            })
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt as _;

    #[tokio::test(start_paused = true)]
    async fn a_page_is_told_that_a_quiet_line_is_alive() {
        let line = Sse::new(stream::pending::<Result<Event, Infallible>>()).keep_alive(heartbeat());
        let mut said = line.into_response().into_body().into_data_stream();
        assert_eq!(said.next().await.unwrap().unwrap(), "event: heartbeat\ndata: {}\n\n");
    }
}
