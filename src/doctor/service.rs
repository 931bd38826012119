//! The way to the service: proxy, name, certificate, answer, clock.

mod certificate;

use super::{Check, Finding};
use crate::{
    resident::{
        joining::Chain,
        link::{Error, Probed, Service},
    },
    settings::{ProxyUrl, ServiceUrl, Settings},
};
use protocol::Timestamp;
use std::{net::SocketAddr, time::Duration};

/// How long a name may take to be found.
const LOOKUP_LIMIT: Duration = Duration::from_secs(10);
/// A clock may differ by so much before it is said.
const CLOCK_TOLERANCE_SECS: i64 = 60;

/// Everything about the service that the settings name.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let Some(url) = settings.service_url.value.clone() else {
        let to_do = "Set `service_url` in policy, the installer's settings or the user's settings file.";
        return vec![Finding::error(Check::Service, "No service is set: the agent cannot start.", to_do)];
    };
    let service = match Service::new(url.clone(), settings) {
        Ok(service) => service,
        Err(error) => {
            let what = format!("The settings for the way to the service cannot be used: {error:#}.");
            return vec![Finding::error(Check::Settings, what, "Correct `extra_ca` or `proxy`.")];
        }
    };
    let mut findings = Vec::new();
    let proxy = if url.is_loopback() { None } else { proxy(settings) };
    findings.push(match &proxy {
        Some(proxy) => Finding::note(Check::Proxy, format!("The way to the service goes through {proxy}.")),
        None => Finding::fine(Check::Proxy, "There is no proxy on the way to the service."),
    });
    let mut addresses = Vec::new();
    if proxy.is_none() {
        match look_up(&url).await {
            Ok(found) => {
                let list: Vec<_> = found.iter().map(|address| address.ip().to_string()).collect();
                findings.push(Finding::fine(
                    Check::NameLookup,
                    format!("{} is found: {}.", url.host(), list.join(", ")),
                ));
                addresses = found;
            }
            Err(why) => {
                findings.push(Finding::error(
                    Check::NameLookup,
                    format!("{} is not found: {why}.", url.host()),
                    "Check the address in `service_url`, the network connection, and the name server. Behind a proxy, \
                     set `proxy`.",
                ));
                return findings;
            }
        }
    }
    let probed = service.probe().await;
    let seen = if url.is_encrypted() { certificate::look(&url, &addresses).await } else { None };
    findings.extend(certificate_finding(&url, seen.as_deref(), &probed));
    findings.extend(answer_findings(&url, &probed, Timestamp::now()));
    findings
}

/// The proxy in use, in words; the system's only where it is in the environment.
fn proxy(settings: &Settings) -> Option<String> {
    if let Some(proxy) = &settings.proxy.value {
        return Some(format!("the proxy {proxy}, set by {}", settings.proxy.source));
    }
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"].into_iter().find_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        let shown = ProxyUrl::parse(&value)
            .map_or_else(|| "an address of its own kind".into(), |url| url.to_string());
        Some(format!("the proxy {shown}, from the environment ({name})"))
    })
}

async fn look_up(url: &ServiceUrl) -> Result<Vec<SocketAddr>, String> {
    let looked = tokio::time::timeout(LOOKUP_LIMIT, tokio::net::lookup_host((url.host(), url.port()))).await;
    let found = looked.map_err(|_| "the name server does not answer".to_owned())?;
    let found: Vec<SocketAddr> = found.map_err(|error| error.to_string())?.collect();
    if found.is_empty() { Err("it has no address".into()) } else { Ok(found) }
}

fn certificate_finding(
    url: &ServiceUrl,
    seen: Option<&str>,
    probed: &Result<Probed, Error>,
) -> Option<Finding> {
    let whose = seen.map(|seen| format!(" It is {seen}.")).unwrap_or_default();
    match probed {
        _ if !url.is_encrypted() => {
            let what = "The service runs on this computer and is reached without encryption.";
            Some(Finding::note(Check::Certificate, what))
        }
        Err(error @ Error::CertificateNotTrusted(_)) => Some(Finding::error(
            Check::Certificate,
            format!("This computer does not trust the service's certificate: {}.{whose}", Chain(error)),
            "If your network inspects encrypted connections, add its authority to the system's store or set `extra_ca`. \
             If it does not, do not go on: somebody may be between you and the service. A certificate that is over has \
             to be renewed by whoever runs the service.",
        )),
        Err(Error::Unreachable(_)) => None,
        Ok(_) | Err(_) => Some(Finding::fine(
            Check::Certificate,
            format!("This computer trusts the service's certificate.{whose}"),
        )),
    }
}

fn answer_findings(url: &ServiceUrl, probed: &Result<Probed, Error>, now: Timestamp) -> Vec<Finding> {
    let probed = match probed {
        Ok(probed) => probed,
        Err(Error::CertificateNotTrusted(_)) => return Vec::new(),
        Err(error) => {
            return vec![Finding::error(
                Check::Service,
                format!("The service at {url} does not answer: {}.", Chain(error)),
                "Check the network connection, the firewall (outbound HTTPS to this one host) and the proxy; ask whoever \
                 runs the service whether it is up.",
            )];
        }
    };
    let mut findings = vec![if probed.is_service {
        Finding::fine(Check::Service, format!("The service at {url} answers."))
    } else {
        Finding::error(
            Check::Service,
            format!("Something else than the service answers at {url}, with status {}.", probed.status),
            "Check the address in `service_url`. A sign-in page of the network (hotel, train) or a proxy's error page \
             looks like this too.",
        )
    }];
    if let Some(date) = probed.date {
        let off = now.duration_since(date).as_secs();
        findings.push(if off.abs() <= CLOCK_TOLERANCE_SECS {
            Finding::fine(Check::Clock, "The computer's clock agrees with the service's.")
        } else {
            let which = if off > 0 { "fast" } else { "slow" };
            Finding::warning(
                Check::Clock,
                format!(
                    "The computer's clock is {} seconds {which}. Times in the history are wrong by that, and certificates \
                     may be refused.",
                    off.abs()
                ),
                "Let the system set its clock from the network.",
            )
        });
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Severity;

    #[test]
    fn a_clock_that_is_off_is_said_with_its_direction() {
        let url: ServiceUrl = "https://support.example".parse().unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let severity_at = |date: &str| {
            let probed = Probed { status: 401, is_service: true, date: Some(date.parse().unwrap()) };
            let finding = answer_findings(&url, &Ok(probed), now).pop().unwrap();
            (finding.severity, finding.what)
        };
        assert_eq!(severity_at("2026-11-22T10:00:30Z").0, Severity::Fine);
        let (severity, what) = severity_at("2026-11-22T09:50:00Z");
        assert_eq!(severity, Severity::Warning);
        assert!(what.contains("600 seconds fast"), "{what}");
        assert!(severity_at("2026-11-22T10:10:00Z").1.contains("600 seconds slow"));
    }

    #[test]
    fn a_page_that_answers_in_the_services_place_is_told_from_it() {
        let url: ServiceUrl = "https://support.example".parse().unwrap();
        let probed = Probed { status: 200, is_service: false, date: None };
        let findings = answer_findings(&url, &Ok(probed), Timestamp::UNIX_EPOCH);
        assert_eq!(findings[0].severity, Severity::Error);
    }
}
