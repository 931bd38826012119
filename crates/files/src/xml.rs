//! A look at XML before it is made a tree of: elements that lie too deep in each other would overflow the stack, a document
//! type has no use here but to blow up what follows it, and each element of the tree keeps all namespaces that it lies in.

use crate::{MAX_XML_DEPTH, MAX_XML_ELEMENTS, refusal::Refusal};
use xml::{ParserConfig, reader::XmlEvent};

/// How much the tree may hold of namespaces: what clients send has a few, for some dozens of properties.
const MAX_NAMESPACE_BYTES: usize = 256 * 1024;
/// What one takes beside its letters.
const NAMESPACE: usize = 64;

/// Whether it is harmless. Nothing at all is.
pub(crate) fn check(document: &[u8]) -> Result<(), Refusal> {
    if document.is_empty() {
        return Ok(());
    }
    let (mut depth, mut elements, mut kept) = (0, 0, 0);
    for event in ParserConfig::new().create_reader(document) {
        match event.map_err(|_| Refusal::BadXml)? {
            XmlEvent::Doctype { .. } => return Err(Refusal::BadXml),
            XmlEvent::StartElement { .. } if depth == MAX_XML_DEPTH || elements == MAX_XML_ELEMENTS => {
                return Err(Refusal::BadXml);
            }
            XmlEvent::StartElement { namespace, .. } => {
                depth += 1;
                elements += 1;
                let bytes = namespace.0.iter().map(|(prefix, name)| NAMESPACE + prefix.len() + name.len());
                kept += bytes.sum::<usize>();
                if kept > MAX_NAMESPACE_BYTES {
                    return Err(Refusal::BadXml);
                }
            }
            XmlEvent::EndElement { .. } => depth -= 1,
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_passes() {
        let find = br#"<?xml version="1.0"?><D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>"#;
        assert_eq!(check(find), Ok(()));
        let some: String =
            (0..10).map(|n| format!(r#"<D:prop xmlns:n{n}="urn:n{n}"><n{n}:a/></D:prop>"#)).collect();
        assert_eq!(check(format!(r#"<D:propfind xmlns:D="DAV:">{some}</D:propfind>"#).as_bytes()), Ok(()));
        assert_eq!(check(b""), Ok(()));
    }

    #[test]
    fn no_document_is_too_much_to_look_at() {
        bolero::check!().for_each(|bytes: &[u8]| {
            let _ = check(bytes);
        });
    }

    #[test]
    fn depth_document_types_and_nonsense_are_refused() {
        let deep = "<a>".repeat(MAX_XML_DEPTH + 1);
        let laughs = r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>"#;
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_XML_ELEMENTS));
        let names: String = (0..400).map(|n| format!(r#" xmlns:n{n}="urn:n{n}""#)).collect();
        let everywhere = format!("<a{names}>{}</a>", "<b/>".repeat(MAX_XML_ELEMENTS - 1));
        for bad in [deep.as_str(), laughs, &many, &everywhere, "<a", "a", "<a></b>", "\0"] {
            assert_eq!(check(bad.as_bytes()), Err(Refusal::BadXml), "{bad:?}");
        }
    }
}
