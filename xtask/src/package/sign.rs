//! Signatures, where the environment names keys; without them a package is left unsigned, and that is said.
//!
//! | variable | what it names |
//! | --- | --- |
//! | `ONDEMAND_AUTHENTICODE_P12` | certificate and key for Windows, a PKCS #12 file |
//! | `ONDEMAND_AUTHENTICODE_PASSWORD_FILE` | the file with its password |
//! | `ONDEMAND_AUTHENTICODE_TIMESTAMP` | the address of a time-stamp service; signatures without a stamp end with the certificate |
//! | `ONDEMAND_APPLE_P12`, `ONDEMAND_APPLE_PASSWORD_FILE` | the same for macOS's installer, used by `rcodesign` |
//! | `ONDEMAND_GPG_KEY` | the key in GnuPG's keyring that signs the checksums of all packages |
//!
//! No password is an argument, because every user of the computer can read those.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process::{output, run};
use crate::setup::{self, Need};

const NAME: &str = "On-demand Agent";

/// A certificate with its key, and the file with their password.
struct Identity {
    file: OsString,
    password: OsString,
}

impl Identity {
    fn from_environment(system: &str) -> Result<Option<Self>> {
        let variable = |name: &str| std::env::var_os(format!("ONDEMAND_{system}_{name}"));
        let Some(file) = variable("P12") else { return Ok(None) };
        let password = variable("PASSWORD_FILE");
        let password = password.with_context(|| format!("ONDEMAND_{system}_PASSWORD_FILE is not set"))?;
        Ok(Some(Self { file, password }))
    }
}

/// Signs a program or installer for Windows.
pub(crate) fn authenticode(file: &Path) -> Result<()> {
    match Identity::from_environment("AUTHENTICODE")? {
        Some(identity) => {
            let stamp = std::env::var("ONDEMAND_AUTHENTICODE_TIMESTAMP").ok();
            sign_for_windows(file, &identity, stamp.as_deref())
        }
        None => {
            unsigned(file, "ONDEMAND_AUTHENTICODE_P12");
            Ok(())
        }
    }
}

fn sign_for_windows(file: &Path, identity: &Identity, stamp: Option<&str>) -> Result<()> {
    setup::ensure(&[Need::WindowsInstaller])?;
    let signed = file.with_extension("signed");
    let mut command = Command::new("osslsigncode");
    command.args(["sign", "-h", "sha256", "-n", NAME, "-pkcs12"]).arg(&identity.file);
    command.arg("-readpass").arg(&identity.password);
    if let Some(address) = stamp {
        command.args(["-ts", address]);
    }
    run(command.arg("-in").arg(file).arg("-out").arg(&signed))?;
    fs::rename(&signed, file).with_context(|| format!("failed to replace {}", file.display()))
}

/// Signs a package for macOS. What is in it has to be signed before, on a Mac.
pub(crate) fn apple_package(file: &Path) -> Result<()> {
    let Some(identity) = Identity::from_environment("APPLE")? else {
        unsigned(file, "ONDEMAND_APPLE_P12");
        return Ok(());
    };
    let mut command = Command::new("rcodesign");
    command.args(["sign", "--p12-file"]).arg(&identity.file);
    command.arg("--p12-password-file").arg(&identity.password);
    run(command.arg(file)).context("signing for macOS takes `cargo install apple-codesign`")
}

/// Signs a list of checksums; returns the signature's file, if there is a key.
pub(crate) fn checksums(file: &Path) -> Result<Option<PathBuf>> {
    match std::env::var("ONDEMAND_GPG_KEY") {
        Ok(key) => sign_with_gpg(file, &key, &mut Command::new("gpg")).map(Some),
        Err(_) => {
            unsigned(file, "ONDEMAND_GPG_KEY");
            Ok(None)
        }
    }
}

fn sign_with_gpg(file: &Path, key: &str, gpg: &mut Command) -> Result<PathBuf> {
    let signature = file.with_added_extension("asc");
    gpg.args(["--batch", "--yes", "--armor", "--local-user", key, "--output"]).arg(&signature);
    run(gpg.arg("--detach-sign").arg(file))?;
    Ok(signature)
}

fn unsigned(file: &Path, variable: &str) {
    let name = file.file_name().unwrap_or(file.as_os_str());
    eprintln!("{} is not signed: {variable} is not set", name.display());
}

/// Signs a program and an installer for Windows and a list of checksums with keys that are thrown away, and checks that
/// the signatures hold, and that they do not hold for anything else.
pub(crate) fn rehearse(program: &Path, installer: &Path, folder: &Path) -> Result<()> {
    setup::ensure(&[Need::WindowsInstaller, Need::Signing])?;
    let certificate = folder.join("certificate.pem");
    let identity = throw_away_identity(folder, &certificate)?;
    for original in [program, installer] {
        let file = folder.join(original.file_name().context("a folder cannot be signed")?);
        fs::copy(original, &file)?;
        sign_for_windows(&file, &identity, None)?;
        let verify = || {
            let mut command = Command::new("osslsigncode");
            command.args(["verify", "-CAfile"]).arg(&certificate).arg("-in").arg(&file);
            crate::process::succeeds(&mut command)
        };
        if !verify() {
            bail!("the signature of {} does not hold", file.display());
        }
        let mut bytes = fs::read(&file)?;
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes)?;
        if verify() {
            bail!("the signature of {} holds for another file", file.display());
        }
    }
    rehearse_gpg(folder)
}

/// A certificate for signing programs that nobody trusts.
fn throw_away_identity(folder: &Path, certificate: &Path) -> Result<Identity> {
    let (key, file, password) =
        (folder.join("key.pem"), folder.join("identity.p12"), folder.join("password"));
    fs::write(&password, "throw-away")?;
    let mut request = Command::new("openssl");
    request.args([
        "req",
        "-x509",
        "-newkey",
        "rsa:3072",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=Example Signer",
    ]);
    request
        .args(["-addext", "extendedKeyUsage=codeSigning", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(certificate);
    output(&mut request)?;
    let mut pack = Command::new("openssl");
    pack.args(["pkcs12", "-export", "-inkey"]).arg(&key).arg("-in").arg(certificate).arg("-out").arg(&file);
    pack.arg("-passout").arg(format!("file:{}", password.display()));
    output(&mut pack)?;
    Ok(Identity { file: file.into(), password: password.into() })
}

fn rehearse_gpg(folder: &Path) -> Result<()> {
    // The agent's socket has a short path only in a folder with one.
    let home = PathBuf::from(output(Command::new("mktemp").arg("--directory"))?.trim());
    let gpg = || {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(&home).args(["--batch", "--quiet"]);
        command
    };
    let key = "throw-away@support.example";
    let result = (|| {
        run(gpg().args(["--passphrase", "", "--quick-generate-key", key, "default", "sign", "2d"]))?;
        let sums = folder.join("SHA256SUMS");
        fs::write(&sums, "a made-up list\n")?;
        let signature = sign_with_gpg(&sums, key, &mut gpg())?;
        run(gpg().arg("--verify").arg(&signature).arg(&sums))?;
        fs::write(&sums, "another list\n")?;
        if crate::process::succeeds(gpg().arg("--verify").arg(&signature).arg(&sums)) {
            bail!("the signature of the checksums holds for another file");
        }
        Ok(())
    })();
    run(Command::new("gpgconf").arg("--homedir").arg(&home).args(["--kill", "all"]))?;
    fs::remove_dir_all(&home).with_context(|| format!("failed to remove {}", home.display()))?;
    result
}
