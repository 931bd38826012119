//! Whether what lies in the clipboard was copied after it was opened.
//!
//! A new owner means that something was copied, with one exception: when a program ends, a clipboard manager takes over what
//! was copied in it, and is a new owner of an old text. So an owner that comes after an old one has gone may hold what
//! lay there before; whether it does is for the text to show.

/// What lies in the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lineage {
    /// What lay there when it was opened.
    Old,
    /// Nothing, since what lay there has gone with its program.
    OldGone,
    /// That, if a clipboard manager took it over, or else what was copied since.
    Unclear,
    /// What was copied since.
    Copied,
    /// What was put there from here.
    Ours,
    /// Nothing, and nothing old is left that could come back.
    Nothing,
}

impl Lineage {
    /// The clipboard has another owner.
    pub(crate) fn owned_by_other(self) -> Self {
        match self {
            Self::OldGone => Self::Unclear,
            Self::Old | Self::Unclear | Self::Copied | Self::Ours | Self::Nothing => Self::Copied,
        }
    }

    /// It has none any more.
    pub(crate) fn gone(self) -> Self {
        match self {
            Self::Old | Self::OldGone | Self::Unclear => Self::OldGone,
            Self::Copied | Self::Ours | Self::Nothing => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_owner_has_something_new_unless_the_old_one_has_gone_before() {
        assert_eq!(Lineage::Old.owned_by_other(), Lineage::Copied);
        assert_eq!(Lineage::Nothing.owned_by_other(), Lineage::Copied);
        assert_eq!(Lineage::Old.gone().owned_by_other(), Lineage::Unclear);
    }

    #[test]
    fn what_may_be_old_stays_so_however_often_it_is_taken_over() {
        assert_eq!(Lineage::Old.gone().owned_by_other().gone().owned_by_other(), Lineage::Unclear);
    }

    #[test]
    fn what_was_copied_is_no_less_so_when_its_program_ends() {
        assert_eq!(Lineage::Copied.gone().owned_by_other(), Lineage::Copied);
        assert_eq!(Lineage::Ours.gone().owned_by_other(), Lineage::Copied);
    }
}
