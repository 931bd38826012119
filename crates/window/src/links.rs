//! Links in what the operator writes: which they are, and where they really lead.

use url::{Host, Url};

/// So many links of one line can be opened.
const MOST: usize = 3;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The computer it leads to, in letters that cannot be mistaken for others.
    pub(crate) host: String,
    /// The whole address, as the browser will read it.
    pub(crate) address: String,
}

/// The links in `text`: web addresses written out, and nothing that hides where it leads.
pub(crate) fn in_text(text: &str) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for word in text.split_whitespace() {
        let word = word.trim_start_matches(['(', '[', '<', '"', '\'', '«', '“', '„']);
        let word =
            word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '>', '"', '\'', '»', '”', '“']);
        if let Some(link) = link(word)
            && !links.contains(&link)
        {
            links.push(link);
        }
    }
    links.truncate(MOST);
    links
}

/// The link that `word` is. A name and password before the host are the oldest disguise of it, so there is no link then.
pub(crate) fn link(word: &str) -> Option<Link> {
    let scheme = word.split_once("://")?.0;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let url = Url::parse(word).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let host = match url.host()? {
        Host::Domain(domain) => domain.to_owned(),
        address @ (Host::Ipv4(_) | Host::Ipv6(_)) => address.to_string(),
    };
    Some(Link { host, address: url.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        in_text(text).into_iter().map(|link| link.host).collect()
    }

    #[test]
    fn web_addresses_are_found_among_words() {
        let text = "See https://support.example/help?id=1, then (http://intranet.example). Or HTTPS://UPPER.example!";
        assert_eq!(hosts(text), ["support.example", "intranet.example", "upper.example"]);
        assert_eq!(in_text(text)[0].address, "https://support.example/help?id=1");
    }

    #[test]
    fn what_is_not_a_web_address_is_no_link() {
        for text in [
            "support.example",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ftp://files.example/x",
            "https://",
            "https:support.example",
            "mailto:olivia@support.example",
        ] {
            assert!(in_text(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn the_host_is_the_one_that_the_browser_will_ask() {
        assert!(in_text("https://bank.example@evil.example/").is_empty());
        assert!(in_text("https://user:secret@evil.example/").is_empty());
        assert_eq!(hosts("https://bank.example.evil.example/"), ["bank.example.evil.example"]);
        assert_eq!(hosts("https://evil.example\\@bank.example/"), ["evil.example"]);
        // A Cyrillic letter that looks like a Latin one.
        assert_eq!(hosts("https://b\u{430}nk.example/"), ["xn--bnk-6cd.example"]);
        assert_eq!(hosts("http://0x7f.1/"), ["127.0.0.1"]);
    }

    #[test]
    fn a_line_full_of_links_offers_three() {
        let text: String = (0..9).map(|n| format!("https://host{n}.example ")).collect();
        assert_eq!(hosts(&text).len(), 3);
        assert_eq!(hosts("https://a.example https://a.example").len(), 1);
    }
}
