//! What other programs of the same user can ask the resident: fill in a code, show the window, end things, say how it
//! stands. Nothing that comes this way can approve, grant, widen, or change the service.

use super::Event;
use crate::{places::Places, platform};
use anyhow::{Context as _, bail};
use protocol::SessionCode;
use serde::{Deserialize, Serialize};
use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _},
    sync::{mpsc::UnboundedSender, oneshot},
};

/// The longest question and answer.
const MAX_BYTES: u64 = 4 * 1024 * 1024;
/// How long a program may take to ask.
const ASK_LIMIT: Duration = Duration::from_secs(5);

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub(crate) enum Question {
    /// Fill in this code; the user decides.
    Join {
        /// That code.
        code: SessionCode,
    },
    /// Show the session window.
    Open,
    /// End whatever there is.
    End,
    /// How does it stand?
    Status,
    /// End everything and the program. The end of the connection is the answer.
    Quit,
}

/// The session code in a link.
pub(crate) fn code_in_link(link: &str) -> anyhow::Result<SessionCode> {
    match link.strip_prefix("ondemand-agent:join#") {
        Some(code) => Ok(code.parse()?),
        None => bail!("give `-` and enter the code, or a link that starts with ondemand-agent:join#"),
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub(crate) enum Answer {
    /// Done.
    Done,
    /// Machine policy does not let it be done.
    NotAllowed,
    /// How it stands.
    Status {
        /// The view, and the version and service of the resident.
        status: serde_json::Value,
    },
}

/// Answers this user's programs until the resident ends.
pub(crate) fn listen(places: &Places, events: UnboundedSender<Event>) -> anyhow::Result<()> {
    let path = places.socket();
    let mut listener =
        platform::listen_local(&path).with_context(|| format!("failed to listen at {}", path.display()))?;
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok(stream) => drop(tokio::spawn(answer(stream, events.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "a program of this user could not be answered");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(())
}

async fn answer(stream: platform::LocalStream, events: UnboundedSender<Event>) -> Option<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(MAX_BYTES));
    tokio::time::timeout(ASK_LIMIT, reader.read_line(&mut line)).await.ok()?.ok()?;
    let question = serde_json::from_str(&line).ok()?;
    let (reply, answer) = oneshot::channel();
    events.send(Event::Local(question, reply)).ok()?;
    let mut line = serde_json::to_vec(&answer.await.ok()?).ok()?;
    line.push(b'\n');
    writer.write_all(&line).await.ok()?;
    writer.shutdown().await.ok()
}

/// Why the resident did not answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    /// There is none.
    #[error("the agent is not running; start it with `ondemand-agent run`")]
    NotRunning,
    /// It did not answer.
    #[error("the agent does not answer; end its process and start it again")]
    NoAnswer(#[source] io::Error),
    /// It answered something else.
    #[error("the running agent is of another version; quit it and start it again")]
    Content(#[from] serde_json::Error),
}

/// Asks the resident of this user.
pub(crate) fn ask(places: &Places, question: &Question) -> Result<Answer, AskError> {
    let mut stream = platform::connect_local(&places.socket()).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning,
        _ => AskError::NoAnswer(error),
    })?;
    let mut line = serde_json::to_vec(question)?;
    line.push(b'\n');
    stream.write_all(&line).map_err(AskError::NoAnswer)?;
    let mut answer = String::new();
    BufReader::new(stream.take(MAX_BYTES)).read_line(&mut answer).map_err(AskError::NoAnswer)?;
    if answer.is_empty() && *question == Question::Quit {
        return Ok(Answer::Done);
    }
    Ok(serde_json::from_str(&answer)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// If one of these means more one day, somebody has to think about who may say it.
    #[test]
    fn nothing_that_other_programs_can_say_approves_anything() {
        for text in [r#"{"ask":"approve","request_id":"r1"}"#, r#"{"user":"approve","request_id":"r1"}"#] {
            assert!(serde_json::from_str::<Question>(text).is_err());
        }
    }

    #[test]
    fn a_link_holds_a_code_and_nothing_else() {
        assert_eq!(code_in_link("ondemand-agent:join#123456789").unwrap(), "123456789".parse().unwrap());
        for link in [
            "ondemand-agent:join#123456789&service_url=https://elsewhere.example",
            "ondemand-agent:join#123456789&confirm=1",
            "ondemand-agent:join?code=123456789",
            "ondemand-agent:approve#r1",
            "ondemand-agent:end#s1",
            "ondemand-agent:join#../../123456789",
            "ondemand-agent:join#--service-url",
            "https://elsewhere.example/join#123456789",
            "ondemand-agent:join#",
        ] {
            assert!(code_in_link(link).is_err(), "{link}");
        }
    }

    #[tokio::test]
    async fn a_question_is_answered_by_the_resident_that_runs() {
        let folder = tempfile::tempdir().unwrap();
        let places = Places::all_in(folder.path());
        places.prepare().unwrap();
        assert!(matches!(ask(&places, &Question::Open), Err(AskError::NotRunning)));

        let (events, mut received) = tokio::sync::mpsc::unbounded_channel();
        listen(&places, events).unwrap();
        let asked = tokio::task::spawn_blocking(move || ask(&places, &Question::End));
        let Some(Event::Local(question, reply)) = received.recv().await else { panic!("no question") };
        assert_eq!(question, Question::End);
        reply.send(Answer::Done).unwrap();
        assert_eq!(asked.await.unwrap().unwrap(), Answer::Done);
    }
}
