//! Branding: what an administrator sets and uploads, and what reaches agents.

use crate::support::{Agent, Operator, Stage, code, outcome};
use image::{
    ColorType, ExtendedColorType, GenericImageView, ImageEncoder, ImageFormat, RgbImage, RgbaImage,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use protocol::{
    Branding,
    event::Event,
    operator::{ChangeBranding, OrganisationSettings},
    problem::{Problem, ProblemCode},
};
use reqwest::{Response, StatusCode, header};

async fn upload(
    operator: &Operator,
    media_type: &str,
    picture: Vec<u8>,
) -> Result<OrganisationSettings, Problem> {
    let request = operator
        .client
        .put(format!("{}/operator/v1/organisation/logo", operator.url))
        .header("X-CSRF-Token", operator.me.csrf_token.expose())
        .header(header::CONTENT_TYPE, media_type);
    outcome(request.body(picture).send().await.unwrap()).await
}

async fn fetch(agent: &Agent, etag: Option<&str>) -> Response {
    let request = agent.client.get(format!("{}/agent/v1/branding/logo", agent.url)).bearer_auth(&agent.token);
    let request = match etag {
        Some(etag) => request.header(header::IF_NONE_MATCH, etag),
        None => request,
    };
    request.send().await.unwrap()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let picture =
        RgbaImage::from_fn(width, height, |x, y| image::Rgba([x as u8, y as u8, 90, 255 - y as u8]));
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(&picture, width, height, ExtendedColorType::Rgba8).unwrap();
    bytes
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 90]));
    let mut bytes = Vec::new();
    JpegEncoder::new(&mut bytes).write_image(&picture, width, height, ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// A chunk of a PNG, with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut bytes = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(data);
    let mut crc = u32::MAX;
    for byte in kind.iter().chain(data) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    bytes.extend((!crc).to_be_bytes());
    bytes
}

