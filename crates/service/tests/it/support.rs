//! A service with one organisation, and those who talk to it.

use crypto::{KeyPair, PublicKey};
use protocol::{
    EndReason, Organisation, Outcome, Permission, Permissions, RequestId, Secret, SessionCode, SessionId,
    Timestamp,
    agent::{
        AgentDescription, CancelRequest, EndSession, EnrolRequest, EnrolResponse, EventsResponse,
        JoinRequest, JoinResponse, OutcomeRequest, OutcomeResponse, SessionStart,
    },
    event::{Event, RequestEvent},
    operator::{
        CreateInvitation, CreateRequest, Everything, InvitationView, LiveEvent, Me, RequestView, SignIn,
        Target,
    },
    problem::{Problem, ProblemCode},
    signed::{ENROLMENT_TYP, EnrolmentTerms, RECEIPT_TYP, REQUEST_TYP, ReceiptTerms, RequestTerms},
};
use reqwest::{Client, Method, Response, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use service::{Clock, Config, Limits, Running, admin::Admin};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse battery";
/// Nothing in these tests takes longer, unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running service with the organisation "Example Support" and its operator Olivia.
pub(crate) struct Stage {
    pub(crate) running: Running,
    pub(crate) organisation: Organisation,
    pub(crate) clock: Clock,
    folder: TempDir,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        Self::with_limits(Limits::default()).await
    }

    pub(crate) async fn with_limits(limits: Limits) -> Self {
        Self::configured(|config| config.limits = limits).await
    }

    pub(crate) async fn configured(configure: impl FnOnce(&mut Config)) -> Self {
        // Another test of this process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("service.db");
        let admin = Admin::open(&database).unwrap();
        let organisation = admin.add_organisation("Example Support", Some("support.example")).unwrap();
        let password = Secret::new(PASSWORD);
        admin.add_operator(&organisation.id, "olivia", "Olivia Example", &password).unwrap();
        let clock = Clock::system();
        let mut config = Config { clock: clock.clone(), ..Config::local(database) };
        configure(&mut config);
        let running = service::start(config).await.unwrap();
        Self { running, organisation, clock, folder }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.path().join("service.db")
    }

    pub(crate) fn admin(&self) -> Admin {
        Admin::open(&self.database()).unwrap()
    }

    /// Stops the service and starts it on the same database; agents and operators come back by `url`.
    pub(crate) async fn restart(self) -> Self {
        self.restart_after(|_| ()).await
    }

    /// The same, and something is done to the database file meanwhile.
    pub(crate) async fn restart_after(self, work: impl FnOnce(&Path)) -> Self {
        let Self { running, organisation, clock, folder } = self;
        running.shutdown().await;
        work(&folder.path().join("service.db"));
        let config = Config { clock: clock.clone(), ..Config::local(folder.path().join("service.db")) };
        let running = service::start(config).await.unwrap();
        Self { running, organisation, clock, folder }
    }

    /// A colleague of Olivia's who is no administrator.
    pub(crate) async fn oscar(&self) -> Operator {
        let password = Secret::new(PASSWORD);
        self.admin().add_operator(&self.organisation.id, "oscar", "Oscar Example", &password).unwrap();
        Operator::sign_in(&self.running.url, "oscar").await
    }

    /// Olivia, the organisation's administrator.
    pub(crate) async fn olivia(&self) -> Operator {
        Operator::sign_in(&self.running.url, "olivia").await
    }

    /// An agent that has joined a fresh invitation of `operator`.
    pub(crate) async fn joined(&self, operator: &Operator) -> (Agent, InvitationView) {
        let invitation = operator.invite().await;
        let mut agent = Agent::new(&self.running.url);
        agent.join(invitation.session_code.as_ref().unwrap()).await.unwrap();
        (agent, invitation)
    }

    /// A session with these permissions that an agent has approved.
    pub(crate) async fn session(
        &self,
        operator: &Operator,
        permissions: impl Into<Permissions>,
    ) -> (Agent, SessionId) {
        let (agent, start) = self.started(operator, permissions).await;
        (agent, start.session_id)
    }

    /// The same, with the ticket.
    pub(crate) async fn started(
        &self,
        operator: &Operator,
        permissions: impl Into<Permissions>,
    ) -> (Agent, SessionStart) {
        let (agent, invitation) = self.joined(operator).await;
        let permissions = permissions.into();
        let request = operator.ask(Target::Invitation(invitation.id), permissions).await.unwrap();
        let event = agent.snapshot().await.snapshot.unwrap().request.unwrap();
        assert_eq!(event.request_id, request.id);
        let receipt = agent.receipt(&event, approved(permissions), 1);
        let answer = agent.report(&event.request_id, &receipt).await.unwrap();
        (agent, answer.session.unwrap())
    }
}

