//! `ondemand-agent doctor`: looks at everything the agent needs and says what it found, what it means, and what to do.
//!
//! Changes nothing and talks to the service without any token. Each check has an id and an exit code that stay the same.

mod desktop;
mod files;
mod popup;
mod service;

use crate::{
    places::Places,
    platform, resident,
    settings::{ServiceUrl, Settings},
};
use serde::Serialize;
use std::fmt::Write as _;

/// What is looked at, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Check {
    /// Every source of settings can be understood.
    Settings,
    /// The agent's folders and files are the user's alone and can be written.
    Files,
    /// The journal is as it was written.
    Journal,
    /// The agent runs.
    Agent,
    /// Which proxy is used.
    Proxy,
    /// The service's name is found.
    NameLookup,
    /// The service's certificate is trusted.
    Certificate,
    /// The service answers, and is one.
    Service,
    /// The computer's clock is right.
    Clock,
    /// There is a display.
    Display,
    /// There is a session bus.
    SessionBus,
    /// The desktop has a place for a tray icon.
    TrayHost,
    /// Notifications are shown.
    Notifications,
    /// There are fonts beside the bundled ones.
    Fonts,
    /// Assistive technology can read the windows.
    Accessibility,
    /// The popup can be seen and answered.
    Popup,
}

impl Check {
    /// The exit code where this is the gravest finding.
    fn exit_code(self) -> u8 {
        match self {
            Self::Settings => 10,
            Self::Files => 11,
            Self::Journal => 12,
            Self::Agent => 13,
            Self::Proxy => 14,
            Self::NameLookup => 15,
            Self::Certificate => 16,
            Self::Service => 17,
            Self::Clock => 18,
            Self::Display => 19,
            Self::SessionBus => 20,
            Self::TrayHost => 21,
            Self::Notifications => 22,
            Self::Fonts => 23,
            Self::Accessibility => 24,
            Self::Popup => 25,
        }
    }

    fn id(self) -> String {
        let id = serde_json::to_value(self).unwrap_or_default();
        id.as_str().unwrap_or_default().to_owned()
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// As it should be.
    Fine,
    /// Good to know.
    Note,
    /// Something works less well than it could.
    Warning,
    /// Sessions are impossible, or not as safe as they should be.
    Error,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    check: Check,
    severity: Severity,
    /// What it is and what it means.
    what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    to_do: Option<String>,
}

impl Finding {
    fn fine(check: Check, what: impl Into<String>) -> Self {
        Self { check, severity: Severity::Fine, what: what.into(), to_do: None }
    }
    fn note(check: Check, what: impl Into<String>) -> Self {
        Self { check, severity: Severity::Note, what: what.into(), to_do: None }
    }
    fn warning(check: Check, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { check, severity: Severity::Warning, what: what.into(), to_do: Some(to_do.into()) }
    }
    fn error(check: Check, what: impl Into<String>, to_do: impl Into<String>) -> Self {
        Self { check, severity: Severity::Error, what: what.into(), to_do: Some(to_do.into()) }
    }
}

/// Everything that was found.
#[derive(Debug, Serialize)]
pub(crate) struct Findings {
    version: &'static str,
    findings: Vec<Finding>,
}

/// Looks at everything; shows a popup for the user to answer where `with_popup`.
pub(crate) async fn examine(places: &Places, service_url: Option<&ServiceUrl>, with_popup: bool) -> Findings {
    let settings = Settings::load(places, service_url, resident::is_device(places));
    let mut findings = files::settings(&settings);
    findings.extend(files::places(places));
    findings.push(files::journal(places));
    findings.push(files::agent(places));
    findings.extend(service::examine(&settings).await);
    findings.extend(desktop::findings(&platform::desktop_facts().await));
    if with_popup {
        let language = settings.language.value.clone();
        let shown = tokio::task::spawn_blocking(move || popup::show(language)).await;
        findings.extend(shown.ok());
    }
    findings.sort_by_key(|finding| finding.check);
    Findings { version: env!("CARGO_PKG_VERSION"), findings }
}

impl Findings {
    /// That of the gravest finding, and of several as grave the first; 0 where nothing needs to be done.
    pub(crate) fn exit_code(&self) -> u8 {
        let worth_it = self.findings.iter().filter(|finding| finding.severity >= Severity::Warning);
        // Of several equals `max_by_key` takes the last.
        let gravest = worth_it.rev().max_by_key(|finding| finding.severity);
        gravest.map_or(0, |finding| finding.check.exit_code())
    }

    /// For people: a finding a line, with what to do below it.
    pub(crate) fn table(&self) -> String {
        let mut text = String::new();
        for Finding { check, severity, what, to_do } in &self.findings {
            let severity = match severity {
                Severity::Fine => "fine",
                Severity::Note => "note",
                Severity::Warning => "warning",
                Severity::Error => "ERROR",
            };
            // Writing to a text cannot fail.
            let _ = writeln!(text, "{severity:<8} {:<14} {what}", check.id());
            if let Some(to_do) = to_do {
                let _ = writeln!(text, "{:<23} → {to_do}", "");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(findings: Vec<Finding>) -> Findings {
        Findings { version: "1.0.0", findings }
    }

    #[test]
    fn the_exit_code_is_that_of_the_gravest_finding_and_then_of_the_first() {
        let tray = Finding::warning(Check::TrayHost, "no place for an icon", "install one");
        let fonts = Finding::warning(Check::Fonts, "no fonts", "install some");
        let clock = Finding::error(Check::Clock, "wrong", "set it");
        let fine = Finding::fine(Check::Settings, "good");
        assert_eq!(findings(vec![fine.clone(), Finding::note(Check::Proxy, "none")]).exit_code(), 0);
        assert_eq!(findings(vec![fine.clone(), tray.clone(), fonts.clone()]).exit_code(), 21);
        assert_eq!(findings(vec![fine, clock, tray, fonts]).exit_code(), 18);
    }

    #[test]
    fn the_deployment_guide_names_every_check_and_its_exit_code() {
        let guide = include_str!("../docs/deployment.md");
        let all = [
            Check::Settings,
            Check::Files,
            Check::Journal,
            Check::Agent,
            Check::Proxy,
            Check::NameLookup,
            Check::Certificate,
            Check::Service,
            Check::Clock,
            Check::Display,
            Check::SessionBus,
            Check::TrayHost,
            Check::Notifications,
            Check::Fonts,
            Check::Accessibility,
            Check::Popup,
        ];
        for check in all {
            let start = format!("| {} | `{}` |", check.exit_code(), check.id());
            assert!(guide.contains(&start), "docs/deployment.md has no row {start}");
        }
    }
}
