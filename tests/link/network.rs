//! TLS and proxies. The agent reaches a service on this computer without either, so here the service has a made-up name that
//! only the proxy knows.

use crate::{
    NO_DISPLAY,
    operator::{Service, until},
    proxy::Proxy,
    user::User,
};
use protocol::{Permissions, operator::Target};
use service::TlsFiles;
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
};

const NAME: &str = "support.example";

/// A certificate that vouches for itself.
fn certificate(folder: &Path, file: &str) -> TlsFiles {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: folder.join(format!("{file}.pem")),
        key: folder.join(format!("{file}.key.pem")),
    };
    fs::write(&files.certificate, made.cert.pem()).unwrap();
    fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    files
}

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A port at which nothing listens, until somebody does.
fn free_address() -> SocketAddr {
    TcpListener::bind(any_port()).unwrap().local_addr().unwrap()
}

fn trusting(tls: &TlsFiles) -> String {
    format!("extra_ca = {:?}\n", tls.certificate.to_str().unwrap())
}

fn url(service: &Service) -> String {
    format!("https://{NAME}:{}", service.address().port())
}

/// An operator reaches the user.
fn works(service: &Service) {
    let operator = service.operator();
    let device = operator.present_device();
    let request = operator.ask(Target::Device(device.id), Permissions::all());
    assert_eq!(operator.outcome(&request), NO_DISPLAY);
}

#[test]
fn a_service_whose_certificate_is_not_trusted_is_told_nothing_until_it_has_one_that_is() {
    let folder = tempfile::tempdir().unwrap();
    let (trusted, strange) = (certificate(folder.path(), "trusted"), certificate(folder.path(), "strange"));
    let mut service = Service::start_with(Some(strange.clone()));
    let address = service.address();
    let user = User::of(&service).with_settings(&trusting(&trusted));
    let agent = user.start();
    let not_trusted = || {
        let status = user.status();
        (status["view"]["link_trouble"] == "certificate_not_trusted" && status["tray"] == "offline")
            .then_some(())
    };
    until("the agent says what is wrong", not_trusted);
    let words = user.say(&["status"]);
    assert!(String::from_utf8_lossy(&words.stdout).contains("certificate is not trusted"));
    assert!(service.operator().devices().is_empty(), "the enrolment token was sent");

    // It keeps trying, and needs nobody's help when the certificate is put right.
    service.stop();
    service.use_certificate(trusted);
    service.listen(address);
    works(&service);
    assert!(user.status()["view"]["link_trouble"].is_null());

    // The same for a device that has been one for long.
    service.stop();
    service.use_certificate(strange);
    service.listen(address);
    until("the agent says what is wrong", not_trusted);
    assert!(!service.operator().devices()[0].agent.presence.present);
    drop(agent);
    // And after a restart.
    let _agent = user.start();
    until("the agent says what is wrong", not_trusted);
}

#[test]
fn the_proxy_of_the_settings_is_used_and_told_the_password() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path(), "service");
    let service = Service::start_with(Some(tls.clone()));
    // "ursula:open sesame", as the scheme Basic writes it.
    let proxy = Proxy::start(any_port(), service.address(), Some("Basic dXJzdWxhOm9wZW4gc2VzYW1l"));
    let settings =
        |password: &str| format!("{}proxy = 'http://ursula:{password}@{}'\n", trusting(&tls), proxy.address);

    let user = User::through(&service, &url(&service)).with_settings(&settings("wrong"));
    let agent = user.start();
    user.until_tray("offline");
    until("the proxy refuses", || proxy.log().iter().any(|line| line.ends_with(" 407")).then_some(()));
    assert!(service.operator().devices().is_empty());
    drop(agent);

    let user = user.with_settings(&settings("open%20sesame"));
    let _agent = user.start();
    works(&service);
    let asked = format!("{NAME}:{} 200", service.address().port());
    assert!(proxy.log().contains(&asked), "{:?}", proxy.log());
    let log = fs::read_to_string(user.path("stderr")).unwrap();
    assert!(!log.contains("sesame"), "the password is in the log:\n{log}");
}

#[test]
fn the_proxy_of_the_environment_is_used_where_the_settings_name_none() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path(), "service");
    let service = Service::start_with(Some(tls.clone()));
    let proxy = Proxy::start(any_port(), service.address(), None);
    let user = User::through(&service, &url(&service))
        .with_settings(&trusting(&tls))
        .with_variable("HTTPS_PROXY", &format!("http://{}", proxy.address));
    let _agent = user.start();
    works(&service);
    assert!(!proxy.log().is_empty());
}

#[test]
fn a_proxy_that_is_down_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path(), "service");
    let service = Service::start_with(Some(tls.clone()));
    let address = free_address();
    let settings = format!("{}proxy = 'http://{address}'\n", trusting(&tls));
    let user = User::through(&service, &url(&service)).with_settings(&settings);
    let _agent = user.start();
    let unreachable = || (user.status()["view"]["link_trouble"] == "unreachable").then_some(());
    until("the agent says that it cannot reach the service", unreachable);
    let _proxy = Proxy::start(address, service.address(), None);
    works(&service);
}
