//! How the agent's organisation looks on this computer: fetched when it changes, kept over restarts, and shown only for an
//! organisation that is pinned or known, so that a stranger cannot dress up as somebody.

use super::{Event, Resident, disk::Disk, link};
use crate::private;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use line::{LARGEST_LOGO, LARGEST_LOGO_BYTES, Look};
use protocol::{Branding, OrganisationId, TrustLevel};
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, time::Duration};

/// Changes that follow each other faster than this are taken in together.
const SELDOM: Duration = Duration::from_secs(2);

/// The look of one organisation, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    organisation: OrganisationId,
    #[serde(default)]
    accent: Option<[u8; 3]>,
    /// The picture's entity tag, and the picture in base64.
    #[serde(default)]
    logo: Option<(String, String)>,
}

/// What is known of how the agent's organisation looks.
pub(super) struct Looks {
    path: PathBuf,
    kept: Option<Kept>,
    /// The tag of the picture that is wanted.
    wanted: Option<String>,
    /// One picture is fetched at a time.
    fetching: bool,
    /// What the service said last while [`SELDOM`] has not passed since the change before; absent where it has.
    resting: Option<Option<(OrganisationId, Branding)>>,
}

impl Looks {
    /// What earlier runs kept.
    pub(super) fn load(path: PathBuf) -> Self {
        let kept = private::read_json(&path).unwrap_or_else(|error| {
            tracing::warn!(%error, "how the organisation looks is forgotten");
            None
        });
        Self { path, kept, wanted: None, fetching: false, resting: None }
    }

    /// What windows may show of an organisation that is trusted so far.
    pub(super) fn shown(&self, organisation: &OrganisationId, trust: TrustLevel) -> Look {
        match (&self.kept, trust) {
            (Some(kept), TrustLevel::Pinned | TrustLevel::Known) if kept.organisation == *organisation => {
                Look { accent: kept.accent, logo: kept.logo.as_ref().map(|(_, picture)| picture.clone()) }
            }
            _ => Look::default(),
        }
    }

    /// Takes in what the service says.
    fn changed(&mut self, organisation: &OrganisationId, branding: &Branding, disk: &Disk) {
        let before = self.kept.take().filter(|kept| kept.organisation == *organisation);
        let logo = before.as_ref().and_then(|kept| kept.logo.clone());
        let held = logo.as_ref().map(|(tag, _)| tag) == branding.logo.as_ref();
        let kept = Kept {
            organisation: organisation.clone(),
            accent: branding.accent.as_deref().and_then(colour),
            logo: logo.filter(|_| held),
        };
        if before.as_ref() != Some(&kept) {
            disk.write_json(self.path.clone(), kept.clone());
        }
        self.kept = Some(kept);
        self.wanted = branding.logo.clone().filter(|_| !held);
    }

    /// The tag of a picture to fetch now; it counts as being fetched.
    fn next_to_fetch(&mut self) -> Option<String> {
        let tag = self.wanted.clone().filter(|_| !self.fetching)?;
        self.fetching = true;
        Some(tag)
    }

    /// Keeps `branding` for later where a change was taken in just now. The last one counts.
    fn put_off(&mut self, organisation: &OrganisationId, branding: &Branding) -> bool {
        let resting = self.resting.is_some();
        self.resting = Some(resting.then(|| (organisation.clone(), branding.clone())));
        resting
    }

    /// Takes in a picture. False where it is not wanted any more or is none.
    fn fetched(&mut self, organisation: &OrganisationId, tag: &str, picture: &[u8], disk: &Disk) -> bool {
        if self.wanted.take_if(|wanted| wanted == tag).is_none() {
            return false;
        }
        let Some(kept) = self.kept.as_mut().filter(|kept| kept.organisation == *organisation) else {
            return false;
        };
        if !is_logo(picture) {
            tracing::warn!("the organisation's logo is no PNG of the size that is shown");
            return false;
        }
        kept.logo = Some((tag.to_owned(), STANDARD.encode(picture)));
        disk.write_json(self.path.clone(), kept.clone());
        true
    }
}

