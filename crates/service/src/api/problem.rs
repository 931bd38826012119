//! How a *no* is written: RFC 9457 problem documents. The one place that knows both the domain's errors and HTTP.

use crate::error::Error;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use protocol::{
    agent::ProofOfWorkChallenge,
    problem::{MEDIA_TYPE, Problem, ProblemCode, SecondFactors},
};
use std::time::Duration;

/// How WebDAV clients are asked for user name and password.
const BASIC: &str = r#"Basic realm="files of a session", charset="UTF-8""#;

/// An answer that says no.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: ProblemCode,
    detail: Option<String>,
    retry_after: Option<Duration>,
    proof_of_work: Option<ProofOfWorkChallenge>,
    second_factors: Option<SecondFactors>,
    wants_basic: bool,
}

/// What handlers give.
pub(super) type Answer<T> = Result<T, Refusal>;

impl Refusal {
    fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        let detail = Some(detail.into());
        Self {
            status: status(code),
            code,
            detail,
            retry_after: None,
            proof_of_work: None,
            second_factors: None,
            wants_basic: false,
        }
    }

    /// The body, query or path does not fit.
    pub(super) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::Invalid, detail)
    }

    pub(super) fn not_found() -> Self {
        Error::NotFound.into()
    }

    pub(super) fn too_large(limit: &str) -> Self {
        Self::new(ProblemCode::TooLarge, limit)
    }

    pub(super) fn method_not_allowed() -> Self {
        let detail = "This address exists, and does not take this method.";
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..Self::invalid(detail) }
    }

    pub(super) fn wrong_media_type() -> Self {
        let detail = "Send the body as application/json.";
        Self { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..Self::invalid(detail) }
    }

    pub(super) fn not_a_websocket(detail: &'static str) -> Self {
        Self { status: StatusCode::UPGRADE_REQUIRED, ..Self::invalid(detail) }
    }

    pub(super) fn body_too_slow() -> Self {
        let detail = "The body did not arrive in time. Send it again.";
        Self { status: StatusCode::REQUEST_TIMEOUT, ..Self::invalid(detail) }
    }

    pub(super) fn took_too_long() -> Self {
        let detail = "The service did not finish in time. Try again later.";
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::new(ProblemCode::Internal, detail) }
    }

    /// An address that is not in the folder, or a path or header that no WebDAV client sends.
    pub(super) fn bad_request(detail: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, ..Self::invalid(detail) }
    }

    /// RFC 4918, 9.8.5 and 9.9.4: the destination is in another place than the source.
    pub(super) fn destination_elsewhere() -> Self {
        let detail = "Files are copied and moved within the folder of one session.";
        Self { status: StatusCode::BAD_GATEWAY, ..Self::invalid(detail) }
    }

    /// The agent answered in a way that nobody should see.
    pub(super) fn bad_answer() -> Self {
        let detail = "The user's computer gave an answer that cannot be passed on.";
        Self { status: StatusCode::BAD_GATEWAY, ..Self::new(ProblemCode::AgentUnreachable, detail) }
    }

    /// The agent did not answer in time.
    pub(super) fn no_answer() -> Self {
        let detail = "The user's computer did not answer in time. Try again later.";
        Self { status: StatusCode::GATEWAY_TIMEOUT, ..Self::new(ProblemCode::AgentUnreachable, detail) }
    }

    /// Where credentials are missing, it says that HTTP Basic is taken.
    pub(super) fn wanting_basic(self) -> Self {
        Self { wants_basic: true, ..self }
    }

    fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }
}

