//! A service with one organisation, and an operator at work: what tests of the agent are made against.

use protocol::{
    Permissions, Secret, SessionCode, SessionId,
    agent::AgentDescription,
    operator::{
        CreateInvitation, CreateRequest, DeviceView, HelpView, InvitationState, InvitationView, Me,
        MessageView, RequestState, RequestView, SessionView, SignIn, Target,
    },
};
use reqwest::{Client, Method, header};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

const PASSWORD: &str = "correct horse battery";

/// A service on threads of its own, so that it answers whatever the test is doing.
pub(crate) struct Service {
    runtime: Runtime,
    running: Option<service::Running>,
    folder: tempfile::TempDir,
    /// Certificate and key; plain HTTP without.
    tls: Option<service::TlsFiles>,
    pub(crate) enrolment_token: Secret,
}

impl Service {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    pub(crate) fn start_with(tls: Option<service::TlsFiles>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let admin = service::admin::Admin::open(&folder.path().join("service.db")).unwrap();
        let organisation = admin.add_organisation("Example Support", Some("support.example")).unwrap();
        admin.add_operator(&organisation.id, "olivia", "Olivia Example", &Secret::new(PASSWORD)).unwrap();
        let group = admin.add_group(&organisation.id, "Office", Permissions::all(), false).unwrap();
        let enrolment_token = admin.create_enrolment_token(&group, None, None).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut service = Self { runtime, running: None, folder, tls, enrolment_token };
        service.listen(SocketAddr::from(([127, 0, 0, 1], 0)));
        service
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.as_ref().unwrap().address
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.address())
    }

    /// What it serves from the next [`Service::listen`] on.
    pub(crate) fn use_certificate(&mut self, tls: service::TlsFiles) {
        self.tls = Some(tls);
    }

    /// Everything it keeps, as a backup takes it: while it is stopped.
    pub(crate) fn back_up(&self, to: &Path) {
        assert!(self.running.is_none());
        copy(self.folder.path(), to);
    }

    /// Puts a backup back.
    pub(crate) fn restore(&self, from: &Path) {
        assert!(self.running.is_none());
        for entry in fs::read_dir(self.folder.path()).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        copy(from, self.folder.path());
    }

    /// Stops answering, as for an upgrade.
    pub(crate) fn stop(&mut self) {
        self.runtime.block_on(self.running.take().unwrap().shutdown());
    }

    /// Starts at an address, with the data that is there.
    pub(crate) fn listen(&mut self, listen: SocketAddr) {
        let database: PathBuf = self.folder.path().join("service.db");
        // While the service is stopped, somebody else on this computer may be given its port for a while.
        until("the service's port to be free", || std::net::TcpListener::bind(listen).is_ok().then_some(()));
        let config = service::Config { listen, tls: self.tls.clone(), ..service::Config::local(database) };
        self.running = Some(self.runtime.block_on(service::start(config)).unwrap());
    }

    /// Says something to the service in an agent's name.
    pub(crate) fn as_agent(&self, token: &str, path: &str, body: &impl Serialize) {
        let url = format!("{}/agent/v1/{path}", self.url());
        let http = Client::builder().no_proxy().build().unwrap();
        let answer = self.runtime.block_on(http.post(url).bearer_auth(token).json(body).send());
        assert!(answer.unwrap().status().is_success());
    }

    /// Polls in an agent's name, as a run of it with this name.
    pub(crate) fn poll_as_agent(&self, token: &str, run: &str) {
        let url = format!("{}/agent/v1/events?wait_secs=0&run={run}", self.url());
        let http = Client::builder().no_proxy().build().unwrap();
        let answer = self.runtime.block_on(http.get(url).bearer_auth(token).send());
        assert!(answer.unwrap().status().is_success());
    }

    fn admin(&self) -> service::admin::Admin {
        service::admin::Admin::open(&self.folder.path().join("service.db")).unwrap()
    }

    /// The key that signs the organisation's requests now.
    pub(crate) fn organisation_key(&self) -> String {
        self.admin().organisations().unwrap().remove(0).public_key
    }

    /// Gives the organisation another key.
    pub(crate) fn rotate_key(&self) {
        let id = self.admin().organisations().unwrap().remove(0).id;
        self.admin().rotate_key(&id, 30).unwrap();
    }

    pub(crate) fn operator(&self) -> Operator<'_> {
        Operator::sign_in(self)
    }
}

/// Signed in, with plain HTTP in between.
pub(crate) struct Operator<'a> {
    service: &'a Service,
    http: Client,
    url: String,
    cookie: String,
    csrf: Secret,
}

