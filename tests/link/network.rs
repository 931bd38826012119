//! TLS and proxies. The agent reaches a service on this computer without either, so here the service has a made-up name that
//! only the proxy knows.

use crate::{
    operator::{Service, until, until_within},
    proxy::{Proxy, Trouble},
    stage::works,
    user::User,
};
use service::TlsFiles;
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    time::Duration,
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

/// Longer than connecting may take, and the pause after it.
const PATIENCE: Duration = Duration::from_secs(40);

#[test]
fn a_proxy_that_is_silent_or_drips_is_given_up_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path(), "service");
    // At once, because each of them takes the whole time.
    let stuck = [Trouble::Silent, Trouble::Drips].map(|trouble| {
        let service = Service::start_with(Some(tls.clone()));
        let proxy = Proxy::start(any_port(), service.address(), None);
        proxy.trouble(Some(trouble));
        let settings = format!("{}proxy = 'http://{}'\n", trusting(&tls), proxy.address);
        let user = User::through(&service, &url(&service)).with_settings(&settings);
        let agent = user.start();
        (agent, user, proxy, service)
    });
    for (_, user, ..) in &stuck {
        let unreachable = || (user.status()["view"]["link_trouble"] == "unreachable").then_some(());
        until_within(PATIENCE, "the agent says that it cannot reach the service", unreachable);
    }
    for (_, _, proxy, service) in &stuck {
        proxy.trouble(None);
        // The next try may be under way.
        proxy.cut();
        works(service);
    }
}

#[test]
fn a_proxy_that_dies_in_the_middle_is_reached_again_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let tls = certificate(folder.path(), "service");
    let service = Service::start_with(Some(tls.clone()));
    let proxy = Proxy::start(any_port(), service.address(), None);
    let settings = format!("{}proxy = 'http://{}'\n", trusting(&tls), proxy.address);
    let user = User::through(&service, &url(&service)).with_settings(&settings);
    let _agent = user.start();
    works(&service);
    // Before the first byte of the service, amid its certificate, and amid an answer.
    for bytes in [0, 300, 2000] {
        proxy.trouble(Some(Trouble::DiesAfter(bytes)));
        proxy.cut();
        user.until_tray("offline");
        let tries = proxy.log().len();
        until("it is tried again", || (proxy.log().len() > tries).then_some(()));
        proxy.trouble(None);
        user.until_tray("ready");
        works(&service);
    }
}
