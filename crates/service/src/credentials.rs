//! Who is calling: agents by token, operators by sign-in.

use crate::{
    audit::{self, About},
    clock::after,
    error::{Error, Result},
    passwords::MAX_PASSWORD_BYTES,
    second_factor::{self, Proof},
    service::{Actor, Change, Service, Work},
    store::{AgentRecord, OperatorRecord},
};
use protocol::{
    OrganisationId, Secret, Timestamp,
    agent::AgentDescription,
    operator::{AuditAction, Me, SignIn},
    text,
};
use std::{net::IpAddr, sync::Arc};

/// An agent whose invitation or device is over keeps its token this long, to fetch and report what is pending.
const CLOSED_AGENT_SECS: u32 = 15 * 60;
/// A sign-in lasts one long working day.
const SIGN_IN_SECS: u32 = 12 * 60 * 60;
/// The longest sign-in name.
pub(crate) const MAX_LOGIN_CHARS: usize = 128;

/// Whoever showed a credential that was good at that time.
pub(crate) trait Credential: Sized + Send + 'static {
    /// The same, as it stands now; an error if the credential is no longer good for as much.
    fn again(&self, work: &mut Work<'_>) -> Result<Self>;
    /// Who it is, for the audit log.
    fn actor(&self) -> Option<Actor>;
}

/// An agent that showed a valid token.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) record: AgentRecord,
    pub(crate) token_hash: String,
}

impl Agent {
    /// Refuses what only an agent whose invitation or device is still open may do.
    pub(crate) fn must_be_open(&self) -> Result<()> {
        if self.record.closed_at.is_some() { Err(Error::Unauthenticated) } else { Ok(()) }
    }
}

/// The agent that holds `token`.
pub(crate) fn agent(work: &mut Work<'_>, token: &str) -> Result<Agent> {
    let token_hash = crypto::hash(token.as_bytes());
    let record = work.tx.agent_by_token(&token_hash)?;
    let record = record.filter(|record| is_valid(record, work.now)).ok_or(Error::Unauthenticated)?;
    Ok(Agent { record, token_hash })
}

impl Credential for Agent {
    fn again(&self, work: &mut Work<'_>) -> Result<Self> {
        let record = work.tx.agent_by_token(&self.token_hash)?;
        let record = record.filter(|now| now.key == self.record.key && is_valid(now, work.now));
        Ok(Self { record: record.ok_or(Error::Unauthenticated)?, token_hash: self.token_hash.clone() })
    }

    fn actor(&self) -> Option<Actor> {
        None
    }
}

fn is_valid(agent: &AgentRecord, now: Timestamp) -> bool {
    agent.closed_at.is_none_or(|closed_at| after(closed_at, CLOSED_AGENT_SECS) > now)
}

/// What an agent says of itself, fit to be kept and shown.
pub(crate) fn checked(description: &AgentDescription) -> Result<AgentDescription> {
    let AgentDescription { version, operating_system } = description;
    if version.is_empty() || version.len() > 32 || !version.is_ascii() {
        return Err(Error::Invalid("`agent.version` must be a version, like 1.2.3".into()));
    }
    if !["linux", "macos", "windows"].contains(&operating_system.as_str()) {
        return Err(Error::Invalid("`agent.operating_system` must be linux, macos or windows".into()));
    }
    Ok(AgentDescription {
        version: text::one_line(version, 32, "?"),
        operating_system: operating_system.clone(),
    })
}

/// An operator who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct SignedIn {
    pub(crate) operator: OperatorRecord,
    pub(crate) token_hash: String,
    pub(crate) expires_at: Timestamp,
    /// Whether the organisation demands a second factor that there is not.
    pub(crate) must_set_second_factor: bool,
    /// From where the call came, where that is known.
    pub(crate) address: Option<IpAddr>,
}

impl SignedIn {
    /// Refuses who has to choose a password or to set a second factor up first.
    pub(crate) fn must_be_ready(&self) -> Result<()> {
        if self.operator.one_time_until.is_some() {
            return Err(Error::PasswordChangeRequired);
        }
        if self.must_set_second_factor { Err(Error::SecondFactorSetupRequired) } else { Ok(()) }
    }
}

/// The operator who signed in with `token`.
pub(crate) fn operator(work: &mut Work<'_>, token: &str) -> Result<SignedIn> {
    by_hash(work, crypto::hash(token.as_bytes()))
}

