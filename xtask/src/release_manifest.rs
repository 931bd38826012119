//! `cargo xtask release-manifest`: says what the newest version is, signed, for `ondemand-agent update --check`.
//!
//! The secret key is the text of a file that `minisign -G` makes, in `ONDEMAND_UPDATE_SECRET_KEY`; its password, where it
//! has one, in `ONDEMAND_UPDATE_PASSWORD`. Neither is ever written or printed.

use std::{env, fs, path::PathBuf};

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use minisign::SecretKeyBox;
use protocol::release::{FILE, LONGEST_DAYS, Manifest, PRODUCT, SIGNATURE_FILE, Version};

/// Say what the newest version is, signed with the key in ONDEMAND_UPDATE_SECRET_KEY
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The newest version, as in 1.2.3; this source's where none is given
    #[arg(long, value_name = "VERSION")]
    version: Option<Version>,
    /// For how many days it is to hold; agents take nothing that says it holds for longer than 90
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=i64::from(LONGEST_DAYS)))]
    days: u16,
    /// Where update.json and its signature go
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let secret = env::var("ONDEMAND_UPDATE_SECRET_KEY").context("ONDEMAND_UPDATE_SECRET_KEY is not set")?;
    let version = match arguments.version {
        Some(version) => version,
        None => env!("CARGO_PKG_VERSION").parse()?,
    };
    let published = Timestamp::from_second(Timestamp::now().as_second())?;
    let expires = published + SignedDuration::from_hours(24 * i64::from(arguments.days));
    let manifest = Manifest { product: PRODUCT.into(), version, published, expires };
    let text = format!("{}\n", serde_json::to_string_pretty(&manifest)?);
    let signature = sign(&secret, &text)?;
    fs::create_dir_all(&arguments.output)?;
    for (name, text) in [(FILE, &text), (SIGNATURE_FILE, &signature)] {
        let path = arguments.output.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("{} is written", path.display());
    }
    Ok(())
}

fn sign(secret: &str, text: &str) -> Result<String> {
    let secret = SecretKeyBox::from_string(secret).context("the secret key is not one of minisign's")?;
    let secret = match env::var("ONDEMAND_UPDATE_PASSWORD") {
        Ok(password) => secret.into_secret_key(Some(password)),
        // Without one, the library would ask at the terminal.
        Err(_) => secret.into_unencrypted_secret_key(),
    };
    let Ok(secret) = secret else {
        bail!("the secret key cannot be used: is ONDEMAND_UPDATE_PASSWORD right?")
    };
    let comment = format!("{PRODUCT} {FILE}");
    let signed = minisign::sign(None, &secret, text.as_bytes(), Some(&comment), Some("update manifest"))?;
    Ok(signed.into_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::{KeyPair, PublicKey, SignatureBox};
    use std::io::Cursor;

    #[test]
    fn a_manifest_is_signed_with_the_key_that_is_given() {
        let KeyPair { pk, sk } = KeyPair::generate_unencrypted_keypair().unwrap();
        let secret = sk.to_box(None).unwrap().into_string();
        let signature = SignatureBox::from_string(&sign(&secret, "text").unwrap()).unwrap();
        let verify = |key: &PublicKey, text: &str| {
            minisign::verify(key, &signature, Cursor::new(text.as_bytes()), true, false, false)
        };
        assert!(verify(&pk, "text").is_ok() && verify(&pk, "texts").is_err());
        assert!(sign("no key", "text").is_err());
    }
}