/// The status that goes with a code, unless HTTP itself demands another.
pub(super) fn status(code: ProblemCode) -> StatusCode {
    match code {
        ProblemCode::WrongCode | ProblemCode::NotFound => StatusCode::NOT_FOUND,
        ProblemCode::InvitationClosed | ProblemCode::CursorExpired => StatusCode::GONE,
        ProblemCode::InvitationTaken
        | ProblemCode::RequestClosed
        | ProblemCode::SessionEnded
        | ProblemCode::AgentBusy
        | ProblemCode::LoginTaken
        | ProblemCode::LastAdministrator
        | ProblemCode::TooMany
        | ProblemCode::DevicePending => StatusCode::CONFLICT,
        ProblemCode::TooManyAttempts | ProblemCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ProblemCode::ProofOfWorkRequired => StatusCode::PRECONDITION_REQUIRED,
        ProblemCode::Unauthenticated => StatusCode::UNAUTHORIZED,
        ProblemCode::EnrolmentRefused
        | ProblemCode::Forbidden
        | ProblemCode::WrongPassword
        | ProblemCode::PasswordChangeRequired
        | ProblemCode::SecondFactorRequired
        | ProblemCode::WrongSecondFactor
        | ProblemCode::SecondFactorSetupRequired
        | ProblemCode::OrganisationSuspended
        | ProblemCode::KeyCloned
        | ProblemCode::AccountDisabled
        | ProblemCode::NotGranted => StatusCode::FORBIDDEN,
        ProblemCode::ReceiptInvalid
        | ProblemCode::WeakPassword
        | ProblemCode::DomainNotProven
        | ProblemCode::LogoFormat
        | ProblemCode::LogoDamaged
        | ProblemCode::LogoDimensions
        | ProblemCode::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemCode::ShuttingDown | ProblemCode::AgentUnreachable => StatusCode::SERVICE_UNAVAILABLE,
        ProblemCode::Internal | ProblemCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A code in a few words.
pub(super) fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::WrongCode => "Wrong session code",
        ProblemCode::InvitationClosed => "Invitation closed",
        ProblemCode::InvitationTaken => "Invitation already used",
        ProblemCode::TooManyAttempts => "Too many attempts",
        ProblemCode::ProofOfWorkRequired => "Proof of work required",
        ProblemCode::EnrolmentRefused => "Enrolment refused",
        ProblemCode::CursorExpired => "Cursor expired",
        ProblemCode::Unauthenticated => "Not signed in",
        ProblemCode::Forbidden => "Not allowed",
        ProblemCode::NotFound => "Not found",
        ProblemCode::RequestClosed => "Request closed",
        ProblemCode::ReceiptInvalid => "Receipt not valid",
        ProblemCode::SessionEnded => "Session ended",
        ProblemCode::AgentBusy => "Agent busy",
        ProblemCode::DevicePending => "Device not accepted yet",
        ProblemCode::AgentUnreachable => "Agent not reachable",
        ProblemCode::Invalid => "Invalid request",
        ProblemCode::TooLarge => "Body too large",
        ProblemCode::RateLimited => "Too many requests",
        ProblemCode::NotGranted => "Not granted",
        ProblemCode::LoginTaken => "Sign-in name taken",
        ProblemCode::WeakPassword => "Password too weak",
        ProblemCode::WrongPassword => "Wrong password",
        ProblemCode::PasswordChangeRequired => "New password needed",
        ProblemCode::SecondFactorRequired => "Second factor needed at sign-in",
        ProblemCode::WrongSecondFactor => "Second factor not accepted",
        ProblemCode::SecondFactorSetupRequired => "Second factor needed",
        ProblemCode::OrganisationSuspended => "Organisation suspended",
        ProblemCode::DomainNotProven => "Domain not proven",
        ProblemCode::KeyCloned => "Key found on two computers",
        ProblemCode::TooMany => "Too many",
        ProblemCode::AccountDisabled => "Account disabled",
        ProblemCode::LastAdministrator => "Last administrator",
        ProblemCode::LogoFormat => "Not a PNG or JPEG picture",
        ProblemCode::LogoDamaged => "Picture damaged",
        ProblemCode::LogoDimensions => "Picture too small or too large",
        ProblemCode::ShuttingDown => "Service stopping",
        ProblemCode::Internal | ProblemCode::Unknown => "Service failure",
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::WrongCode => {
                Self::new(ProblemCode::WrongCode, "No invitation has this code. Check the nine digits.")
            }
            Error::InvitationClosed => Self::new(
                ProblemCode::InvitationClosed,
                "The invitation expired, was withdrawn or is over. Ask the operator for a new code.",
            ),
            Error::InvitationTaken => Self::new(
                ProblemCode::InvitationTaken,
                "This code has been used already. Ask the operator for a new one.",
            ),
            Error::TooManyAttempts { retry_after } => {
                Self::new(ProblemCode::TooManyAttempts, "Too many failed attempts. Wait before the next one.")
                    .after(retry_after)
            }
            Error::ProofOfWorkRequired(challenge) => Self {
                proof_of_work: Some(challenge),
                ..Self::new(
                    ProblemCode::ProofOfWorkRequired,
                    "Solve the challenge and send the same request again with its solution.",
                )
            },
            Error::EnrolmentRefused => Self::new(
                ProblemCode::EnrolmentRefused,
                "The enrolment token is unknown, used up, expired, of another group, or older than the retirement of this device. Ask IT for a new one.",
            ),
            Error::KeyCloned => Self::new(
                ProblemCode::KeyCloned,
                "This agent's key was found on two computers. Remove its key and enrol it anew with a key of its own.",
            ),
            Error::CursorExpired => {
                Self::new(ProblemCode::CursorExpired, "Poll without `after` to start with a snapshot.")
            }
            Error::Unauthenticated => {
                Self::new(ProblemCode::Unauthenticated, "No valid credential came with the request.")
            }
            Error::WrongPassword => {
                Self::new(ProblemCode::Unauthenticated, "Wrong sign-in name or password.")
            }
            Error::WrongCurrentPassword => {
                Self::new(ProblemCode::WrongPassword, "The present password is wrong. Type it again.")
            }
            Error::WeakPassword(why) => Self::new(ProblemCode::WeakPassword, sentence(why)),
            Error::PasswordChangeRequired => Self::new(
                ProblemCode::PasswordChangeRequired,
                "You signed in with a one-time password. Choose your own password first.",
            ),
            Error::SecondFactorRequired(second_factors) => Self {
                second_factors,
                ..Self::new(
                    ProblemCode::SecondFactorRequired,
                    "Send the code that your authenticator app shows, or a recovery code, as well; or sign in with a passkey.",
                )
            },
            Error::WrongPasskey => Self::new(
                ProblemCode::WrongSecondFactor,
                "The passkey was not accepted. Begin anew, within five minutes and with a passkey of this account.",
            ),
            Error::PasskeyCopied(_) => Self::new(
                ProblemCode::WrongSecondFactor,
                "The passkey was used before in a way that a copy of it would be. Sign in otherwise and remove it.",
            ),
            Error::WrongSecondFactor => Self::new(
                ProblemCode::WrongSecondFactor,
                "The code is wrong or was used before. Wait for the next one and type it in.",
            ),
            Error::SecondFactorSetupRequired => Self::new(
                ProblemCode::SecondFactorSetupRequired,
                "Your organisation demands a second factor. Set one up first.",
            ),
            Error::OrganisationSuspended => Self::new(
                ProblemCode::OrganisationSuspended,
                "Whoever runs this service has suspended the organisation. Ask them why.",
            ),
            Error::DomainNotProven => Self::new(
                ProblemCode::DomainNotProven,
                "The TXT record was not found. New records take a while to spread; check it and try again.",
            ),
            Error::TooMany(most) => Self::new(
                ProblemCode::TooMany,
                format!("Your organisation has {most} of these, which is as many as there may be."),
            ),
            Error::AccountDisabled(why) => Self::new(ProblemCode::AccountDisabled, sentence(why)),
            Error::LoginTaken => Self::new(
                ProblemCode::LoginTaken,
                "Somebody in this service has this sign-in name already. Choose another.",
            ),
            Error::LastAdministrator => Self::new(
                ProblemCode::LastAdministrator,
                "The organisation needs an administrator who can sign in. Make somebody else one first.",
            ),
            Error::LogoFormat => Self::new(
                ProblemCode::LogoFormat,
                "This is not a PNG or JPEG picture, or it holds something else as well. Save it as PNG and try again.",
            ),
            Error::LogoDamaged => Self::new(
                ProblemCode::LogoDamaged,
                "The picture is cut off or damaged. Save it anew and try again.",
            ),
            Error::LogoDimensions => Self::new(
                ProblemCode::LogoDimensions,
                "Each side of the picture must have 16 to 4096 pixels. Scale it and try again.",
            ),
            Error::Forbidden(why) => Self::new(ProblemCode::Forbidden, sentence(why)),
            Error::NotFound => Self::new(ProblemCode::NotFound, "There is no such thing here."),
            Error::RequestClosed => Self::new(ProblemCode::RequestClosed, "The request is no longer open."),
            Error::ReceiptInvalid(why) => {
                Self::new(ProblemCode::ReceiptInvalid, format!("The receipt was refused: {why}."))
            }
            Error::SessionEnded => Self::new(ProblemCode::SessionEnded, "The session is over."),
            Error::AgentBusy => Self::new(
                ProblemCode::AgentBusy,
                "Another request or session is open there. Wait until it is over.",
            ),
            Error::DevicePending => {
                Self::new(ProblemCode::DevicePending, "The device must be accepted by an operator first.")
            }
            Error::AgentUnreachable => Self::new(
                ProblemCode::AgentUnreachable,
                "The session goes on, but the user's computer does not answer. Try again in a moment.",
            )
            .after(Duration::from_secs(1)),
            Error::Invalid(why) => Self::invalid(sentence(&why)),
            Error::NotGranted => {
                Self::new(ProblemCode::NotGranted, "The user did not grant this, or took it back.")
            }
            Error::RateLimited { retry_after } => {
                Self::new(ProblemCode::RateLimited, "Too many requests. Wait a moment.").after(retry_after)
            }
            Error::ShuttingDown => {
                Self::new(ProblemCode::ShuttingDown, "The service is about to stop. Try again shortly.")
                    .after(Duration::from_secs(1))
            }
            Error::Store(_) | Error::Broken(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a request failed");
                Self::new(ProblemCode::Internal, "Something broke in the service. Try again later.")
            }
        }
    }
}

fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", characters.as_str())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let retry_after_secs =
            self.retry_after.map(|wait| u32::try_from(wait.as_secs().max(1)).unwrap_or(u32::MAX));
        let problem = Problem {
            code: self.code,
            title: title(self.code).to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            retry_after_secs,
            proof_of_work: self.proof_of_work,
            second_factors: self.second_factors,
        };
        let mut response = (self.status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        if let Some(secs) = retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        }
        if self.code == ProblemCode::Unauthenticated {
            let challenge = if self.wants_basic { BASIC } else { "Bearer" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