fn by_hash(work: &mut Work<'_>, token_hash: String) -> Result<SignedIn> {
    match work.tx.sign_in(&token_hash)? {
        Some((operator, expires_at)) if expires_at > work.now && operator.disabled_at.is_none() => {
            let must_set_second_factor = must_set_second_factor(work, &operator)?;
            Ok(SignedIn { operator, token_hash, expires_at, must_set_second_factor, address: None })
        }
        _ => Err(Error::Unauthenticated),
    }
}

/// Has the connections of sign-ins ended that are over without this service's doing: the command line works on the database.
pub(crate) fn sweep(work: &mut Work<'_>, listening: Vec<(OrganisationId, String)>) -> Result<()> {
    for (organisation, token_hash) in listening {
        match by_hash(work, token_hash.clone()) {
            Err(Error::Unauthenticated) => work.changed(&organisation, Change::SignedOut(token_hash)),
            looked => drop(looked?),
        }
    }
    Ok(())
}

fn must_set_second_factor(work: &mut Work<'_>, operator: &OperatorRecord) -> Result<bool> {
    let organisation = work.tx.organisation(&operator.organisation)?;
    let required = organisation.is_some_and(|organisation| organisation.second_factor_required);
    Ok(required && operator.second_factor_since.is_none())
}

impl Credential for SignedIn {
    fn again(&self, work: &mut Work<'_>) -> Result<Self> {
        let now = by_hash(work, self.token_hash.clone())?;
        let (then, account) = (&self.operator, &now.operator);
        // Either ends the sign-in too; nothing is to depend on that.
        let less = account.role != then.role
            || (account.one_time_until.is_some() && then.one_time_until.is_none())
            || (now.must_set_second_factor && !self.must_set_second_factor);
        if less { Err(Error::Unauthenticated) } else { Ok(Self { address: self.address, ..now }) }
    }

    fn actor(&self) -> Option<Actor> {
        Some(actor(&self.operator, self.address))
    }
}

pub(crate) fn actor(operator: &OperatorRecord, address: Option<IpAddr>) -> Actor {
    Actor { operator: operator.public.clone(), organisation: operator.organisation.clone(), address }
}

/// Checks a sign-in name and its password, and that the account can be used; limits come before the check.
pub(crate) async fn check_password(
    service: &Arc<Service>,
    login: &str,
    password: Secret,
    from: IpAddr,
) -> Result<OperatorRecord> {
    if login.chars().count() > MAX_LOGIN_CHARS || password.expose().len() > MAX_PASSWORD_BYTES {
        return Err(Error::WrongPassword);
    }
    service.guessing.try_password(login, from, service.clock.now())?;
    let name = login.to_owned();
    let operator = service.run(move |work| Ok(work.tx.operator_by_login(&name)?)).await?;
    let hash = operator.as_ref().map(|operator| operator.password_hash.clone());
    let right = service.passwords.verify(password, hash).await?;
    let Some(operator) = operator else {
        // Nobody needs the number; it takes as long to write as the line in the audit log of somebody who there is.
        service.run(|work| Ok(work.tx.count_unknown_login()?)).await?;
        return Err(Error::WrongPassword);
    };
    if !right {
        note_failure(service, operator, from).await?;
        return Err(Error::WrongPassword);
    }
    service.guessing.password_succeeded(login, from);
    must_be_open(&operator, service.clock.now())?;
    Ok(operator)
}

/// Refuses an account that cannot be used; told only to who showed the password or a passkey.
pub(crate) fn must_be_open(operator: &OperatorRecord, now: Timestamp) -> Result<()> {
    if operator.disabled_at.is_some() {
        return Err(Error::AccountDisabled("an administrator of your organisation can enable it"));
    }
    if operator.one_time_until.is_some_and(|until| until <= now) {
        return Err(Error::AccountDisabled("the one-time password has expired; ask for a new one"));
    }
    Ok(())
}

/// Checks a password, and a code where the account has a second factor, and gives a token.
pub(crate) async fn sign_in(
    service: &Arc<Service>,
    wanted: SignIn,
    from: IpAddr,
) -> Result<(Secret, SignedIn)> {
    let SignIn { login, password, code } = wanted;
    let operator = check_password(service, &login, password, from).await?;
    if operator.second_factor_since.is_some() {
        if code.is_none() {
            let id = operator.public.id;
            let kinds = service.run(move |work| second_factor::kinds(work, &id)).await?;
            return Err(Error::SecondFactorRequired(Some(kinds)));
        }
        service.guessing.try_second_factor(&login, from, service.clock.now())?;
    }
    let (account, needed) = (operator.clone(), operator.second_factor_since.is_some());
    let (token, signed_in) = match service.run(move |work| enter(work, operator, code, from)).await {
        Err(Error::WrongSecondFactor) => {
            note_failure(service, account, from).await?;
            return Err(Error::WrongSecondFactor);
        }
        entered => entered?,
    };
    if needed {
        service.guessing.second_factor_succeeded(&login, from);
    }
    Ok((token, signed_in))
}

