//! Whose certificate the service shows. The handshake that learns it is always given up: nothing is sent over it.

use crate::settings::ServiceUrl;
use protocol::text::one_line;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use std::{
    net::{SocketAddr, TcpStream},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _, x509::X509Name};

/// How long connecting and shaking hands may take, each.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest name shown.
const MAX_CHARS: usize = 100;

/// In words; nothing where it cannot be learnt.
pub(super) async fn look(url: &ServiceUrl, addresses: &[SocketAddr]) -> Option<String> {
    let (host, addresses) = (url.host().to_owned(), addresses.to_owned());
    tokio::task::spawn_blocking(move || describe(&shown_by(host, &addresses)?)).await.ok()?
}

fn shown_by(host: String, addresses: &[SocketAddr]) -> Option<CertificateDer<'static>> {
    let stream = addresses.iter().find_map(|address| TcpStream::connect_timeout(address, LIMIT).ok());
    let mut stream = stream?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    stream.set_write_timeout(Some(LIMIT)).ok()?;
    let witness =
        Arc::new(Witness { seen: Mutex::default(), provider: rustls::crypto::ring::default_provider() });
    let config = ClientConfig::builder()
        .dangerous()
        .with_custom_certificate_verifier(witness.clone())
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), ServerName::try_from(host).ok()?).ok()?;
    // Fails always, as the witness refuses every certificate.
    let _ = connection.complete_io(&mut stream);
    witness.seen.lock().unwrap_or_else(PoisonError::into_inner).take()
}

fn describe(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let validity = certificate.validity();
    let date = |time: x509_parser::time::ASN1Time| {
        protocol::Timestamp::from_second(time.timestamp()).map(|at| at.strftime("%Y-%m-%d").to_string())
    };
    Some(format!(
        "issued to {} by {}, and holds from {} to {}",
        name(certificate.subject()),
        name(certificate.issuer()),
        date(validity.not_before).ok()?,
        date(validity.not_after).ok()?,
    ))
}

/// What people call somebody in a certificate.
fn name(name: &X509Name<'_>) -> String {
    let common = name.iter_common_name().chain(name.iter_organization()).find_map(|part| part.as_str().ok());
    one_line(common.unwrap_or_default(), MAX_CHARS, "nobody in particular")
}

/// Remembers what is shown and believes nothing.
#[derive(Debug)]
struct Witness {
    seen: Mutex<Option<CertificateDer<'static>>>,
    provider: CryptoProvider,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(end_entity.clone().into_owned());
        Err(Error::General("only looked at".into()))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only looked at".into()))
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only looked at".into()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