pub(crate) fn approved(permissions: impl Into<Permissions>) -> Outcome {
    Outcome::Approved { permissions: permissions.into(), limit_secs: 3600, given_by: None }
}

/// What an answer says: a value, or a problem.
pub(crate) async fn outcome<T: DeserializeOwned>(response: Response) -> Result<T, Problem> {
    let status = response.status();
    let bytes = response.bytes().await.unwrap();
    if status.is_success() {
        let bytes = if bytes.is_empty() { b"null".as_slice() } else { &bytes };
        return Ok(serde_json::from_slice(bytes).unwrap());
    }
    let problem: Problem = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| panic!("{status} without a problem: {}", String::from_utf8_lossy(&bytes)));
    assert_eq!(problem.status, status.as_u16());
    Err(problem)
}

/// The code of a problem that was expected.
pub(crate) fn code<T: std::fmt::Debug>(result: Result<T, Problem>) -> ProblemCode {
    result.expect_err("this should have been refused").code
}

/// An operator with a cookie and a CSRF token.
pub(crate) struct Operator {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) me: Me,
}

impl Operator {
    pub(crate) async fn sign_in(url: &str, login: &str) -> Self {
        Self::sign_in_with(url, login, PASSWORD).await.unwrap()
    }

    pub(crate) async fn sign_in_with(url: &str, login: &str, password: &str) -> Result<Self, Problem> {
        Self::sign_in_with_code(url, login, password, None).await
    }

