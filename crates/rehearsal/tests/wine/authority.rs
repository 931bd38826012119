//! An organisation's own authority for certificates, with what Windows asks of one: where to look for what it took back.

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, DnType, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
};
use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    thread,
};

/// The authority's certificate, and the files with the service's certificate and key.
pub(crate) struct Authority {
    pub(crate) certificate: Vec<u8>,
    pub(crate) service: (PathBuf, PathBuf),
}

impl Authority {
    /// Makes it, with a certificate for this computer, and answers questions about it until the test ends.
    pub(crate) fn start(folder: &Path) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let mut own = CertificateParams::new(Vec::new())?;
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        own.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        own.distinguished_name.push(DnType::CommonName, "Example Authority");
        let key = KeyPair::generate()?;
        let authority = own.self_signed(&key)?;
        let issuer = Issuer::new(own, key);
        let taken_back = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2124, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let taken_back = taken_back.signed_by(&issuer)?.der().to_vec();

        let mut service = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        let uris = vec![format!("http://{}/authority.crl", listener.local_addr()?)];
        service.crl_distribution_points = vec![CrlDistributionPoint { uris }];
        let service_key = KeyPair::generate()?;
        let certificate = service.signed_by(&service_key, &issuer)?;
        let files = (folder.join("service.pem"), folder.join("service-key.pem"));
        fs::write(&files.0, format!("{}{}", certificate.pem(), authority.pem()))?;
        fs::write(&files.1, service_key.serialize_pem())?;
        thread::spawn(move || answer(&listener, &taken_back));
        Ok(Self { certificate: authority.der().to_vec(), service: files })
    }
}

/// Gives everybody who asks the list of what was taken back. Who goes away in between is none of its business.
fn answer(listener: &TcpListener, list: &[u8]) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let _ = stream.read(&mut [0; 4096]);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            list.len()
        );
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(list));
    }
}