/// Signs an operator in whose password was right.
fn enter(
    work: &mut Work<'_>,
    operator: OperatorRecord,
    code: Option<Secret>,
    from: IpAddr,
) -> Result<(Secret, SignedIn)> {
    // It may have been disabled, the password changed, or a second factor set up, while the check ran.
    let known = work.tx.operator(&operator.public.id)?;
    let operator = known
        .filter(|now| now.password_hash == operator.password_hash && now.disabled_at.is_none())
        .ok_or(Error::WrongPassword)?;
    if operator.second_factor_since.is_some() {
        let code = code.ok_or(Error::SecondFactorRequired(None))?;
        if second_factor::prove(work, &operator.public.id, &code)? == Proof::RecoveryCode {
            let who = actor(&operator, Some(from));
            audit::note_by(work, who, AuditAction::RecoveryCodeUsed, About::own())?;
        }
    }
    admit(work, operator, from)
}

/// Gives a token to an operator who has shown everything that it takes.
pub(crate) fn admit(
    work: &mut Work<'_>,
    operator: OperatorRecord,
    from: IpAddr,
) -> Result<(Secret, SignedIn)> {
    let token = crypto::random_token();
    let token_hash = crypto::hash(token.as_bytes());
    let expires_at = after(work.now, SIGN_IN_SECS);
    let address = Some(from);
    let operator = OperatorRecord { last_sign_in: Some(work.now), ..operator };
    work.tx.update_operator(&operator)?;
    work.tx.add_sign_in(&token_hash, &operator.public.id, expires_at)?;
    audit::note_by(work, actor(&operator, address), AuditAction::SignedIn, About::own())?;
    let must_set_second_factor = must_set_second_factor(work, &operator)?;
    let signed_in = SignedIn { operator, token_hash, expires_at, must_set_second_factor, address };
    Ok((Secret::new(token), signed_in))
}

/// Checks that somebody who is signed in knows the password too.
pub(crate) async fn prove_password(
    service: &Arc<Service>,
    who: &SignedIn,
    password: Secret,
    from: IpAddr,
) -> Result<()> {
    let OperatorRecord { login, password_hash, .. } = &who.operator;
    if password.expose().len() > MAX_PASSWORD_BYTES {
        return Err(Error::WrongCurrentPassword);
    }
    service.guessing.try_password(login, from, service.clock.now())?;
    if !service.passwords.verify(password, Some(password_hash.clone())).await? {
        note_failure(service, who.operator.clone(), from).await?;
        return Err(Error::WrongCurrentPassword);
    }
    service.guessing.password_succeeded(login, from);
    Ok(())
}

/// Notes that somebody did not know the password or the code of an account.
pub(crate) async fn note_failure(
    service: &Arc<Service>,
    operator: OperatorRecord,
    from: IpAddr,
) -> Result<()> {
    let who = actor(&operator, Some(from));
    service.run(|work| audit::note_by(work, who, AuditAction::SignInFailed, About::own())).await
}

/// Forgets a sign-in and closes its live connections.
pub(crate) fn sign_out(work: &mut Work<'_>, who: &SignedIn) -> Result<()> {
    work.tx.delete_sign_in(&who.token_hash)?;
    audit::note(work, AuditAction::SignedOut, About::own())?;
    work.changed(&who.operator.organisation, Change::SignedOut(who.token_hash.clone()));
    Ok(())
}

/// Who is signed in, for the console.
pub(crate) fn me(work: &mut Work<'_>, who: &SignedIn) -> Result<Me> {
    let organisation = work.tx.organisation(&who.operator.organisation)?;
    let organisation = organisation.ok_or(Error::Broken("an operator without an organisation"))?;
    Ok(Me {
        operator: who.operator.public.clone(),
        organisation: organisation.public,
        login: who.operator.login.clone(),
        role: who.operator.role,
        must_change_password: who.operator.one_time_until.is_some(),
        must_set_second_factor: who.must_set_second_factor,
        suspended_since: organisation.suspended_at,
        csrf_token: work.service.secrets.csrf_token(&who.token_hash),
    })
}
