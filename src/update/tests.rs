use super::*;
use crate::places::Places;
use minisign::KeyPair;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::Arc,
    thread,
};

const NOW: &str = "2026-03-01T12:00:00Z";
const RUNNING: &str = "1.4.0";

/// Files by their paths, or whole answers where they begin with `HTTP/`; served over TLS until the test ends.
struct Host {
    _folder: tempfile::TempDir,
    settings: Settings,
}

impl Host {
    fn serving(files: BTreeMap<&'static str, Vec<u8>>) -> Self {
        Self::with_settings(files, true, "")
    }

    fn with_settings(files: BTreeMap<&'static str, Vec<u8>>, is_trusted: bool, more: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(made.cert.der().to_vec())], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tls, files) = (Arc::new(tls), Arc::new(files));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (tls, files) = (tls.clone(), files.clone());
                thread::spawn(move || {
                    let stream = StreamOwned::new(ServerConnection::new(tls).unwrap(), stream);
                    // A client that goes away is none of the host's business.
                    let _ = answer(stream, &files);
                });
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        fs::write(&ca, made.cert.pem()).unwrap();
        let places = Places::all_in(folder.path());
        let trust = if is_trusted { format!("extra_ca = {ca:?}\n") } else { String::new() };
        let text = format!("service_url = 'https://{address}/base'\n{trust}{more}");
        fs::create_dir_all(places.user_settings().parent().unwrap()).unwrap();
        fs::write(places.user_settings(), text).unwrap();
        let settings = Settings::load(&places, None, false);
        assert!(settings.report().mistakes.is_empty(), "{}", settings.report().table());
        Self { _folder: folder, settings }
    }

    async fn newest(&self, keys: &[&str]) -> Result<Version, Refusal> {
        newest(&self.settings, keys, RUNNING.parse().unwrap(), NOW.parse().unwrap()).await
    }
}

fn answer(
    stream: StreamOwned<ServerConnection, std::net::TcpStream>,
    files: &BTreeMap<&'static str, Vec<u8>>,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    stream.read_line(&mut first)?;
    let mut line = String::from("more");
    while !line.trim().is_empty() {
        line.clear();
        stream.read_line(&mut line)?;
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let stream = stream.get_mut();
    match files.get(path) {
        Some(whole) if whole.starts_with(b"HTTP/") => stream.write_all(whole)?,
        Some(file) => {
            let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length";
            write!(stream, "{head}: {}\r\n\r\n", file.len())?;
            stream.write_all(file)?;
        }
        None => {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")?
        }
    }
    stream.conn.send_close_notify();
    stream.flush()
}

/// A key that is thrown away.
struct Key(KeyPair);

impl Key {
    fn new() -> Self {
        Self(KeyPair::generate_unencrypted_keypair().unwrap())
    }
    fn public(&self) -> String {
        self.0.pk.to_base64()
    }
    fn sign(&self, text: &str) -> Vec<u8> {
        minisign::sign(None, &self.0.sk, text.as_bytes(), None, None).unwrap().to_bytes()
    }
    fn files(&self, text: &str) -> BTreeMap<&'static str, Vec<u8>> {
        BTreeMap::from([
            ("/base/downloads/update.json", text.as_bytes().to_vec()),
            ("/base/downloads/update.json.minisig", self.sign(text)),
        ])
    }
}

fn manifest(version: &str, published: &str, expires: &str) -> String {
    format!(
        r#"{{"product":"ondemand-agent","version":"{version}","published":"{published}T00:00:00Z","expires":"{expires}T00:00:00Z"}}"#
    )
}

fn good(version: &str) -> String {
    manifest(version, "2026-02-20", "2026-03-20")
}

#[tokio::test]
async fn a_manifest_that_is_signed_and_holds_tells_the_newest_version() {
    let (key, next) = (Key::new(), Key::new());
    let keys = [key.public(), next.public()];
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for (signer, version) in [(&key, "1.4.0"), (&key, "1.10.2"), (&next, "2.0.0")] {
        let newest = Host::serving(signer.files(&good(version))).newest(&keys).await.unwrap();
        assert_eq!(newest, version.parse().unwrap());
    }
}

#[tokio::test]
async fn what_is_signed_by_nobody_known_is_not_even_read() {
    let (key, stranger) = (Key::new(), Key::new());
    let changed = |change: fn(&mut BTreeMap<&'static str, Vec<u8>>)| {
        let mut files = key.files(&good("1.5.0"));
        change(&mut files);
        files
    };
    for files in [
        stranger.files(&good("1.5.0")),
        changed(|files| files.get_mut("/base/downloads/update.json").unwrap().push(b' ')),
        changed(|files| files.get_mut("/base/downloads/update.json.minisig").unwrap()[60] ^= 1),
        changed(|files| files.get_mut("/base/downloads/update.json.minisig").unwrap().truncate(80)),
        changed(|files| files.get_mut("/base/downloads/update.json.minisig").unwrap().clear()),
        changed(|files| *files.get_mut("/base/downloads/update.json.minisig").unwrap() = vec![0xff; 200]),
    ] {
        let refused = Host::serving(files).newest(&[&key.public()]).await;
        assert!(matches!(refused, Err(Refusal::NotSigned)), "{refused:?}");
    }
    let no_key = Host::serving(key.files(&good("1.5.0"))).newest(&[]).await;
    assert!(matches!(no_key, Err(Refusal::NoKey)));
}

