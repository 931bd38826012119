//! Fresh identifiers.

/// A random identifier of 128 bits that begins with a letter or digit, so that it can be an argument on a command line.
#[expect(clippy::expect_used, reason = "22 characters of base64url are an identifier of every kind")]
pub(crate) fn fresh<T: TryFrom<String, Error: std::fmt::Debug>>() -> T {
    loop {
        let id = crypto::random_id();
        if id.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return id.try_into().expect("a random id is an identifier");
        }
    }
}
