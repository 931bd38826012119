//! Files through the real relay: how fast they go each way, bit for bit, with a client that nobody here wrote.

use crate::content::Noise;
use anyhow::{Context, Result, ensure};
use protocol::operator::FilesCredential;
use rehearsal::Wire;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// How often a file goes that is to go for as long as something else is measured.
const AGAIN: usize = 200;

/// A session's folder, and a file in it and outside of it.
pub(crate) struct Files<'a> {
    credential: FilesCredential,
    authority: &'a Path,
    /// The folder on the user's computer.
    place: PathBuf,
    source: PathBuf,
    bytes: usize,
    /// What a slow line is between curl and the service.
    wire: Option<&'a Wire>,
}

impl<'a> Files<'a> {
    /// Makes a file of this length, outside of the shared folder `place` and in it.
    pub(crate) fn new(
        credential: FilesCredential,
        authority: &'a Path,
        place: PathBuf,
        folder: &Path,
        bytes: usize,
        wire: Option<&'a Wire>,
    ) -> Result<Self> {
        let source = folder.join("sent.bin");
        let mut noise = Noise(3);
        let content: Vec<u8> = (0..bytes / 2).flat_map(|_| (noise.next() as u16).to_le_bytes()).collect();
        fs::write(&source, &content)?;
        fs::create_dir_all(&place)?;
        fs::write(place.join("down.bin"), &content)?;
        Ok(Self { credential, authority, place, source, bytes, wire })
    }

    /// Megabytes a second from the user's computer to the operator.
    pub(crate) fn download(&self) -> Result<f64> {
        let got = self.source.with_file_name("got.bin");
        let arguments = ["--output", &got.to_string_lossy(), &self.url("down.bin")].map(str::to_owned);
        let seconds = self.seconds(&arguments)?;
        self.megabytes(&got, seconds)
    }

    /// Megabytes a second from the operator to the user's computer.
    pub(crate) fn upload(&self) -> Result<f64> {
        let arguments =
            ["--upload-file", &self.source.to_string_lossy(), &self.url("up.bin")].map(str::to_owned);
        let seconds = self.seconds(&arguments)?;
        self.megabytes(&self.place.join("up.bin"), seconds)
    }

    /// Downloads, or uploads, until what is returned is killed.
    pub(crate) fn keep_on(&self, upload: bool) -> Result<Child> {
        let mut curl = self.curl();
        for _ in 0..AGAIN {
            if upload {
                curl.arg("--upload-file").arg(&self.source).arg(self.url("again.bin"));
            } else {
                curl.args(["--output", "/dev/null", &self.url("down.bin")]);
            }
        }
        Ok(curl.stdout(Stdio::null()).spawn()?)
    }

    fn megabytes(&self, arrived: &Path, seconds: f64) -> Result<f64> {
        ensure!(fs::read(arrived)? == fs::read(&self.source)?, "the file did not arrive bit for bit");
        fs::remove_file(arrived)?;
        Ok(self.bytes as f64 / 1e6 / seconds)
    }

    fn seconds(&self, arguments: &[String]) -> Result<f64> {
        let output = self.curl().args(["--write-out", "\n%{time_total}"]).args(arguments).output()?;
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "curl: {}", String::from_utf8_lossy(&output.stderr));
        said.lines().last().context("curl said nothing")?.parse().context("curl said no time")
    }

    fn url(&self, name: &str) -> String {
        format!("{}{name}", self.credential.url)
    }

    fn curl(&self) -> Command {
        let FilesCredential { user_name, password, .. } = &self.credential;
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--noproxy", "*", "--http1.1"])
            .arg("--cacert")
            .arg(self.authority)
            .args(["--user", &format!("{user_name}:{}", password.expose())]);
        if let Some(SocketAddr::V4(wire)) = self.wire.map(|wire| wire.address) {
            // Whatever it asks for, the way there is the wire.
            curl.args(["--connect-to", &format!("::{wire}")]);
        }
        curl
    }
}