impl Resident {
    /// The service says how the agent's organisation looks.
    pub(super) fn branding(&mut self, branding: &Branding) {
        let Some(known) = &self.known else { return };
        if self.looks.put_off(&known.credential.organisation.id, branding) {
            return;
        }
        let rested = self.events.clone();
        tokio::spawn(async move {
            tokio::time::sleep(SELDOM).await;
            drop(rested.send(Event::LookRested));
        });
        self.looks.changed(&known.credential.organisation.id, branding, &self.disk);
        self.fetch_logo();
        self.show_look();
    }

    /// What was put off is taken in.
    pub(super) fn look_rested(&mut self) {
        let Some((organisation, branding)) = self.looks.resting.take().flatten() else { return };
        // The agent may belong to another organisation by now.
        if self.known.as_ref().is_some_and(|known| known.credential.organisation.id == organisation) {
            self.branding(&branding);
        }
    }

    fn fetch_logo(&mut self) {
        let Some(known) = &self.known else { return };
        let Some(tag) = self.looks.next_to_fetch() else { return };
        let organisation = known.credential.organisation.id.clone();
        let (service, token) = (self.service.clone(), known.credential.agent_token.clone());
        let events = self.events.clone();
        tokio::spawn(async move {
            let path = "agent/v1/branding/logo";
            let picture = service.send(reqwest::Method::GET, path, Some(&token), Vec::new()).await;
            drop(events.send(Event::LogoFetched { organisation, tag, picture }));
        });
    }

    /// The picture that was asked for, or why there is none: it is asked for again after the next start.
    pub(super) fn logo_fetched(
        &mut self,
        organisation: &OrganisationId,
        tag: &str,
        picture: Result<Vec<u8>, link::Error>,
    ) {
        self.looks.fetching = false;
        match picture {
            Ok(picture) => {
                if self.looks.fetched(organisation, tag, &picture, &self.disk) {
                    self.show_look();
                }
            }
            Err(error) => {
                self.looks.wanted.take_if(|wanted| wanted == tag);
                tracing::info!(%error, "the organisation's logo was not to be had");
            }
        }
        // Another one may have become the right one meanwhile.
        self.fetch_logo();
    }

    /// Lets the windows look as the agent's organisation does now.
    pub(super) fn show_look(&mut self) {
        let look = self.known.as_ref().map_or_else(Look::default, |known| {
            let organisation = &known.credential.organisation;
            let trust = self.trust.level(&organisation.id, &organisation.public_key, self.clock.now().wall);
            self.looks.shown(&organisation.id, trust)
        });
        self.children.look(look);
    }
}

