//! What the doctor says of a desktop, and its test popup.

use anyhow::{Context as _, Result};
use rehearsal::{Agent, POPUP, Stage};
use serde_json::Value;
use std::{process::Output, thread};
use virtual_desktop::{NotificationDaemon, Options};

/// Its report and exit code.
fn doctor(agent: &Agent, service_url: &str, further: &[&str]) -> Result<(Option<i32>, Value)> {
    let arguments = [&["doctor", "--json", "--service-url", service_url], further].concat();
    let Output { status, stdout, stderr } = agent.run(&arguments, "")?;
    let report = serde_json::from_slice(&stdout);
    Ok((status.code(), report.with_context(|| String::from_utf8_lossy(&stderr).into_owned())?))
}

fn severity<'a>(report: &'a Value, check: &str) -> Option<&'a str> {
    let findings = report["findings"].as_array()?;
    findings.iter().find(|finding| finding["check"] == check)?["severity"].as_str()
}

#[test]
fn a_whole_desktop_needs_nothing() -> Result<()> {
    let stage = Stage::device()?;
    let (code, report) = doctor(&stage.agent, &stage.service.url(), &[])?;
    for check in ["display", "session-bus", "tray-host", "notifications", "accessibility", "agent", "service"]
    {
        assert_eq!(severity(&report, check), Some("fine"), "{check}: {report:#}");
    }
    assert_eq!(code, Some(0), "{report:#}");
    Ok(())
}

#[test]
fn what_a_desktop_lacks_is_found() -> Result<()> {
    let options = Options { tray_host: false, notifications: NotificationDaemon::None, ..Options::default() };
    let mut stage = Stage::device_on(options)?;
    let (code, report) = doctor(&stage.agent, &stage.service.url(), &[])?;
    assert_eq!(severity(&report, "tray-host"), Some("warning"), "{report:#}");
    assert_eq!(severity(&report, "notifications"), Some("warning"), "{report:#}");
    assert_eq!(code, Some(21));

    stage.agent.set_variable("DBUS_SESSION_BUS_ADDRESS", Some("unix:path=/nonexistent/bus"));
    let (code, report) = doctor(&stage.agent, &stage.service.url(), &[])?;
    assert_eq!(severity(&report, "session-bus"), Some("warning"), "{report:#}");
    assert_eq!(code, Some(20));

    stage.agent.set_variable("DISPLAY", None);
    let (code, report) = doctor(&stage.agent, &stage.service.url(), &["--popup"])?;
    assert_eq!((severity(&report, "display"), severity(&report, "popup")), (Some("error"), Some("error")));
    assert_eq!(code, Some(19));
    Ok(())
}

/// The title of the test popup.
const TEST: &str = "Test of the request window";

#[test]
fn the_test_popup_is_seen_and_answered_and_nothing_comes_of_it() -> Result<()> {
    let stage = Stage::device()?;
    let (code, report) = thread::scope(|scope| -> Result<_> {
        let (agent, url) = (&stage.agent, stage.service.url());
        let asked = scope.spawn(move || doctor(agent, &url, &["--popup"]));
        stage.desktop.wait_for_title(TEST, rehearsal::DEADLINE)?;
        stage.text("This is only a test. Nobody wants to connect.")?;
        let words = stage.desktop.accessibility().outline();
        assert!(!words.contains("Approve") && !words.contains("wants to connect to your"), "{words}");
        assert!(stage.desktop.windows()?.iter().all(|window| window.title != POPUP));
        stage.click("I can see it")?;
        asked.join().map_err(|_| anyhow::anyhow!("the doctor could not be asked"))?
    })?;
    assert_eq!(severity(&report, "popup"), Some("fine"), "{report:#}");
    assert_eq!(code, Some(0), "{report:#}");
    stage.wait_until_gone(TEST)?;
    assert_eq!(stage.access_process(), None);
    Ok(())
}
