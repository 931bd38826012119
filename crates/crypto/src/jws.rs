//! Compact JWS (RFC 7515) with Ed25519 (RFC 8037), and nothing else of that family: the algorithm is fixed and the kind
//! of document is checked, so that no header can talk the verifier into anything.

use crate::{KeyPair, PublicKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// A larger document is refused before it is read; a receipt holds a request and both are far smaller.
const MAX_BYTES: usize = 32 * 1024;

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    #[serde(default, skip_serializing)]
    crit: Option<serde::de::IgnoredAny>,
}

/// Why a signed document is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It does not have the shape of a compact JWS, or is over 32 KiB.
    #[error("the signed document is malformed")]
    Malformed,
    /// The header names another algorithm or kind of document, or demands an extension.
    #[error("the signed document is of another kind")]
    WrongKind,
    /// Another key signed it, or it was changed.
    #[error("the signature does not fit")]
    WrongSignature,
    /// The signature fits and the content does not.
    #[error("the signed content cannot be read")]
    Content(#[source] serde_json::Error),
}

/// Signs `payload` as a document of kind `typ`; the header's `kid` is the key's fingerprint.
///
/// # Errors
///
/// When `payload` cannot be written as JSON.
pub fn sign<T: Serialize>(key: &KeyPair, typ: &str, payload: &T) -> Result<String, serde_json::Error> {
    let header = Header { alg: "EdDSA".into(), typ: typ.into(), kid: key.public().fingerprint(), crit: None };
    let part = |json: Vec<u8>| BASE64_URL_SAFE_NO_PAD.encode(json);
    let signed = format!("{}.{}", part(serde_json::to_vec(&header)?), part(serde_json::to_vec(payload)?));
    let signature = part(key.signature(signed.as_bytes()));
    Ok(format!("{signed}.{signature}"))
}

/// The payload of `document`, if it is of kind `typ` and `key` signed it.
///
/// # Errors
///
/// [`VerifyError`] says what does not fit.
pub fn verify<T: DeserializeOwned>(document: &str, typ: &str, key: &PublicKey) -> Result<T, VerifyError> {
    let parts = Parts::split(document)?;
    if parts.header.alg != "EdDSA" || parts.header.typ != typ || parts.header.crit.is_some() {
        return Err(VerifyError::WrongKind);
    }
    if !key.verifies(parts.signed, &parts.signature) {
        return Err(VerifyError::WrongSignature);
    }
    serde_json::from_slice(&parts.payload).map_err(VerifyError::Content)
}

/// The payload of `document` **without checking its signature**: to find out which key to verify it with.
///
/// # Errors
///
/// When the document or its content cannot be read.
pub fn peek<T: DeserializeOwned>(document: &str) -> Result<T, VerifyError> {
    serde_json::from_slice(&Parts::split(document)?.payload).map_err(VerifyError::Content)
}

struct Parts<'a> {
    signed: &'a [u8],
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn split(document: &'a str) -> Result<Self, VerifyError> {
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| VerifyError::Malformed);
        if document.len() > MAX_BYTES {
            return Err(VerifyError::Malformed);
        }
        let (signed, signature) = document.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(VerifyError::Malformed)?;
        let header = serde_json::from_slice(&decode(header)?).map_err(|_| VerifyError::Malformed)?;
        Ok(Self {
            signed: signed.as_bytes(),
            header,
            payload: decode(payload)?,
            signature: decode(signature)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 8037, appendix A: the key, the payload and the signature over them. The header there has no `typ`, so the
    /// signature is checked below the header's rules.
    #[test]
    fn the_signature_is_that_of_rfc_8037() {
        let key: PublicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".parse().unwrap();
        let document = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
            hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let (signed, signature) = document.rsplit_once('.').unwrap();
        assert!(key.verifies(signed.as_bytes(), &BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap()));
        assert_eq!(key.to_string(), "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    }

    #[test]
    fn only_the_right_key_and_kind_are_accepted() {
        let (key, _) = KeyPair::generate();
        let (other, _) = KeyPair::generate();
        let document = sign(&key, "a+jws", &"hello").unwrap();
        assert_eq!(verify::<String>(&document, "a+jws", &key.public()).unwrap(), "hello");
        assert!(matches!(verify::<String>(&document, "b+jws", &key.public()), Err(VerifyError::WrongKind)));
        assert!(matches!(
            verify::<String>(&document, "a+jws", &other.public()),
            Err(VerifyError::WrongSignature)
        ));
        assert!(matches!(verify::<u32>(&document, "a+jws", &key.public()), Err(VerifyError::Content(_))));
    }

    #[test]
    fn a_header_that_names_another_algorithm_is_refused() {
        let (key, _) = KeyPair::generate();
        let document = sign(&key, "a+jws", &"hello").unwrap();
        let (_, rest) = document.split_once('.').unwrap();
        for header in [
            r#"{"alg":"none","typ":"a+jws","kid":""}"#,
            r#"{"alg":"EdDSA","typ":"a+jws","kid":"","crit":["x"]}"#,
        ] {
            let forged = format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header));
            assert!(matches!(verify::<String>(&forged, "a+jws", &key.public()), Err(VerifyError::WrongKind)));
        }
    }

    proptest! {
        #[test]
        fn any_changed_character_is_noticed(at in 0usize..1000, to in "[A-Za-z0-9_.-]") {
            let (key, _) = KeyPair::generate();
            let document = sign(&key, "a+jws", &"a payload of some length").unwrap();
            let at = at % document.len();
            let mut changed = document.clone();
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != document);
            // The last character of a base64 text has unused bits; a decoder that ignored them would accept a twin.
            prop_assert!(verify::<String>(&changed, "a+jws", &key.public()).is_err());
        }

        #[test]
        fn foreign_bytes_are_an_error_and_never_a_panic(text in "\\PC{0,200}") {
            let (key, _) = KeyPair::generate();
            prop_assert!(verify::<String>(&text, "a+jws", &key.public()).is_err());
        }
    }

    #[test]
    fn nothing_but_a_signature_is_believed() {
        let (key, _) = KeyPair::generate();
        bolero::check!().for_each(|bytes: &[u8]| {
            let document = String::from_utf8_lossy(bytes);
            let _ = peek::<serde_json::Value>(&document);
            assert!(verify::<serde_json::Value>(&document, "a+jws", &key.public()).is_err());
        });
    }
}