impl<'a> Operator<'a> {
    fn sign_in(service: &'a Service) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = Client::builder().no_proxy();
        if let Some(tls) = &service.tls {
            let pem = fs::read(&tls.certificate).unwrap();
            http = http.tls_certs_only(reqwest::Certificate::from_pem_bundle(&pem).unwrap());
        }
        let http = http.build().unwrap();
        let url = service.url();
        let (cookie, me) = service.runtime.block_on(async {
            let body = SignIn { login: "olivia".into(), password: Secret::new(PASSWORD), code: None };
            let answer = http.post(format!("{url}/operator/v1/sign-in")).json(&body).send().await.unwrap();
            let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
            (cookie, answer.json::<Me>().await.unwrap())
        });
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { service, http, url, cookie, csrf: me.csrf_token }
    }

    fn call<T: DeserializeOwned>(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> T {
        self.service.runtime.block_on(async {
            let request = self.http.request(method, format!("{}/operator/v1/{path}", self.url));
            let mut request =
                request.header(header::COOKIE, &self.cookie).header("x-csrf-token", self.csrf.expose());
            if let Some(body) = body {
                request = request.json(body);
            }
            let answer = request.send().await.unwrap();
            let (status, body) = (answer.status(), answer.bytes().await.unwrap());
            assert!(status.is_success(), "{path}: {status}: {}", String::from_utf8_lossy(&body));
            serde_json::from_slice(if body.is_empty() { b"null" } else { &body }).unwrap()
        })
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        self.call(Method::GET, path, None::<&()>)
    }

    /// Every device, present or not.
    pub(crate) fn devices(&self) -> Vec<DeviceView> {
        self.get("devices")
    }

    /// The one device, once its agent polls.
    pub(crate) fn present_device(&self) -> DeviceView {
        until("the device is present", || {
            self.devices().into_iter().find(|device| device.agent.presence.present)
        })
    }

    pub(crate) fn invite(&self) -> (InvitationView, SessionCode) {
        let invitation: InvitationView =
            self.call(Method::POST, "invitations", Some(&CreateInvitation::default()));
        let code = invitation.session_code.clone().unwrap();
        (invitation, code)
    }

    /// What is known of the agent that joined the invitation, once it did.
    pub(crate) fn joined(&self, invitation: &InvitationView) -> AgentDescription {
        until("an agent joined", || {
            let invitations: Vec<InvitationView> = self.get("invitations");
            let found = invitations.into_iter().find(|other| other.id == invitation.id)?;
            Some(found.agent?.description)
        })
    }

    /// Whether its user left without a session.
    pub(crate) fn was_left(&self, invitation: &InvitationView) -> bool {
        let invitations: Vec<InvitationView> = self.get("invitations");
        let found = invitations.iter().find(|other| other.id == invitation.id);
        found.is_some_and(|found| found.state == InvitationState::Left)
    }

    pub(crate) fn ask(&self, target: Target, permissions: Permissions) -> RequestView {
        let body = CreateRequest { target, permissions, answer_within_secs: None };
        self.call(Method::POST, "requests", Some(&body))
    }

    pub(crate) fn withdraw(&self, request: &RequestView) {
        self.call::<()>(Method::DELETE, &format!("requests/{}", request.id), None::<&()>);
    }

    pub(crate) fn state(&self, request: &RequestView) -> RequestState {
        self.get::<RequestView>(&format!("requests/{}", request.id)).state
    }

    /// How the request ended, once it did.
    pub(crate) fn outcome(&self, request: &RequestView) -> RequestState {
        until("the request has an outcome", || match self.state(request) {
            RequestState::Sent | RequestState::NotReached | RequestState::Shown => None,
            ended => Some(ended),
        })
    }

    pub(crate) fn session(&self, id: &SessionId) -> SessionView {
        self.get(&format!("sessions/{id}"))
    }

    pub(crate) fn messages(&self, id: &SessionId) -> Vec<MessageView> {
        self.get(&format!("sessions/{id}/messages"))
    }

    /// Takes up the one help request that is open.
    pub(crate) fn take_help(&self) {
        let queue: Vec<HelpView> = self.get("help");
        let [help] = &queue[..] else { panic!("not one request for help but {}", queue.len()) };
        self.call::<HelpView>(Method::POST, &format!("help/{}/take", help.id), None::<&()>);
    }

    pub(crate) fn end(&self, id: &SessionId) {
        self.call::<()>(Method::POST, &format!("sessions/{id}/end"), None::<&()>);
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Waits until `what` is so.
pub(crate) fn until<T>(what: &str, found: impl FnMut() -> Option<T>) -> T {
    until_within(Duration::from_secs(20), what, found)
}

/// The same with another limit.
pub(crate) fn until_within<T>(limit: Duration, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < limit, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
