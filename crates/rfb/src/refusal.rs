//! A no to a client before anything else.

/// What a client is sent in place of a picture that there is not, with the reason that its user reads. The connection is
/// closed after it.
///
/// It is a server's greeting and a list of no kinds of security with the reason (RFC 6143, 7.1.2); clients of RFB 3.3 see a
/// connection that failed.
pub fn refusal(reason: &str) -> Vec<u8> {
    let mut bytes = b"RFB 003.008\n\0".to_vec();
    let length = u32::try_from(reason.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(reason.as_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_refusal_names_its_reason_in_full() {
        assert_eq!(super::refusal("no display"), b"RFB 003.008\n\0\0\0\0\x0ano display");
    }
}
