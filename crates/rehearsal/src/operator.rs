//! An operator who is a script: the operator side's routes, and waiting for what they show.

use crate::{
    bridge::{Bridge, Door},
    wait_for,
};
use anyhow::{Context, Result, bail};
use protocol::{
    Actions, DeviceId, HelpId, InvitationId, Permissions, RequestId, SessionId,
    event::MessageKind,
    operator::{
        CreateInvitation, CreateRequest, DeviceView, FilesCredential, HelpView, InvitationView, Me,
        MessageView, PostMessage, ReceiptView, RequestState, RequestView, SessionView, SignIn, Target,
    },
};
use reqwest::{Client, ClientBuilder, Method, RequestBuilder, header};
use serde::{Serialize, de::DeserializeOwned};
use std::path::Path;
use tokio::runtime::Runtime;

/// A signed-in operator.
#[derive(Debug)]
pub struct Operator {
    runtime: Runtime,
    http: Client,
    websockets: Client,
    url: String,
    cookie: String,
    csrf_token: String,
    /// Who it is.
    pub me: Me,
}

impl Operator {
    /// Signs in; `authority` is a certificate to trust beside the system's.
    ///
    /// # Errors
    ///
    /// When the service cannot be reached or refuses.
    pub fn sign_in(url: &str, login: &str, password: &str, authority: Option<&Path>) -> Result<Self> {
        // Fails only where a provider is installed already, which is then this one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authority = authority.map(std::fs::read).transpose()?;
        let client = || -> Result<ClientBuilder> {
            let http = Client::builder().no_proxy();
            Ok(match &authority {
                Some(pem) => http.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem)?),
                None => http,
            })
        };
        let http = client()?.build()?;
        // A WebSocket begins as an HTTP/1.1 request.
        let websockets = client()?.http1_only().build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let body = SignIn { login: login.into(), password: protocol::Secret::new(password), code: None };
        let (cookie, me) = runtime.block_on(async {
            let answer = http
                .post(format!("{url}/operator/v1/sign-in"))
                .json(&body)
                .send()
                .await?
                .error_for_status()?;
            let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
            let pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
            let cookie = pairs.collect::<Vec<_>>().join("; ");
            Ok::<_, reqwest::Error>((cookie, answer.json::<Me>().await?))
        })?;
        let csrf_token = me.csrf_token.expose().to_owned();
        Ok(Self { runtime, http, websockets, url: url.into(), cookie, csrf_token, me })
    }

    /// The sign-in, as a cookie's name and value.
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// A session's desktop, for any VNC viewer.
    ///
    /// # Errors
    ///
    /// When nothing can be listened at.
    pub fn desktop(&self, session: &SessionId) -> Result<Bridge> {
        Bridge::start(Door {
            http: self.websockets.clone(),
            origin: self.url.clone(),
            path: format!("/operator/v1/sessions/{session}/desktop"),
            cookie: self.cookie.clone(),
        })
    }

    /// A session's folder, for any WebDAV client.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn files(&self, session: &SessionId) -> Result<FilesCredential> {
        self.call(Method::POST, &format!("sessions/{session}/files-credential"), NOTHING)
    }

    /// Makes an invitation with the default expiry.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn invite(&self) -> Result<InvitationView> {
        self.call(Method::POST, "invitations", Some(&CreateInvitation::default()))
    }

    /// An invitation as it stands.
    ///
    /// # Errors
    ///
    /// When the service refuses, or there is none.
    pub fn invitation(&self, id: &InvitationId) -> Result<InvitationView> {
        let all: Vec<InvitationView> = self.call(Method::GET, "invitations", NOTHING)?;
        all.into_iter().find(|invitation| invitation.id == *id).context("the invitation is gone")
    }

    /// Waits until an agent has joined and is present.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_join(&self, id: &InvitationId) -> Result<()> {
        wait_for("an agent to join", || {
            Ok(self.invitation(id)?.agent.filter(|agent| agent.presence.present).map(|_| ()))
        })
    }

    /// Waits until a device is present.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_device(&self) -> Result<DeviceView> {
        wait_for("a device to be present", || {
            let all: Vec<DeviceView> = self.call(Method::GET, "devices", NOTHING)?;
            Ok(all.into_iter().find(|device| device.agent.presence.present))
        })
    }

    /// A device as it stands.
    ///
    /// # Errors
    ///
    /// When the service refuses, or there is none.
    pub fn device(&self, id: &DeviceId) -> Result<DeviceView> {
        let all: Vec<DeviceView> = self.call(Method::GET, "devices", NOTHING)?;
        all.into_iter().find(|device| device.id == *id).context("the device is gone")
    }

    /// Asks to connect, or for more.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn ask(&self, target: Target, permissions: impl Into<Permissions>) -> Result<RequestView> {
        let body = CreateRequest { target, permissions: permissions.into(), answer_within_secs: None };
        self.call(Method::POST, "requests", Some(&body))
    }

    /// The same with a time to answer, 30 to 300 seconds.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn ask_within(
        &self,
        target: Target,
        permissions: impl Into<Permissions>,
        secs: u32,
    ) -> Result<RequestView> {
        let body = CreateRequest { target, permissions: permissions.into(), answer_within_secs: Some(secs) };
        self.call(Method::POST, "requests", Some(&body))
    }

    /// A request as it stands.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn request(&self, id: &RequestId) -> Result<RequestView> {
        self.call(Method::GET, &format!("requests/{id}"), NOTHING)
    }

    /// Waits until the state of a request fits.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_state(
        &self,
        id: &RequestId,
        fits: impl Fn(&RequestState) -> bool,
    ) -> Result<RequestState> {
        let mut last = None;
        let found = wait_for("the request's state", || {
            let state = self.request(id)?.state;
            last = Some(state.clone());
            Ok(Some(state).filter(&fits))
        });
        found.with_context(|| format!("the request is {last:?}"))
    }

    /// Waits until the user approved.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_approval(&self, id: &RequestId) -> Result<SessionId> {
        match self.wait_for_state(id, |state| matches!(state, RequestState::Approved { .. }))? {
            RequestState::Approved { session_id, .. } => Ok(session_id),
            other => bail!("{other:?} is no approval"),
        }
    }

    /// Takes a request back.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn withdraw(&self, id: &RequestId) -> Result<()> {
        self.tell(Method::DELETE, &format!("requests/{id}"), NOTHING)
    }

    /// A session as it stands.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn session(&self, id: &SessionId) -> Result<SessionView> {
        self.call(Method::GET, &format!("sessions/{id}"), NOTHING)
    }

    /// Waits until a session is over.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_end(&self, id: &SessionId) -> Result<protocol::EndReason> {
        wait_for("the session's end", || Ok(self.session(id)?.ended.map(|end| end.reason)))
    }

    /// Waits until a session shows exactly these actions.
    ///
    /// # Errors
    ///
    /// When that does not happen in time.
    pub fn wait_for_actions(&self, id: &SessionId, actions: impl Into<Actions>) -> Result<()> {
        let actions = actions.into();
        wait_for("other actions", || Ok((self.session(id)?.actions == actions).then_some(())))
    }

    /// Gives the organisation another logo, a PNG.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn set_logo(&self, png: Vec<u8>) -> Result<()> {
        let path = "organisation/logo";
        let request = self
            .http
            .put(format!("{}/operator/v1/{path}", self.url))
            .header(header::COOKIE, &self.cookie)
            .header("x-csrf-token", &self.csrf_token)
            .header(header::CONTENT_TYPE, "image/png")
            .body(png);
        self.answer(request, path).map(drop)
    }

    /// Ends a session.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn end(&self, id: &SessionId) -> Result<()> {
        self.tell(Method::POST, &format!("sessions/{id}/end"), NOTHING)
    }

    /// Says something in the chat.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn say(&self, id: &SessionId, text: &str) -> Result<()> {
        let body = PostMessage { kind: MessageKind::Chat, text: text.into() };
        self.tell(Method::POST, &format!("sessions/{id}/messages"), Some(&body))
    }

    /// What was said.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn messages(&self, id: &SessionId) -> Result<Vec<MessageView>> {
        self.call(Method::GET, &format!("sessions/{id}/messages"), NOTHING)
    }

    /// The receipts of a session.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn receipts(&self, id: &SessionId) -> Result<Vec<ReceiptView>> {
        self.call(Method::GET, &format!("sessions/{id}/receipts"), NOTHING)
    }

    /// The requests for help that are open, oldest first.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn help(&self) -> Result<Vec<HelpView>> {
        self.call(Method::GET, "help", NOTHING)
    }

    /// Takes a request for help up.
    ///
    /// # Errors
    ///
    /// When the service refuses.
    pub fn take_help(&self, id: &HelpId) -> Result<()> {
        self.tell(Method::POST, &format!("help/{id}/take"), NOTHING)
    }

    fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T> {
        Ok(serde_json::from_slice(&self.send(method, path, body)?)?)
    }

    fn tell(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Result<()> {
        self.send(method, path, body).map(drop)
    }

    fn send(&self, method: Method, path: &str, body: Option<&impl Serialize>) -> Result<Vec<u8>> {
        let url = format!("{}/operator/v1/{path}", self.url);
        let mut request = self.http.request(method.clone(), url).header(header::COOKIE, &self.cookie);
        if method != Method::GET {
            request = request.header("x-csrf-token", &self.csrf_token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        self.answer(request, path)
    }

    fn answer(&self, request: RequestBuilder, path: &str) -> Result<Vec<u8>> {
        self.runtime.block_on(async {
            let answer = request.send().await.with_context(|| format!("failed to call {path}"))?;
            let status = answer.status();
            let body = answer.bytes().await?;
            if !status.is_success() {
                bail!("{path} answered {status}: {}", String::from_utf8_lossy(&body));
            }
            Ok(body.to_vec())
        })
    }
}

const NOTHING: Option<&()> = None;
