//! Whose address a request comes from, where proxies stand in between.
//!
//! Headers that name it are believed from trusted proxies only: anybody else could write into them what they like. Each
//! proxy adds at the end whom it heard, so the list is read from there, for as long as who is named is trusted too.

use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The networks of the trusted proxies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies(Vec<IpNet>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether this is one of them.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who sent the request that came from `peer`.
    pub(crate) fn sender(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut sender = peer.to_canonical();
        for before in named(headers).into_iter().rev() {
            let Some(before) = before.filter(|_| self.trusts(sender)) else { break };
            sender = before.to_canonical();
        }
        sender
    }
}

/// The addresses that headers name, the nearest last; nothing in the place of what is no address.
fn named(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let by_x = headers.contains_key(X_FORWARDED_FOR);
    if by_x && headers.contains_key(header::FORWARDED) {
        // A proxy writes one of them. The other may be the sender's own invention, and nothing tells which.
        return Vec::new();
    }
    let values = if by_x { headers.get_all(X_FORWARDED_FOR) } else { headers.get_all(header::FORWARDED) };
    // Each entry for itself: one that is no text must not take along what a proxy added to the same line.
    let entries = values.iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let texts = entries.map(|entry| std::str::from_utf8(entry).unwrap_or_default());
    texts.map(|entry| if by_x { address(entry) } else { forwarded(entry) }).collect()
}

/// The `for` of one element of `Forwarded` (RFC 7239).
fn forwarded(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

/// An address as proxies write it: bare, in brackets, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    text.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip())).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn an_entry_that_is_no_text_does_not_hide_what_the_proxy_added() {
        let mut map = HeaderMap::new();
        let line = HeaderValue::from_bytes(b"\xe9, 192.0.2.1").unwrap();
        map.append(X_FORWARDED_FOR, line);
        let proxies = Proxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(proxies.sender("10.0.0.1".parse().unwrap(), &map).to_string(), "192.0.2.1");
    }

    fn sender(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Proxies::new(trusted.to_vec()).sender(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_for_whom_it_speaks() {
        let says = [("x-forwarded-for", "192.0.2.1")];
        assert_eq!(sender("10.0.0.1", &says), "192.0.2.1");
        assert_eq!(sender("::ffff:10.0.0.1", &says), "192.0.2.1");
        assert_eq!(sender("203.0.113.9", &says), "203.0.113.9");
        assert_eq!(sender("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_sender_wrote_itself_is_not_believed() {
        let forged = [("x-forwarded-for", "198.51.100.7, 192.0.2.1")];
        assert_eq!(sender("10.0.0.1", &forged), "192.0.2.1");
        let two_lines = [("x-forwarded-for", "198.51.100.7"), ("x-forwarded-for", "192.0.2.1, 10.2.2.2")];
        assert_eq!(sender("10.0.0.1", &two_lines), "192.0.2.1", "past a second trusted proxy");
        let nonsense = [("x-forwarded-for", "198.51.100.7, unknown, 10.2.2.2")];
        assert_eq!(sender("10.0.0.1", &nonsense), "10.2.2.2");
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(sender("10.0.0.1", &both), "10.0.0.1", "one of them is forged");
    }

    #[test]
    fn every_way_of_writing_an_address_is_read() {
        for (written, address) in [
            ("for=192.0.2.1", "192.0.2.1"),
            ("proto=https; For=\"192.0.2.1:4711\"", "192.0.2.1"),
            ("for=\"[2001:db8::1]:4711\"", "2001:db8::1"),
            ("for=\"[2001:db8::1]\";by=10.0.0.1", "2001:db8::1"),
            ("for=_hidden", "10.0.0.1"),
        ] {
            assert_eq!(sender("10.0.0.1", &[("forwarded", written)]), address, "{written}");
        }
        for written in ["2001:db8::1", "[2001:db8::1]:80", " 2001:db8::1 "] {
            assert_eq!(sender("fd00::1", &[("x-forwarded-for", written)]), "2001:db8::1", "{written}");
        }
    }
}
