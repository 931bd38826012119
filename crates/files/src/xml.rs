//! A look at XML before it is made a tree of: elements that lie too deep in each other would overflow the stack, and a
//! document type has no use here but to blow up what follows it.

use crate::{MAX_XML_DEPTH, refusal::Refusal};
use xml::{ParserConfig, reader::XmlEvent};

/// Whether it is harmless. Nothing at all is.
pub(crate) fn check(document: &[u8]) -> Result<(), Refusal> {
    if document.is_empty() {
        return Ok(());
    }
    let mut depth = 0;
    for event in ParserConfig::new().create_reader(document) {
        match event.map_err(|_| Refusal::BadXml)? {
            XmlEvent::Doctype { .. } => return Err(Refusal::BadXml),
            XmlEvent::StartElement { .. } if depth == MAX_XML_DEPTH => return Err(Refusal::BadXml),
            XmlEvent::StartElement { .. } => depth += 1,
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
        for bad in [deep.as_str(), laughs, "<a", "a", "<a></b>", "\0"] {
            assert_eq!(check(bad.as_bytes()), Err(Refusal::BadXml), "{bad:?}");
        }
    }
}
