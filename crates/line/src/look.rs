//! How the organisation looks.

use serde::{Deserialize, Serialize};

/// What an organisation adds to the windows' looks; everything is optional. It stands beside names, warnings and buttons
/// and never in their place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Red, green, blue, as the organisation chose it: the window keeps enough contrast.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accent: Option<[u8; 3]>,
    /// A PNG of at most [`LARGEST_LOGO_BYTES`], in base64. Nothing but its header was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
}

/// A larger picture is not kept.
pub const LARGEST_LOGO_BYTES: usize = 512 * 1024;
/// Width and height in pixels of the largest picture that is shown: twice the 312 × 79 that it is fitted into.
pub const LARGEST_LOGO: (u32, u32) = (624, 158);
