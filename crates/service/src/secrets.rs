//! Values derived from the service's own key, so that none of them is stored.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use protocol::{OrganisationId, Secret, SessionCode, SessionId};
use ring::hmac;

/// Derives with HMAC-SHA256; each kind of value has its own label, so that one can never be taken for another.
pub(crate) struct Secrets(hmac::Key);

impl Secrets {
    pub(crate) fn new(service_key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, service_key))
    }

    fn derive(&self, label: &str, of: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(label.as_bytes());
        context.update(&[0]);
        context.update(of.as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(context.sign())
    }

    /// Opens a session's tunnel. The same for a session however often it is asked for, because an outcome that is
    /// repeated must get the same answer.
    pub(crate) fn tunnel_ticket(&self, session: &SessionId) -> Secret {
        Secret::new(self.derive("tunnel ticket", session.as_str()))
    }

    /// What a session code is found by. Without the key a copy of the table says nothing about the codes, although there
    /// are only a billion of them.
    pub(crate) fn code_mac(&self, code: &SessionCode) -> String {
        self.derive("session code", code.digits())
    }

    /// What a domain's record says to be this organisation's.
    pub(crate) fn domain_record(&self, organisation: &OrganisationId, domain: &str) -> String {
        self.derive("domain", &format!("{organisation} {domain}"))
    }

    /// Goes with a sign-in.
    pub(crate) fn csrf_token(&self, sign_in_hash: &str) -> Secret {
        Secret::new(self.derive("csrf", sign_in_hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_derived_depends_on_key_kind_and_subject() {
        let (one, other) = (Secrets::new(&[1; 32]), Secrets::new(&[2; 32]));
        let id: SessionId = "123456789".parse().unwrap();
        let ticket = one.tunnel_ticket(&id);
        assert_eq!(ticket, one.tunnel_ticket(&id));
        assert_eq!(ticket.expose().len(), 43);
        assert_ne!(ticket, other.tunnel_ticket(&id));
        assert_ne!(ticket.expose(), one.code_mac(&"123456789".parse().unwrap()));
        assert_ne!(ticket, one.csrf_token("123456789"));
    }
}
