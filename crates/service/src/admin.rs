//! Setting a service up: organisations, operators, device groups, enrolment tokens.
//!
//! Works on the database alone, also while a service runs on it.

mod desk;

pub use desk::Report;

use crate::{
    clock::after,
    credentials::MAX_LOGIN_CHARS,
    ids,
    passwords::{self, MAX_PASSWORD_BYTES},
    store::{
        self, EnrolmentTokenRecord, GroupRecord, OperatorRecord, OrganisationRecord, Store, sqlite::Sqlite,
    },
};
use crypto::{KeyPair, PublicKey};
use protocol::{
    GroupId, Operator, OperatorId, Organisation, OrganisationId, Permissions, Secret, Timestamp,
    operator::{AuditAction, DomainBy, GroupView, Role},
    signed::{KEY_SUCCESSION_TYP, KeySuccessionTerms},
    text,
};
use std::path::Path;

/// The shortest password that is taken.
const MIN_PASSWORD_CHARS: usize = 12;

/// The longest time for which a key that was replaced stays good.
const LONGEST_OVERLAP_DAYS: u32 = 365;

/// Why the set-up did not go through.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that would be drawn as nothing.
    #[error("a name must have 1 to 64 visible characters")]
    Name,
    /// Not an internet domain in ASCII form.
    #[error("`{0}` is not an internet domain in ASCII form, like support.example")]
    Domain(String),
    /// A sign-in name that cannot be typed reliably.
    #[error("a sign-in name must have 1 to {MAX_LOGIN_CHARS} characters and no spaces")]
    Login,
    /// The login exists.
    #[error("an operator with the sign-in name `{0}` exists already; choose another")]
    LoginTaken(String),
    /// Too short or too long.
    #[error(
        "the password must have at least {MIN_PASSWORD_CHARS} characters and at most {MAX_PASSWORD_BYTES} bytes"
    )]
    Password,
    /// A password that is the first to be tried.
    #[error(
        "the password is too easy to guess: it repeats the sign-in name or one character; choose another"
    )]
    WeakPassword,
    /// There is no such operator.
    #[error("there is no operator with the sign-in name `{0}`")]
    NoOperator(String),
    /// There is no such organisation.
    #[error("there is no organisation `{0}`; `organisation list` shows those there are")]
    NoOrganisation(OrganisationId),
    /// An overlap that is none, or has no end.
    #[error("the former key must stay good for 1 to {LONGEST_OVERLAP_DAYS} days")]
    Overlap,
    /// There is no such group.
    #[error("there is no device group `{0}`")]
    NoGroup(GroupId),
    /// A group that allows nothing.
    #[error("a device group must allow at least one permission")]
    NoPermissions,
    /// There is no such report.
    #[error("there is no report {0}; `report list` shows those there are")]
    NoReport(i64),
    /// A number that makes no sense.
    #[error("a token must be good for at least one use and one day")]
    NeverValid,
    /// The store failed.
    #[error("the database could not do it")]
    Store(#[from] store::Error),
    /// Something that cannot happen did.
    #[error("{0}")]
    Broken(&'static str),
}

/// Makes a database of a copy; see [`Sqlite::restore`].
///
/// # Errors
///
/// When the copy is no good, or the database exists.
pub fn restore(from: &Path, database: &Path) -> Result<(), Error> {
    Ok(Sqlite::restore(from, database)?)
}

/// The set-up of one database.
pub struct Admin {
    store: Sqlite,
}

pub(crate) fn checked_name(name: &str) -> Result<String, Error> {
    let checked = text::one_line(name, text::MAX_NAME_CHARS, "");
    if checked.is_empty() || checked != name.trim() { Err(Error::Name) } else { Ok(checked) }
}

pub(crate) fn checked_login(login: &str) -> Result<String, Error> {
    let chars = login.chars().count();
    if chars == 0 || chars > MAX_LOGIN_CHARS || login.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Error::Login);
    }
    Ok(login.to_owned())
}