/// `#rrggbb`.
fn colour(text: &str) -> Option<[u8; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    // A sign would pass as a part of the number.
    digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then_some(())?;
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

/// Whether it can be a logo, as far as its first bytes tell: PNG's signature, then the header's length and name, width and
/// height (PNG, third edition, 5.2 and 11.2.1). No decoder touches it here; the window, which can be spared, unpacks it.
fn is_logo(picture: &[u8]) -> bool {
    let Some((start, rest)) = picture.split_first_chunk::<16>() else { return false };
    let Some((size, _)) = rest.split_first_chunk::<8>() else { return false };
    let [a, b, c, d, e, f, g, h] = *size;
    let (width, height) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    *start == *b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
        && picture.len() <= LARGEST_LOGO_BYTES
        && width <= LARGEST_LOGO.0
        && height <= LARGEST_LOGO.1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&vec![7; (width * height) as usize]).unwrap();
        bytes
    }

    fn branding(logo: Option<&str>) -> Branding {
        Branding { display_text: None, accent: Some("#1a56e8".into()), logo: logo.map(str::to_owned) }
    }

    /// Waits until nothing is written any more, so that the folder stays away when it goes.
    fn written(disk: Disk) {
        disk.finish(std::time::Duration::from_secs(5));
    }

    #[test]
    fn a_look_is_shown_only_for_an_organisation_that_is_pinned_or_known() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::start().unwrap();
        let (mine, other): (OrganisationId, OrganisationId) =
            ("org1".parse().unwrap(), "org2".parse().unwrap());
        let mut looks = Looks::load(folder.path().join("look.json"));
        looks.changed(&mine, &branding(Some("a")), &disk);
        assert_eq!(looks.next_to_fetch().as_deref(), Some("a"));
        assert!(looks.fetched(&mine, "a", &png(4, 2), &disk));
        let look = looks.shown(&mine, TrustLevel::Pinned);
        assert_eq!(look.accent, Some([0x1a, 0x56, 0xe8]));
        assert!(look.logo.is_some());
        assert_eq!(looks.shown(&mine, TrustLevel::Known), look);
        for trust in [TrustLevel::New, TrustLevel::Changed] {
            assert_eq!(looks.shown(&mine, trust), Look::default());
        }
        assert_eq!(looks.shown(&other, TrustLevel::Pinned), Look::default());
        written(disk);
    }

    #[test]
    fn a_picture_is_fetched_once_kept_over_a_restart_and_dropped_when_it_is_taken_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("look.json");
        let mine: OrganisationId = "org1".parse().unwrap();
        let disk = Disk::start().unwrap();
        let mut looks = Looks::load(path.clone());
        looks.changed(&mine, &branding(Some("a")), &disk);
        assert!(looks.fetched(&mine, "a", &png(4, 2), &disk));
        assert!(!looks.fetched(&mine, "a", &png(4, 2), &disk), "nobody asked for it again");
        written(disk);

        let disk = Disk::start().unwrap();
        let mut looks = Looks::load(path);
        looks.changed(&mine, &branding(Some("a")), &disk);
        assert_eq!(looks.next_to_fetch(), None);
        assert!(looks.shown(&mine, TrustLevel::Pinned).logo.is_some());
        looks.changed(&mine, &branding(None), &disk);
        assert_eq!(looks.next_to_fetch(), None);
        assert_eq!(looks.shown(&mine, TrustLevel::Pinned).logo, None);
        written(disk);
    }

    #[test]
    fn of_changes_in_a_row_the_first_counts_at_once_and_the_last_after_a_rest() {
        let folder = tempfile::tempdir().unwrap();
        let mine: OrganisationId = "org1".parse().unwrap();
        let mut looks = Looks::load(folder.path().join("look.json"));
        assert!(!looks.put_off(&mine, &branding(Some("a"))));
        assert_eq!(looks.resting, Some(None), "nothing more to take in so far");
        assert!(looks.put_off(&mine, &branding(Some("b"))));
        assert!(looks.put_off(&mine, &branding(Some("c"))));
        assert_eq!(looks.resting.take().flatten(), Some((mine.clone(), branding(Some("c")))));
        assert!(!looks.put_off(&mine, &branding(Some("d"))));
    }

    #[test]
    fn one_picture_is_fetched_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::start().unwrap();
        let mine: OrganisationId = "org1".parse().unwrap();
        let mut looks = Looks::load(folder.path().join("look.json"));
        looks.changed(&mine, &branding(Some("a")), &disk);
        assert_eq!(looks.next_to_fetch().as_deref(), Some("a"));
        looks.changed(&mine, &branding(Some("b")), &disk);
        assert_eq!(looks.next_to_fetch(), None, "the first one is still on its way");
        looks.fetching = false;
        assert!(!looks.fetched(&mine, "a", &png(4, 2), &disk), "it is not wanted any more");
        assert_eq!(looks.next_to_fetch().as_deref(), Some("b"));
        written(disk);
    }

    #[test]
    fn what_is_no_picture_or_a_huge_one_is_not_kept() {
        assert!(is_logo(&png(624, 158)));
        assert!(!is_logo(&png(625, 10)));
        assert!(!is_logo(&png(10, 159)));
        assert!(!is_logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>"));
        assert!(!is_logo(&png(4, 2)[..20]));
        assert!(!is_logo(&[]));
        let mut long = png(4, 2);
        long.resize(LARGEST_LOGO_BYTES + 1, 0);
        assert!(!is_logo(&long));
    }

    #[test]
    fn a_colour_is_six_digits() {
        assert_eq!(colour("#ff8000"), Some([255, 128, 0]));
        for text in ["ff8000", "#ff80", "#ff80000", "#+f8000", "#gg8000", ""] {
            assert_eq!(colour(text), None, "{text}");
        }
    }
}
