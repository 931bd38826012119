//! How the service is reached: proxy, certificate authorities, and limits that make a dead line noticed. The same for
//! every process that talks to it.

use crate::{
    platform,
    settings::{ServiceUrl, Settings},
};
use anyhow::Context as _;
use line::Transport;
use protocol::Secret;
use reqwest::{Certificate, Client, ClientBuilder, Proxy, redirect};
use std::{fs, time::Duration};

/// What is set about the way to the service at `url`.
pub(crate) fn of(url: &ServiceUrl, settings: &Settings) -> anyhow::Result<Transport> {
    let read = |path: &std::path::PathBuf| {
        let pem = fs::read(path)
            .with_context(|| format!("failed to read the extra CA certificates, {}", path.display()))?;
        // What stands between the certificates may be in any encoding.
        let pem = String::from_utf8_lossy(&pem).into_owned();
        certificates(&pem)
            .with_context(|| format!("{} holds no certificates in PEM form", path.display()))?;
        anyhow::Ok(pem)
    };
    Ok(Transport {
        service_url: url.to_string(),
        proxy: settings.proxy.value.as_ref().map(|proxy| Secret::new(proxy.expose())),
        extra_ca: settings.extra_ca.value.as_ref().map(read).transpose()?,
    })
}

/// A client that goes that way. Nothing is sent.
pub(crate) fn client(transport: &Transport, url: &ServiceUrl) -> anyhow::Result<ClientBuilder> {
    // Fails only where a provider is installed already, which is then this one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("ondemand-agent/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::custom(follow_on_same_host))
        .connect_timeout(Duration::from_secs(15))
        .tcp_keepalive(Duration::from_secs(60))
        .tcp_keepalive_interval(Duration::from_secs(10))
        .tcp_keepalive_retries(3)
        .pool_max_idle_per_host(1)
        // Looking for idle connections would wake the program every 90 s; the service closes what it has no use for.
        .pool_idle_timeout(None)
        .https_only(!url.is_loopback());
    builder = platform::notice_dead_lines(builder);
    if url.is_loopback() {
        builder = builder.no_proxy();
    } else if let Some(proxy) = &transport.proxy {
        builder = builder
            .proxy(Proxy::all(proxy.expose()).context("the setting `proxy` is not a proxy's address")?);
    }
    if let Some(pem) = &transport.extra_ca {
        builder = builder.tls_certs_merge(certificates(pem)?);
    }
    Ok(builder)
}

fn certificates(pem: &str) -> anyhow::Result<Vec<Certificate>> {
    Ok(Certificate::from_pem_bundle(pem.as_bytes())?)
}

/// Following a redirect to another host would hand that host the user's token and decisions.
fn follow_on_same_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let from = attempt.previous().last();
    let same = from.is_some_and(|from| from.origin() == attempt.url().origin());
    if same && attempt.previous().len() < 4 {
        attempt.follow()
    } else {
        attempt.error("the service redirects to another host")
    }
}
