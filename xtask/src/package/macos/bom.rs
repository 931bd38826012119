//! The bill of materials of a package: what is to be installed, as a tree of blocks, and `cpio`'s archive of the same.

use super::{Item, Kind};

/// Entries that fit into one leaf of the tree; there are far fewer in a package of ours.
const MOST: usize = 510;
const LEAF: usize = 4096;

/// The bill of materials. Items stand after the folder that they are in.
pub(super) fn bill(items: &[Item]) -> Vec<u8> {
    assert!(items.len() < MOST, "the tree has one leaf");
    let mut store = Store::default();
    let mut leaf = Vec::new();
    leaf.extend(1_u16.to_be_bytes());
    leaf.extend((items.len() as u16).to_be_bytes());
    leaf.extend([0; 8]);
    for (number, item) in items.iter().enumerate() {
        let details = store.add(details(item));
        let id = number as u32 + 1;
        let entry = store.add([id.to_be_bytes(), details.to_be_bytes()].concat());
        let (folder, name) = item.path.rsplit_once('/').unwrap_or(("", &item.path));
        let parent = items.iter().position(|other| other.path == folder).map_or(0, |at| at as u32 + 1);
        // The root is its own name, and in nothing.
        let parent = if item.path == "." { 0 } else { parent };
        let mut file = parent.to_be_bytes().to_vec();
        file.extend(name.as_bytes());
        file.push(0);
        let file = store.add(file);
        leaf.extend(entry.to_be_bytes());
        leaf.extend(file.to_be_bytes());
    }
    leaf.resize(LEAF, 0);
    let paths = store.tree(leaf, items.len());
    let empty = |store: &mut Store| {
        let mut leaf = vec![0, 1];
        leaf.resize(LEAF, 0);
        store.tree(leaf, 0)
    };
    let (links, sizes) = (empty(&mut store), empty(&mut store));
    let inner = empty(&mut store);
    let mut versions = 1_u32.to_be_bytes().to_vec();
    versions.extend(inner.to_be_bytes());
    versions.extend([0; 5]);
    let versions = store.add(versions);
    let total: u64 = items.iter().map(|item| item.content.len() as u64).sum();
    let mut about = Vec::new();
    for number in [1, items.len() as u32 + 1, 1, 0, total as u32, 0, 0] {
        about.extend(number.to_be_bytes());
    }
    let about = store.add(about);
    let named =
        [("BomInfo", about), ("Paths", paths), ("HLIndex", links), ("VIndex", versions), ("Size64", sizes)];
    store.finish(&named)
}

fn details(item: &Item) -> Vec<u8> {
    let (kind, sum) = match item.kind {
        Kind::Folder => (2, 0),
        Kind::File => (1, checksum(&item.content)),
    };
    let mut details = vec![kind, 1];
    details.extend(3_u16.to_be_bytes());
    details.extend((item.mode() as u16).to_be_bytes());
    // root and wheel
    details.extend([0; 8]);
    details.extend((item.date as u32).to_be_bytes());
    details.extend((item.content.len() as u32).to_be_bytes());
    details.push(1);
    details.extend(sum.to_be_bytes());
    details.extend([0; 4]);
    details
}

/// The sum that `cksum` prints.
fn checksum(content: &[u8]) -> u32 {
    let length = content.len() as u64;
    let ending = length.to_le_bytes().into_iter().take(8 - length.leading_zeros() as usize / 8);
    let add = |sum: u32, byte: u8| {
        let mut sum = sum ^ u32::from(byte) << 24;
        for _ in 0..8 {
            sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { sum << 1 ^ 0x04c1_1db7 };
        }
        sum
    };
    !content.iter().copied().chain(ending).fold(0, add)
}

/// Numbered blocks, and names for some of them.
#[derive(Default)]
struct Store {
    blocks: Vec<Vec<u8>>,
}

