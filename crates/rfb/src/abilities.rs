//! What a client says it can do, in its list of encodings.

/// How changed pixels are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Encoding {
    #[default]
    Raw,
    Tight,
    Zrle,
}

/// How the shape of the cursor is sent, from the least to the best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CursorKind {
    /// Not at all: the client draws one of its own.
    #[default]
    Hidden,
    /// Pixels that are there or not.
    Masked,
    /// With transparency, as VMware's viewers and noVNC know it.
    Vmware,
    /// With transparency, as TigerVNC knows it.
    Alpha,
}

/// What a client says it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Abilities {
    pub(crate) encoding: Encoding,
    pub(crate) copy_rect: bool,
    /// From 0 to 9; without it no JPEG is sent.
    pub(crate) quality: Option<u8>,
    pub(crate) cursor: CursorKind,
    pub(crate) desktop_size: bool,
    pub(crate) extended_desktop_size: bool,
    pub(crate) fence: bool,
    pub(crate) continuous_updates: bool,
    pub(crate) extended_clipboard: bool,
    pub(crate) extended_key: bool,
    pub(crate) extended_mouse: bool,
}

/// Numbers on the wire.
pub(crate) mod number {
    pub(crate) const RAW: i32 = 0;
    pub(crate) const COPY_RECT: i32 = 1;
    pub(crate) const TIGHT: i32 = 7;
    pub(crate) const ZRLE: i32 = 16;
    pub(crate) const QUALITY_LOWEST: i32 = -32;
    pub(crate) const QUALITY_HIGHEST: i32 = -23;
    pub(crate) const DESKTOP_SIZE: i32 = -223;
    pub(crate) const CURSOR: i32 = -239;
    pub(crate) const EXTENDED_KEY: i32 = -258;
    pub(crate) const EXTENDED_DESKTOP_SIZE: i32 = -308;
    pub(crate) const FENCE: i32 = -312;
    pub(crate) const CONTINUOUS_UPDATES: i32 = -313;
    pub(crate) const ALPHA_CURSOR: i32 = -314;
    pub(crate) const EXTENDED_MOUSE: i32 = -316;
    pub(crate) const VMWARE_CURSOR: i32 = 0x574D_5664;
    pub(crate) const EXTENDED_CLIPBOARD: i32 = 0xC0A1_E5CE_u32 as i32;
}

impl Abilities {
    /// Reads the list, four bytes each, in the client's order of preference. What is not known is passed over.
    ///
    /// Two things are known and not needed: how hard to compress, because that is decided here by what a frame may cost,
    /// and `LastRect`, because the number of rectangles is known before the first byte of an update leaves.
    pub(crate) fn from_wire(list: &[u8]) -> Self {
        let mut abilities = Self::default();
        let mut encoding = None;
        let (listed, _) = list.as_chunks::<4>();
        for &listed in listed {
            match i32::from_be_bytes(listed) {
                number::RAW => encoding = encoding.or(Some(Encoding::Raw)),
                number::TIGHT => encoding = encoding.or(Some(Encoding::Tight)),
                number::ZRLE => encoding = encoding.or(Some(Encoding::Zrle)),
                number::COPY_RECT => abilities.copy_rect = true,
                level @ number::QUALITY_LOWEST..=number::QUALITY_HIGHEST => {
                    abilities.quality = Some((level - number::QUALITY_LOWEST) as u8);
                }
                number::CURSOR => abilities.cursor = abilities.cursor.max(CursorKind::Masked),
                number::VMWARE_CURSOR => abilities.cursor = abilities.cursor.max(CursorKind::Vmware),
                number::ALPHA_CURSOR => abilities.cursor = abilities.cursor.max(CursorKind::Alpha),
                number::DESKTOP_SIZE => abilities.desktop_size = true,
                number::EXTENDED_DESKTOP_SIZE => abilities.extended_desktop_size = true,
                number::FENCE => abilities.fence = true,
                number::CONTINUOUS_UPDATES => abilities.continuous_updates = true,
                number::EXTENDED_CLIPBOARD => abilities.extended_clipboard = true,
                number::EXTENDED_KEY => abilities.extended_key = true,
                number::EXTENDED_MOUSE => abilities.extended_mouse = true,
                _ => {}
            }
        }
        abilities.encoding = encoding.unwrap_or_default();
        // Without fences nothing would tell how much is on its way.
        abilities.continuous_updates &= abilities.fence;
        abilities
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &[i32]) -> Abilities {
        Abilities::from_wire(&list.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_encoding_that_is_known_is_the_one() {
        assert_eq!(read(&[5, 16, 7, 0]).encoding, Encoding::Zrle);
        assert_eq!(read(&[1, 7, 16]).encoding, Encoding::Tight);
        assert_eq!(read(&[5, 2]).encoding, Encoding::Raw);
    }

    #[test]
    fn the_best_cursor_wins_and_unknown_numbers_are_passed_over() {
        let abilities = read(&[-239, -314, 0x574D_5664, i32::MIN, -26, 7]);
        assert_eq!(abilities.cursor, CursorKind::Alpha);
        assert_eq!(abilities.quality, Some(6));
    }

    #[test]
    fn updates_without_asking_need_fences() {
        assert!(!read(&[-313]).continuous_updates);
        assert!(read(&[-313, -312]).continuous_updates);
    }
}