pub(crate) fn is_domain(domain: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    domain.len() <= 253 && domain.split('.').all(label)
}

impl Admin {
    /// Opens the database at `path`, making it if need be.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { store: Sqlite::open(path)? })
    }

    /// Writes a copy of the database as it is now; a running service goes on.
    ///
    /// # Errors
    ///
    /// When the file exists or cannot be written.
    pub fn back_up(&self, to: &Path) -> Result<(), Error> {
        Ok(self.store.copy_to(to)?)
    }

    fn run<T>(&self, work: impl FnOnce(&mut dyn store::Tx) -> Result<T, Error>) -> Result<T, Error> {
        let store: &dyn Store = &self.store;
        store.run(work)
    }

    /// Adds an organisation and makes its signing key.
    ///
    /// # Errors
    ///
    /// When name or domain cannot be shown to a user.
    pub fn add_organisation(&self, name: &str, domain: Option<&str>) -> Result<Organisation, Error> {
        let name = checked_name(name)?;
        if let Some(domain) = domain.filter(|domain| !is_domain(domain)) {
            return Err(Error::Domain(domain.to_owned()));
        }
        let (key, signing_key) = KeyPair::generate();
        let public = Organisation {
            key_successions: Vec::new(),
            id: ids::fresh(),
            name,
            domain: domain.map(str::to_owned),
            display_text: None,
            public_key: key.public().to_string(),
        };
        let record = OrganisationRecord {
            public: public.clone(),
            accent: None,
            domain_by: domain.map(|_| DomainBy::Administrator),
            second_factor_required: false,
            suspended_at: None,
            signing_key,
        };
        self.run(|tx| {
            tx.add_organisation(&record)?;
            desk::note(tx, &public.id, AuditAction::OrganisationAdded, Some(&public.name))
        })?;
        Ok(public)
    }

    /// Changes an organisation's name, which users go by.
    ///
    /// # Errors
    ///
    /// When the name cannot be shown to a user, or there is no such organisation.
    pub fn rename_organisation(&self, id: &OrganisationId, name: &str) -> Result<(), Error> {
        let name = checked_name(name)?;
        self.run(|tx| {
            let known = tx.organisation(id)?;
            let mut record = known.ok_or_else(|| Error::NoOrganisation(id.clone()))?;
            record.public.name = name;
            tx.update_organisation(&record)?;
            desk::note(tx, id, AuditAction::OrganisationRenamed, Some(&record.public.name))
        })
    }

    /// Gives an organisation a new signing key, and has the former one sign that it takes its place; what that one signed
    /// stays good for `overlap_days`. Its private half is forgotten. Agents learn the new key with the next request.
    ///
    /// # Errors
    ///
    /// When there is no such organisation, or the overlap has no day or more than a year.
    pub fn rotate_key(
        &self,
        id: &OrganisationId,
        overlap_days: u32,
    ) -> Result<(PublicKey, Timestamp), Error> {
        if !(1..=LONGEST_OVERLAP_DAYS).contains(&overlap_days) {
            return Err(Error::Overlap);
        }
        let (key, signing_key) = KeyPair::generate();
        let now = Timestamp::now();
        let until = after(now, overlap_days * 24 * 60 * 60);
        self.run(|tx| {
            let known = tx.organisation(id)?.ok_or_else(|| Error::NoOrganisation(id.clone()))?;
            let former = KeyPair::from_pkcs8(&known.signing_key)
                .map_err(|_| Error::Broken("the organisation's key cannot be read"))?;
            let terms = KeySuccessionTerms {
                version: 1,
                organisation_id: id.clone(),
                former_key: former.public().to_string(),
                key: key.public().to_string(),
                issued_at: now,
                former_until: until,
            };
            let statement = crypto::sign(&former, KEY_SUCCESSION_TYP, &terms)
                .map_err(|_| Error::Broken("the change of keys cannot be written as JSON"))?;
            tx.replace_key(id, &terms.key, &signing_key, &statement)?;
            desk::note(tx, id, AuditAction::KeyRotated, Some(&key.public().fingerprint()))
        })?;
        Ok((key.public(), until))
    }

    /// Every organisation, by name.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub fn organisations(&self) -> Result<Vec<Organisation>, Error> {
        self.run(|tx| Ok(tx.organisations()?))
    }

    /// Adds an operator. An organisation's first one manages it.
    ///
    /// # Errors
    ///
    /// When the login is taken, the password weak, or the organisation unknown.
    pub fn add_operator(
        &self,
        organisation: &OrganisationId,
        login: &str,
        name: &str,
        password: &Secret,
    ) -> Result<OperatorId, Error> {
        self.add_operator_as(None, organisation, login, name, password)
    }

    /// Adds an operator with a role; without one, as [`Admin::add_operator`].
    ///
    /// # Errors
    ///
    /// When the login is taken, the password weak, or the organisation unknown.
    pub fn add_operator_as(
        &self,
        role: Option<Role>,
        organisation: &OrganisationId,
        login: &str,
        name: &str,
        password: &Secret,
    ) -> Result<OperatorId, Error> {
        let name = checked_name(name)?;
        let login = checked_login(login)?;
        let login = login.as_str();
        check_password(password.expose(), login)?;
        let password_hash =
            passwords::hash(password.expose()).map_err(|_| Error::Broken("the password cannot be hashed"))?;
        let operator = OperatorRecord {
            public: Operator { id: ids::fresh(), name },
            organisation: organisation.clone(),
            login: login.to_owned(),
            password_hash,
            role: Role::Operator,
            disabled_at: None,
            one_time_until: None,
            created_at: Some(Timestamp::now()),
            last_sign_in: None,
            second_factor_since: None,
        };
        let id = operator.public.id.clone();
        self.run(|tx| {
            if tx.organisation(organisation)?.is_none() {
                return Err(Error::NoOrganisation(organisation.clone()));
            }
            let first = tx.operators(organisation)?.is_empty();
            let fallback = if first { Role::Administrator } else { Role::Operator };
            let operator = OperatorRecord { role: role.unwrap_or(fallback), ..operator };
            match tx.add_operator(&operator) {
                Err(store::Error::Exists) => return Err(Error::LoginTaken(login.to_owned())),
                other => other?,
            }
            desk::note(tx, organisation, AuditAction::OperatorAdded, Some(&operator.public.name))
        })?;
        Ok(id)
    }

    /// Sets an operator's role, gives a new password, takes the second factor away, or enables the account: the way back for an organisation whose
    /// administrators cannot sign in any more. What is absent stays as it is.
    ///
    /// # Errors
    ///
    /// When there is no such operator or the password is weak.
    pub fn update_operator(
        &self,
        login: &str,
        role: Option<Role>,
        password: Option<&Secret>,
        enable: bool,
        reset_second_factor: bool,
    ) -> Result<(), Error> {
        let password_hash = match password {
            Some(password) => {
                check_password(password.expose(), login)?;
                let hash = passwords::hash(password.expose());
                Some(hash.map_err(|_| Error::Broken("the password cannot be hashed"))?)
            }
            None => None,
        };
        self.run(|tx| {
            let known = tx.operator_by_login(login)?;
            let mut operator = known.ok_or_else(|| Error::NoOperator(login.to_owned()))?;
            if enable {
                operator.disabled_at = None;
            }
            operator.role = role.unwrap_or(operator.role);
            if password_hash.is_some() || reset_second_factor {
                for sign_in in tx.sign_ins_of(&operator.public.id)? {
                    tx.delete_sign_in(&sign_in)?;
                }
            }
            if let Some(hash) = password_hash {
                operator.password_hash = hash;
                operator.one_time_until = None;
            }
            if reset_second_factor {
                tx.clear_second_factors(&operator.public.id)?;
            }
            tx.update_operator(&operator)?;
            let about = Some(operator.public.name.as_str());
            let actions = [
                (role.is_some_and(|role| role == Role::Administrator), AuditAction::MadeAdministrator),
                (role.is_some_and(|role| role == Role::Operator), AuditAction::MadeOperator),
                (enable, AuditAction::OperatorEnabled),
                (password.is_some(), AuditAction::PasswordReset),
                (reset_second_factor, AuditAction::SecondFactorReset),
            ];
            for (_, action) in actions.into_iter().filter(|(done, _)| *done) {
                desk::note(tx, &operator.organisation, action, about)?;
            }
            Ok(())
        })
    }

    /// Adds a device group.
    ///
    /// # Errors
    ///
    /// When the organisation is unknown or nothing would be allowed.
    pub fn add_group(
        &self,
        organisation: &OrganisationId,
        name: &str,
        permissions: Permissions,
        requires_acceptance: bool,
    ) -> Result<GroupId, Error> {
        let name = checked_name(name)?;
        if permissions.is_empty() {
            return Err(Error::NoPermissions);
        }
        let group = GroupRecord {
            public: GroupView { id: ids::fresh(), name, permissions },
            organisation: organisation.clone(),
            requires_acceptance,
        };
        self.run(|tx| {
            if tx.organisation(organisation)?.is_none() {
                return Err(Error::NoOrganisation(organisation.clone()));
            }
            tx.add_group(&group)?;
            desk::note(tx, organisation, AuditAction::GroupAdded, Some(&group.public.name))
        })?;
        Ok(group.public.id)
    }

    /// Makes an enrolment token for a group; it is shown once and kept as a hash.
    ///
    /// # Errors
    ///
    /// When the group is unknown.
    pub fn create_enrolment_token(
        &self,
        group: &GroupId,
        uses: Option<u32>,
        expires_in_days: Option<u32>,
    ) -> Result<Secret, Error> {
        if uses == Some(0) || expires_in_days == Some(0) {
            return Err(Error::NeverValid);
        }
        let token = crypto::random_token();
        let secs = expires_in_days.map(|days| days.saturating_mul(24 * 60 * 60));
        let record = EnrolmentTokenRecord {
            hash: crypto::hash(token.as_bytes()),
            group: group.clone(),
            uses_left: uses,
            expires_at: secs.map(|secs| after(Timestamp::now(), secs)),
            label: None,
            created_at: Some(Timestamp::now()),
            revoked_at: None,
        };
        self.run(|tx| {
            let group = tx.group(group)?.ok_or_else(|| Error::NoGroup(group.clone()))?;
            tx.add_enrolment_token(&record)?;
            desk::note(tx, &group.organisation, AuditAction::TokenMade, Some(&group.public.name))
        })?;
        Ok(Secret::new(token))
    }
}

pub(crate) fn check_password(password: &str, login: &str) -> Result<(), Error> {
    if password.chars().count() < MIN_PASSWORD_CHARS || password.len() > MAX_PASSWORD_BYTES {
        return Err(Error::Password);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    let repeats_login = login.chars().count() >= 4 && password.to_lowercase().contains(&login.to_lowercase());
    if different.len() < 5 || repeats_login { Err(Error::WeakPassword) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_must_not_be_the_first_that_is_tried() {
        check_password("correct horse battery", "olivia").unwrap();
        for password in ["", "short", "aaaaaaaaaaaaaaaa", "Olivia-2026-ok"] {
            assert!(check_password(password, "olivia").is_err(), "{password}");
        }
    }

    #[test]
    fn a_domain_is_in_ascii_form() {
        assert!(is_domain("support.example") && is_domain("xn--bcher-kva.example"));
        for domain in
            ["", "Support.example", "bücher.example", "a..b", "-a.example", "a b", "https://a.example"]
        {
            assert!(!is_domain(domain), "{domain}");
        }
    }
}