impl Store {
    /// Its number; there is no block 0.
    fn add(&mut self, block: Vec<u8>) -> u32 {
        self.blocks.push(block);
        self.blocks.len() as u32
    }

    fn tree(&mut self, leaf: Vec<u8>, entries: usize) -> u32 {
        let leaf = self.add(leaf);
        let mut tree = b"tree".to_vec();
        for number in [1, leaf, LEAF as u32, entries as u32] {
            tree.extend(number.to_be_bytes());
        }
        tree.push(0);
        self.add(tree)
    }

    fn finish(self, named: &[(&str, u32)]) -> Vec<u8> {
        const HEADER: usize = 512;
        let mut body: Vec<u8> = Vec::new();
        let mut index = (self.blocks.len() as u32 + 1).to_be_bytes().to_vec();
        index.extend([0; 8]);
        for block in &self.blocks {
            index.extend(((HEADER + body.len()) as u32).to_be_bytes());
            index.extend((block.len() as u32).to_be_bytes());
            body.extend(block);
        }
        // No free blocks.
        index.extend([0; 4]);
        let mut names = (named.len() as u32).to_be_bytes().to_vec();
        for (name, block) in named {
            names.extend(block.to_be_bytes());
            names.push(name.len() as u8);
            names.extend(name.as_bytes());
        }
        let names_at = HEADER + body.len();
        let index_at = names_at + names.len();
        let mut file = b"BOMStore".to_vec();
        for number in [1, self.blocks.len(), index_at, index.len(), names_at, names.len()] {
            file.extend((number as u32).to_be_bytes());
        }
        file.resize(HEADER, 0);
        file.extend(body);
        file.extend(names);
        file.extend(index);
        file
    }
}

/// The items as `cpio` archives them in its portable format.
pub(super) fn cpio(items: &[Item]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut add = |number: usize, path: &str, mode: u32, date: u64, content: &[u8]| {
        let (links, length) = (1, path.len() + 1);
        archive.extend(b"070707");
        archive
            .extend(format!("{:06o}{number:06o}{mode:06o}{:06o}{:06o}{links:06o}{:06o}", 0, 0, 0, 0).bytes());
        archive.extend(format!("{date:011o}{length:06o}{:011o}", content.len()).bytes());
        archive.extend(path.bytes());
        archive.push(0);
        archive.extend(content);
    };
    for (number, item) in items.iter().enumerate() {
        add(number + 1, &item.path, item.mode(), item.date, &item.content);
    }
    add(0, "TRAILER!!!", 0, 0, &[]);
    archive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_that_of_cksum() {
        assert_eq!(checksum(b""), 4_294_967_295);
        assert_eq!(checksum(b"123456789"), 930_766_865);
    }

    #[test]
    fn a_bill_names_every_item_below_its_folder() {
        let item = |path: &str, kind, content: &[u8]| Item {
            path: path.into(),
            kind,
            content: content.into(),
            date: 7,
        };
        let items = [
            item(".", Kind::Folder, b""),
            item("./Library", Kind::Folder, b""),
            item("./Library/agent.plist", Kind::File, b"text"),
        ];
        let bill = bill(&items);
        let word = |at: usize| u32::from_be_bytes(bill[at..at + 4].try_into().unwrap()) as usize;
        let block = |number: usize| {
            let entry = word(16) + 4 + 8 * number;
            &bill[word(entry)..word(entry) + word(entry + 4)]
        };
        assert_eq!((&bill[..8], word(8)), (&b"BOMStore"[..], 1));
        let names: Vec<&[u8]> =
            (1..=word(12)).map(block).filter(|block| block.len() > 5 && block.ends_with(b"\0")).collect();
        for (parent, name) in [(0, ". "), (1, "Library "), (2, "agent.plist ")] {
            let expected = [&u32::to_be_bytes(parent)[..], name.replace(' ', "\0").as_bytes()].concat();
            assert!(names.contains(&&expected[..]), "{name} is not there");
        }
    }
}