#[tokio::test]
async fn a_signed_manifest_is_refused_where_it_is_old_false_or_makes_no_sense() {
    let key = Key::new();
    let words = |text: String| {
        let key = &key;
        async move {
            let refused = Host::serving(key.files(&text)).newest(&[&key.public()]).await;
            refused.map_or_else(|refusal| refusal.to_string(), |version| panic!("believed: {version}"))
        }
    };
    for (text, says) in [
        (good("1.3.9"), "announces 1.3.9, which is older"),
        (manifest("1.5.0", "2026-01-20", "2026-02-28"), "expired at 2026-02-28"),
        (manifest("1.5.0", "2026-03-05", "2026-03-20"), "is from the future"),
        (manifest("1.5.0", "2026-02-20", "2026-06-20"), "more than 90 days"),
        (good("1.5.0").replace("ondemand-agent", "another"), "another product's"),
        (good("1.5"), "cannot be understood"),
        (good("1.5.0").replace("version", "versoin"), "cannot be understood"),
        (String::from("[]"), "cannot be understood"),
        (String::new(), "cannot be understood"),
    ] {
        let said = words(text.clone()).await;
        assert!(said.contains(says), "{text}: {said}");
    }
}

#[tokio::test]
async fn nothing_large_moved_missing_or_untrusted_is_read() {
    let key = Key::new();
    let path = "/base/downloads/update.json";
    let with = |answer: &[u8]| {
        let mut files = key.files(&good("1.5.0"));
        files.insert(path, answer.to_vec());
        files
    };
    let moved =
        b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let mut elsewhere = with(moved);
    elsewhere.insert("/elsewhere", good("1.5.0").into_bytes());
    let endless = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), &vec![b' '; 1 << 20]].concat();
    type IsIt = fn(&Refusal) -> bool;
    let cases: [(_, IsIt); 5] = [
        (elsewhere, |refusal| matches!(refusal, Refusal::Redirected(_))),
        (with(&vec![b' '; LARGEST + 1]), |refusal| matches!(refusal, Refusal::TooLarge(_))),
        (with(&endless), |refusal| matches!(refusal, Refusal::TooLarge(_))),
        (BTreeMap::new(), |refusal| matches!(refusal, Refusal::Status(_, StatusCode::NOT_FOUND))),
        (with(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"), |refusal| {
            matches!(refusal, Refusal::NotReached(..))
        }),
    ];
    for (files, is_it) in cases {
        let refused = Host::serving(files).newest(&[&key.public()]).await.unwrap_err();
        assert!(is_it(&refused), "{refused:?}");
    }
    let untrusted = Host::with_settings(key.files(&good("1.5.0")), false, "");
    assert!(matches!(untrusted.newest(&[&key.public()]).await, Err(Refusal::NotReached(..))));
}

#[tokio::test]
async fn switched_off_nothing_is_asked() {
    let key = Key::new();
    let host = Host::with_settings(key.files(&good("1.5.0")), true, "update_check = false\n");
    assert!(matches!(host.newest(&[&key.public()]).await, Err(Refusal::SwitchedOff(Source::User(_)))));
    let report = check(&host.settings).await;
    assert_eq!((report.exit_code(), &report.finding), (32, &Finding::SwitchedOff));
}

#[tokio::test]
async fn the_settings_can_name_another_place() {
    let key = Key::new();
    let elsewhere = Host::serving(BTreeMap::from([
        ("/mirror/update.json", good("1.5.0").into_bytes()),
        ("/mirror/update.json.minisig", key.sign(&good("1.5.0"))),
    ]));
    let host = elsewhere.settings.service_url.value.clone().unwrap();
    let mirror = host.join("/mirror").unwrap();
    let mut settings = elsewhere.settings.clone();
    settings.update_url.value = Some(mirror.as_str().parse().unwrap());
    settings.update_url.source = Source::CommandLine;
    let (running, now) = (RUNNING.parse().unwrap(), NOW.parse().unwrap());
    let newest = newest(&settings, &[&key.public()], running, now).await.unwrap();
    assert_eq!(newest, "1.5.0".parse().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_itself_serves_the_manifest_that_lies_with_its_downloads() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let key = Key::new();
    let folder = tempfile::tempdir().unwrap();
    let downloads = folder.path().join("downloads");
    fs::create_dir(&downloads).unwrap();
    fs::write(downloads.join(FILE), good("1.5.0")).unwrap();
    fs::write(downloads.join(SIGNATURE_FILE), key.sign(&good("1.5.0"))).unwrap();
    let database = folder.path().join("service.db");
    service::admin::Admin::open(&database).unwrap();
    let config = service::Config { downloads: Some(downloads), ..service::Config::local(database) };
    let running = service::start(config).await.unwrap();
    let url = running.url.parse().unwrap();
    let settings = Settings::load(&Places::all_in(folder.path()), Some(&url), false);
    let found = newest(&settings, &[&key.public()], RUNNING.parse().unwrap(), NOW.parse().unwrap()).await;
    assert_eq!(found.unwrap(), "1.5.0".parse().unwrap());
    running.shutdown().await;
}

/// The signature is not what protects here, but what a thief of the key, or the one who has it, could write.
#[test]
fn whatever_a_manifest_says_no_older_version_is_announced_and_nothing_unsigned_believed() {
    let key = Key::new();
    let (public, running, now) = (key.public(), RUNNING.parse().unwrap(), NOW.parse().unwrap());
    bolero::check!().for_each(|bytes: &[u8]| {
        let signature = minisign::sign(None, &key.0.sk, bytes, None, None).unwrap().to_bytes();
        let found = believe(bytes, &signature, &[&public], running, now);
        assert!(found.is_err() || found.is_ok_and(|version| version >= running));
        for (manifest, signature) in [(bytes, bytes), (good("1.5.0").as_bytes(), bytes)] {
            assert!(matches!(
                believe(manifest, signature, &[&public], running, now),
                Err(Refusal::NotSigned)
            ));
        }
    });
}