/// A PNG that says it is this large, of as few bytes as can be.
fn claims(width: u32, height: u32) -> Vec<u8> {
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    header.extend([8, 6, 0, 0, 0]);
    let start = b"\x89PNG\r\n\x1a\n".to_vec();
    [start, chunk(b"IHDR", &header), chunk(b"IDAT", b"x\x9c\x03\0\0\0\0\x01"), chunk(b"IEND", b"")].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_drawn_anew_and_reaches_agents_with_a_tag() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, _) = stage.joined(&olivia).await;
    let mut cursor = agent.snapshot().await.cursor;
    assert_eq!(fetch(&agent, None).await.status(), StatusCode::NOT_FOUND);

    let mut original = png(1248, 316);
    let comment = chunk(b"tEXt", b"Comment\0<script>alert(1)</script>");
    original.splice(33..33, comment);
    let settings = upload(&olivia, "image/png", original.clone()).await.unwrap();
    let tag = settings.branding.logo.clone().unwrap();
    let told = agent
        .until(&mut cursor, |event| match event {
            Event::BrandingChanged(branding) => Some(branding),
            _ => None,
        })
        .await;
    assert_eq!(told.logo.as_ref(), Some(&tag));

    let answer = fetch(&agent, None).await;
    let quoted = format!("\"{tag}\"");
    assert_eq!(answer.headers()[header::ETAG], quoted.as_str());
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "image/png");
    let drawn = answer.bytes().await.unwrap();
    assert!(!drawn.windows(7).any(|part| part == b"<script"), "nothing of the upload but its pixels is left");
    let picture = image::load_from_memory_with_format(&drawn, ImageFormat::Png).unwrap();
    assert_eq!((picture.dimensions(), picture.color()), ((624, 158), ColorType::Rgba8));
    for etag in [quoted.clone(), format!("\"other\", {quoted}"), format!("W/{quoted}"), "*".into()] {
        let again = fetch(&agent, Some(&etag)).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{etag}");
        assert!(again.bytes().await.unwrap().is_empty());
    }
    assert_eq!(fetch(&agent, Some("\"other\"")).await.status(), StatusCode::OK);
    let preview =
        olivia.client.get(format!("{}/operator/v1/organisation/logo", olivia.url)).send().await.unwrap();
    assert_eq!(preview.bytes().await.unwrap(), drawn, "the console shows what agents get");

    upload(&olivia, "image/png", original).await.unwrap();
    olivia.delete("organisation/logo").await.unwrap();
    let after = agent
        .until(&mut cursor, |event| match event {
            Event::BrandingChanged(branding) => Some(branding),
            _ => None,
        })
        .await;
    assert_eq!(after.logo, None, "the same logo once more is no news");
    assert_eq!(fetch(&agent, None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_of_all_shapes_are_fitted_and_small_ones_left_as_they_are() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, _) = stage.joined(&olivia).await;
    let cases = [
        ("image/png", png(300, 70), (300, 70)),
        ("image/jpeg", jpeg(2000, 2000), (158, 158)),
        ("image/png", jpeg(600, 100), (600, 100)),
        ("image/png", png(4096, 16), (624, 2)),
        ("image/png", png(16, 4096), (1, 158)),
    ];
    for (media_type, picture, expected) in cases {
        upload(&olivia, media_type, picture).await.unwrap();
        let drawn = fetch(&agent, None).await.bytes().await.unwrap();
        assert_eq!(image::load_from_memory(&drawn).unwrap().dimensions(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_pictures_are_refused_for_what_they_are_and_leave_nothing() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let good = png(300, 70);
    let photo = jpeg(300, 70);
    let with = |front: &[u8], back: &[u8]| [front, back].concat();
    let mut broken = good.clone();
    let middle = broken.len() / 2;
    for byte in &mut broken[middle..middle + 40] {
        *byte ^= 0x5a;
    }
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    let mut endless = good[..8].to_vec();
    endless.extend([0xff, 0xff, 0xff, 0xff]);
    endless.extend(b"IHDR");
    let cases = [
        ("nothing", Vec::new(), ProblemCode::LogoFormat),
        ("SVG", svg.clone(), ProblemCode::LogoFormat),
        ("GIF", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), ProblemCode::LogoFormat),
        ("a ZIP behind a PNG", with(&good, b"PK\x03\x04"), ProblemCode::LogoFormat),
        ("a page behind a JPEG", with(&photo, b"<script>alert(1)</script>"), ProblemCode::LogoFormat),
        ("a PNG behind a page", with(b"<html>", &good), ProblemCode::LogoFormat),
        ("cut off", good[..good.len() / 2].to_vec(), ProblemCode::LogoDamaged),
        ("cut off without its end chunk", good[..good.len() - 12].to_vec(), ProblemCode::LogoDamaged),
        ("a JPEG cut off", photo[..photo.len() / 2].to_vec(), ProblemCode::LogoDamaged),
        ("broken", broken, ProblemCode::LogoDamaged),
        ("only a beginning", good[..8].to_vec(), ProblemCode::LogoDamaged),
        ("a chunk of four gigabytes", endless, ProblemCode::LogoDamaged),
        ("a bomb", claims(60_000, 60_000), ProblemCode::LogoDimensions),
        ("too wide", png(4097, 100), ProblemCode::LogoDimensions),
        ("too small", png(300, 15), ProblemCode::LogoDimensions),
        ("empty pixels", claims(300, 70), ProblemCode::LogoDamaged),
        ("too many bytes", vec![0; 3 * 1024 * 1024 + 1], ProblemCode::TooLarge),
    ];
    for (what, picture, expected) in cases {
        let refused = upload(&olivia, "image/png", picture).await.expect_err(what);
        assert_eq!(refused.code, expected, "{what}");
        assert!(refused.detail.is_some_and(|detail| detail.ends_with('.')), "{what}");
    }
    assert_eq!(code(upload(&olivia, "image/svg+xml", svg).await), ProblemCode::LogoFormat);
    assert_eq!(code(upload(&olivia, "text/html", good).await), ProblemCode::LogoFormat);
    let settings: OrganisationSettings = olivia.get("organisation").await.unwrap();
    assert_eq!(settings.branding, Branding::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn text_and_colour_come_with_join_enrolment_and_snapshot_and_when_they_change() {
    let stage = Stage::new().await;
    let olivia = stage.olivia().await;
    let (agent, _) = stage.joined(&olivia).await;
    let start = agent.snapshot().await;
    assert_eq!(start.snapshot.unwrap().branding, Branding::default());
    let mut cursor = start.cursor;

    let wanted = ChangeBranding {
        display_text: Some("  Help\ndesk \u{202e}of Example ".into()),
        accent: Some("#1A56E8".into()),
    };
    let settings: OrganisationSettings = olivia.put("organisation/branding", &wanted).await.unwrap();
    let expected = Branding {
        display_text: Some("Help desk of Example".into()),
        accent: Some("#1a56e8".into()),
        logo: None,
    };
    assert_eq!(settings.branding, expected);
    assert_eq!(settings.organisation.name, "Example Support");
    let told = agent
        .until(&mut cursor, |event| match event {
            Event::BrandingChanged(branding) => Some(branding),
            _ => None,
        })
        .await;
    assert_eq!(told, expected);
    assert_eq!(agent.snapshot().await.snapshot.unwrap().branding, expected);

    let invitation = olivia.invite().await;
    let mut late = Agent::new(&stage.running.url);
    let joined = late.join(invitation.session_code.as_ref().unwrap()).await.unwrap();
    assert_eq!(
        (joined.branding, joined.organisation.display_text),
        (expected.clone(), expected.display_text.clone())
    );
    let admin = stage.admin();
    let group =
        admin.add_group(&stage.organisation.id, "Office", crate::support::VIEW_AND_CHAT.into(), false);
    let mut device = Agent::new(&stage.running.url);
    let token = admin.create_enrolment_token(&group.unwrap(), None, None).unwrap();
    assert_eq!(device.enrol(&token).await.unwrap().branding, expected);

    for (text, accent) in [(Some("x".repeat(81)), None), (None, Some("red".to_owned()))] {
        let wanted = ChangeBranding { display_text: text, accent };
        assert_eq!(
            code(olivia.put::<OrganisationSettings>("organisation/branding", &wanted).await),
            ProblemCode::Invalid
        );
    }
    let cleared: OrganisationSettings =
        olivia.put("organisation/branding", &ChangeBranding::default()).await.unwrap();
    assert_eq!(cleared.branding, Branding::default());
}