    pub(crate) async fn sign_in_with_code(
        url: &str,
        login: &str,
        password: &str,
        code: Option<&str>,
    ) -> Result<Self, Problem> {
        let client = Client::builder().cookie_store(true).build().unwrap();
        let code = code.map(Secret::new);
        let body = SignIn { login: login.into(), password: Secret::new(password), code };
        let response = client.post(format!("{url}/operator/v1/sign-in")).json(&body).send().await.unwrap();
        let me = outcome(response).await?;
        Ok(Self { url: url.to_owned(), client, me })
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Problem> {
        let response = self.client.get(format!("{}/operator/v1/{path}", self.url)).send().await.unwrap();
        outcome(response).await
    }

    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Problem> {
        let mut request = self
            .client
            .request(method, format!("{}/operator/v1/{path}", self.url))
            .header("X-CSRF-Token", self.me.csrf_token.expose());
        if let Some(body) = body {
            request = request.json(body);
        }
        outcome(request.send().await.unwrap()).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        self.send(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Problem> {
        self.send(Method::DELETE, path, None::<&()>).await
    }

    pub(crate) async fn invite(&self) -> InvitationView {
        self.post("invitations", &CreateInvitation::default()).await.unwrap()
    }

    pub(crate) async fn ask(
        &self,
        target: Target,
        permissions: impl Into<Permissions>,
    ) -> Result<RequestView, Problem> {
        let body = CreateRequest { target, permissions: permissions.into(), answer_within_secs: None };
        self.post("requests", &body).await
    }

    pub(crate) async fn request(&self, id: &RequestId) -> RequestView {
        self.get(&format!("requests/{id}")).await.unwrap()
    }

    /// Opens a live connection and takes in its first event.
    pub(crate) async fn listen(&self) -> (Live, Everything) {
        let response = self.client.get(format!("{}/operator/v1/live", self.url)).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let mut live = Live { response, buffer: String::new() };
        match live.next().await {
            Some(LiveEvent::Everything(everything)) => (live, everything),
            other => panic!("the first event is {other:?}"),
        }
    }
}

/// An operator's live connection.
pub(crate) struct Live {
    response: Response,
    buffer: String,
}

impl Live {
    /// The next event; `None` when the service has ended the connection.
    pub(crate) async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                // A heartbeat has a type.
                let typed = event.lines().any(|line| line.starts_with("event: "));
                let data = event.lines().find_map(|line| line.strip_prefix("data: ")).filter(|_| !typed);
                let event = data.map(|data| serde_json::from_str(data).unwrap());
                self.buffer = rest.to_owned();
                if event.is_some() {
                    return event;
                }
                continue;
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap().unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Skips events until `wanted` finds what it is looking for.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(LiveEvent) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.next().await.expect("the live connection ended");
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the event did not come")
    }
}

/// An agent that does what the test says.
pub(crate) struct Agent {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) key: KeyPair,
    pub(crate) token: String,
}

pub(crate) fn description() -> AgentDescription {
    AgentDescription { version: "1.2.3".into(), operating_system: "linux".into() }
}

impl Agent {
    pub(crate) fn new(url: &str) -> Self {
        let (key, _) = KeyPair::generate();
        Self { url: url.to_owned(), client: Client::new(), key, token: String::new() }
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Problem> {
        let request = self.client.post(format!("{}/agent/v1/{path}", self.url)).bearer_auth(&self.token);
        outcome(request.json(body).send().await.unwrap()).await
    }

    /// A post that says all with its address.
    pub(crate) async fn note(&self, path: &str) -> Result<(), Problem> {
        let request = self.client.post(format!("{}/agent/v1/{path}", self.url)).bearer_auth(&self.token);
        outcome(request.send().await.unwrap()).await
    }

    pub(crate) async fn join(&mut self, code: &SessionCode) -> Result<JoinResponse, Problem> {
        let body = JoinRequest {
            session_code: code.clone(),
            public_key: self.key.public().to_string(),
            agent: description(),
            proof_of_work: None,
        };
        let answer: JoinResponse = self.post("join", &body).await?;
        self.token = answer.agent_token.expose().to_owned();
        Ok(answer)
    }

    /// What this agent sends to be enrolled.
    pub(crate) fn enrolment(&self, token: &Secret, signed_at: Timestamp) -> EnrolRequest {
        let terms = EnrolmentTerms { version: 1, token: crypto::hash(token.expose().as_bytes()), signed_at };
        EnrolRequest {
            enrolment_token: token.clone(),
            public_key: self.key.public().to_string(),
            proof: crypto::sign(&self.key, ENROLMENT_TYP, &terms).unwrap(),
            agent: description(),
            computer: "desk-7".into(),
            user: "Ute Example".into(),
        }
    }

    pub(crate) async fn enrol(&mut self, token: &Secret) -> Result<EnrolResponse, Problem> {
        let answer: EnrolResponse = self.post("enrol", &self.enrolment(token, Timestamp::now())).await?;
        self.token = answer.agent_token.expose().to_owned();
        Ok(answer)
    }

    pub(crate) async fn poll(&self, after: Option<&str>, wait_secs: u32) -> Result<EventsResponse, Problem> {
        let mut url = format!("{}/agent/v1/events?wait_secs={wait_secs}", self.url);
        if let Some(after) = after {
            url.push_str("&after=");
            url.push_str(after);
        }
        let response = self.client.get(url).bearer_auth(&self.token).send();
        outcome(tokio::time::timeout(PATIENCE, response).await.unwrap().unwrap()).await
    }

    pub(crate) async fn snapshot(&self) -> EventsResponse {
        self.poll(None, 0).await.unwrap()
    }

    /// Polls from `cursor` on until an event fits, and moves the cursor behind the answer it was in.
    pub(crate) async fn until<T>(
        &self,
        cursor: &mut String,
        mut wanted: impl FnMut(Event) -> Option<T>,
    ) -> T {
        let search = async {
            loop {
                let answer = self.poll(Some(cursor), 10).await.unwrap();
                *cursor = answer.cursor;
                if let Some(found) = answer.events.into_iter().find_map(&mut wanted) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the event did not come")
    }

    /// The terms of a request, if the organisation signed them for this agent.
    pub(crate) fn verify(&self, event: &RequestEvent, organisation: &Organisation) -> RequestTerms {
        let key: PublicKey = organisation.public_key.parse().unwrap();
        let terms: RequestTerms = crypto::verify(&event.signed_request, REQUEST_TYP, &key).unwrap();
        assert_eq!(terms.agent_key, self.key.public().fingerprint());
        assert_eq!(terms.request_id, event.request_id);
        terms
    }

    pub(crate) fn terms(&self, event: &RequestEvent, outcome: Outcome, number: u64) -> ReceiptTerms {
        ReceiptTerms {
            version: 1,
            request_id: event.request_id.clone(),
            signed_request: event.signed_request.clone(),
            outcome,
            decided_at: Timestamp::now(),
            agent_public_key: self.key.public().to_string(),
            number,
            // Whoever looks at the chain says what was before.
            previous: (number > 1).then(|| crypto::hash(b"the one before")),
            follows: None,
        }
    }

    pub(crate) fn receipt(&self, event: &RequestEvent, outcome: Outcome, number: u64) -> String {
        crypto::sign(&self.key, RECEIPT_TYP, &self.terms(event, outcome, number)).unwrap()
    }

    pub(crate) async fn report(&self, id: &RequestId, receipt: &str) -> Result<OutcomeResponse, Problem> {
        self.post(&format!("requests/{id}/outcome"), &OutcomeRequest { receipt: receipt.to_owned() }).await
    }

    pub(crate) async fn cancel(&self, id: &RequestId, reason: EndReason) -> Result<(), Problem> {
        self.post(&format!("requests/{id}/cancel"), &CancelRequest { reason }).await
    }

    pub(crate) async fn end(&self, id: &SessionId, reason: EndReason) -> Result<(), Problem> {
        self.post(&format!("sessions/{id}/end"), &EndSession { reason, suspicious: false }).await
    }
}

pub(crate) const VIEW_AND_CHAT: [Permission; 2] = [Permission::View, Permission::Chat];
