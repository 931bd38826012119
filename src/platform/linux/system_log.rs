//! The system's log: journald where it listens, else syslog. Both take datagrams; one that is not taken at once is dropped.

use crate::system_log::{Event, Severity};
use std::{io, os::unix::net::UnixDatagram, path::Path};

const JOURNALD: &str = "/run/systemd/journal/socket";
const SYSLOG: &str = "/dev/log";
/// `LOG_USER`, in the bits of a priority.
const FACILITY: u8 = 1 << 3;

/// Writes an event down.
pub(crate) fn tell_system_log(event: &Event) -> io::Result<()> {
    tell(event, Path::new(JOURNALD), Path::new(SYSLOG))
}

fn tell(event: &Event, journald: &Path, syslog: &Path) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    match socket.send_to(in_fields(event).as_bytes(), journald) {
        Ok(_) => Ok(()),
        Err(_) => socket.send_to(in_a_line(event).as_bytes(), syslog).map(drop),
    }
}

fn priority(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 3,
        Severity::Warning => 4,
        Severity::Information => 6,
    }
}

/// As journald's native protocol has it. No value has a line break.
fn in_fields(event: &Event) -> String {
    let mut text = format!(
        "MESSAGE={}\nPRIORITY={}\nSYSLOG_IDENTIFIER=ondemand-agent\nONDEMAND_AGENT_EVENT={}\n",
        event.line(),
        priority(event.kind.severity),
        event.kind.id
    );
    for (name, value) in &event.fields {
        text.push_str(&format!("ONDEMAND_AGENT_{}={value}\n", name.to_uppercase()));
    }
    text
}

/// As `/dev/log` takes it, without a time: the daemon knows it.
fn in_a_line(event: &Event) -> String {
    let (priority, process) = (FACILITY | priority(event.kind.severity), std::process::id());
    format!("<{priority}>ondemand-agent[{process}]: {} {}", event.kind.id, event.line())
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::EndReason;
    use session::Entry;

    fn event() -> Event {
        let request_id = "req1".parse().unwrap();
        Event::of_entry(&Entry::NotStarted { request_id, reason: EndReason::Service }).unwrap()
    }

    fn received(socket: &UnixDatagram) -> String {
        let mut bytes = [0; 2048];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    }

    #[test]
    fn journald_gets_fields_and_syslog_a_line_where_there_is_no_journald() {
        let folder = tempfile::tempdir().unwrap();
        let (journald, syslog) = (folder.path().join("journald"), folder.path().join("syslog"));
        let listening = UnixDatagram::bind(&syslog).unwrap();
        tell(&event(), &journald, &syslog).unwrap();
        let line = received(&listening);
        assert!(line.starts_with("<12>ondemand-agent["), "{line}");
        assert!(line.ends_with("]: 112 session_not_started request=req1 reason=service"), "{line}");

        let listening = UnixDatagram::bind(&journald).unwrap();
        tell(&event(), &journald, &syslog).unwrap();
        let fields = received(&listening);
        let fields: Vec<_> = fields.lines().collect();
        assert_eq!(
            fields,
            [
                "MESSAGE=session_not_started request=req1 reason=service",
                "PRIORITY=4",
                "SYSLOG_IDENTIFIER=ondemand-agent",
                "ONDEMAND_AGENT_EVENT=112",
                "ONDEMAND_AGENT_REQUEST=req1",
                "ONDEMAND_AGENT_REASON=service",
            ]
        );
    }

    #[test]
    fn a_log_that_takes_nothing_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let (journald, syslog) = (folder.path().join("journald"), folder.path().join("syslog"));
        let _never_read = UnixDatagram::bind(&syslog).unwrap();
        let refused = (0..100_000).find_map(|_| tell(&event(), &journald, &syslog).err());
        assert_eq!(refused.unwrap().kind(), io::ErrorKind::WouldBlock);
    }
}
