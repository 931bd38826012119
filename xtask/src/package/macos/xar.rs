//! The archive that a flat package is: a table of contents in XML, packed, then the files one after the other.
//!
//! Nothing of the computer that makes it is in it: no owner, no date but the one that is given.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// A file of the archive; folders are in its name.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
}

/// The archive. `date` is as in `2026-01-31T12:00:00Z`.
pub(super) fn archive(entries: &[Entry], date: &str) -> Vec<u8> {
    let mut heap = vec![0; 20];
    let mut files = String::new();
    let mut number = 0;
    let mut folder = "";
    for Entry { name, content } in entries {
        let (parent, own) = name.split_once('/').unwrap_or(("", name));
        if parent != folder {
            if !folder.is_empty() {
                files += "</file>";
            }
            if !parent.is_empty() {
                number += 1;
                files += &format!(
                    "<file id=\"{number}\"><name>{parent}</name><type>directory</type><mode>0755</mode>"
                );
            }
            folder = parent;
        }
        number += 1;
        let (sum, size, offset) = (hex(&sha1(content)), content.len(), heap.len());
        files += &format!(
            "<file id=\"{number}\"><name>{own}</name><type>file</type><mode>0644</mode><data>\
             <archived-checksum style=\"sha1\">{sum}</archived-checksum>\
             <extracted-checksum style=\"sha1\">{sum}</extracted-checksum>\
             <encoding style=\"application/octet-stream\"/>\
             <size>{size}</size><offset>{offset}</offset><length>{size}</length></data></file>"
        );
        heap.extend(content);
    }
    if !folder.is_empty() {
        files += "</file>";
    }
    let contents = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xar><toc><creation-time>{date}</creation-time>\
         <checksum style=\"sha1\"><offset>0</offset><size>20</size></checksum>{files}</toc></xar>\n"
    );
    let packed = zlib(contents.as_bytes());
    heap[..20].copy_from_slice(&sha1(&packed));

    let mut archive = b"xar!".to_vec();
    archive.extend(28_u16.to_be_bytes());
    archive.extend(1_u16.to_be_bytes());
    archive.extend((packed.len() as u64).to_be_bytes());
    archive.extend((contents.len() as u64).to_be_bytes());
    // SHA-1, the sum that every version of macOS reads here; what protects a package is its signature.
    archive.extend(1_u32.to_be_bytes());
    archive.extend(packed);
    archive.extend(heap);
    archive
}

fn sha1(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes as zlib's format has them, not made any smaller: a table of contents is small.
fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x78, 0x01];
    let mut rest = bytes;
    loop {
        let (part, after) = rest.split_at(rest.len().min(usize::from(u16::MAX)));
        packed.push(u8::from(after.is_empty()));
        let length = part.len() as u16;
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(part);
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    let (mut low, mut high) = (1_u32, 0_u32);
    for &byte in bytes {
        low = (low + u32::from(byte)) % 65521;
        high = (high + low) % 65521;
    }
    packed.extend((high << 16 | low).to_be_bytes());
    packed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_at_the_end_is_adlers() {
        let packed = zlib(b"Wikipedia");
        assert_eq!(packed[packed.len() - 4..], 0x11e6_0398_u32.to_be_bytes());
    }
}
