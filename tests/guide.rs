//! The guide for administrators: what it tells to type works, and what it hands out does what it says.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ondemand-agent");

/// The blocks of shell commands in the guide that use the agent.
fn blocks() -> Vec<&'static str> {
    let guide = include_str!("../docs/deployment.md");
    let blocks = guide.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.contains("ondemand-agent ")).collect()
}

/// Blocks that are not run here, by how they begin: stages of their own make the packages, and some need a Mac.
const NOT_RUN: [&str; 5] = [
    "cargo xtask package ",
    "sudo installer -pkg ",
    "sudo \"/Applications/On-demand Agent.app/",
    "export APPLE_APPLICATION_IDENTITY=",
    // The service's own tests run these.
    "id() { sed ",
];

/// A shell of a user whose home is new, and who has the agent in the path.
fn shell(home: &Path) -> Command {
    let program = Path::new(PROGRAM).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.env_clear().env("PATH", path).env("HOME", home).env("XDG_RUNTIME_DIR", home).current_dir(home);
    shell
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn every_command_in_the_guide_works_as_it_stands_there() {
    assert!(blocks().len() >= 2);
    for block in blocks() {
        let home = tempfile::tempdir().unwrap();
        // Nothing listens there, and nobody is asked where it is.
        let block = block.replace("proxy.example:3128", "127.0.0.1:9");
        let output = shell(home.path()).args(["-eu", "-c", &block]).output().unwrap();
        assert!(output.status.success(), "{block}\n{output:?}");
        assert!(!stdout(&output).contains("exit code 2\n"), "a command line is wrong: {block}");
        assert!(!stdout(&output).contains("password@"), "a password is shown: {block}");
    }
}

#[test]
fn no_block_of_commands_is_left_out_unnoticed() {
    let guides = [
        include_str!("../docs/deployment.md"),
        include_str!("../docs/installing-windows.md"),
        include_str!("../docs/installing-macos.md"),
    ];
    for block in guides.iter().flat_map(|guide| guide.split("```sh\n").skip(1)) {
        let of_service = block.starts_with("ondemand-service ");
        let known = NOT_RUN.iter().any(|start| block.starts_with(start));
        assert!(blocks().contains(&block.split("```").next().unwrap()) || of_service || known, "{block}");
    }
}

#[test]
fn a_fleet_check_says_what_it_found_by_its_exit_code() {
    let home = tempfile::tempdir().unwrap();
    let code = |command: &str| shell(home.path()).args(["-c", command]).output().unwrap().status.code();
    assert_eq!(code("ondemand-agent --version"), Some(0));
    assert_eq!(code("ondemand-agent --fersion"), Some(2));
    assert_eq!(code("ondemand-agent settings --json"), Some(0));
    for command in ["status", "status --json", "open", "end", "quit"] {
        assert_eq!(code(&format!("ondemand-agent {command}")), Some(4), "{command}");
    }
    assert_eq!(code("echo 123-456-789 | ondemand-agent join -"), Some(4));
    assert_eq!(code("ondemand-agent join 123-456-789"), Some(1));
    // What the guide gives to Puppet.
    let guide = include_str!("../docs/deployment.md");
    let check = guide.split("exec { '").nth(1).unwrap().split("': provider").next().unwrap();
    let check = check.replace("\\'", "'").replace("/usr/bin/", "");
    assert_eq!(code(&check), Some(0), "{check}");
    fs::create_dir_all(home.path().join(".config/ondemand-agent")).unwrap();
    fs::write(home.path().join(".config/ondemand-agent/settings.toml"), "permissions = ['veiw']").unwrap();
    assert_eq!(code(&check), Some(1), "{check}");
}

#[test]
fn the_extension_attribute_tells_version_and_settings() {
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("installer/fleet/jamf-extension-attribute.sh");
    let says = |agent: &str| {
        let output = shell(home.path()).arg(&script).env("ONDEMAND_AGENT", agent).output().unwrap();
        assert!(output.status.success());
        stdout(&output)
    };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(says("/nowhere/agent"), "<result>not installed</result>\n");
    assert_eq!(says(PROGRAM), format!("<result>{version}, not managed, settings in order</result>\n"));
    let settings = home.path().join(".config/ondemand-agent");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("settings.toml"), "permissions = ['veiw']").unwrap();
    assert_eq!(says(PROGRAM), format!("<result>{version}, not managed, settings with mistakes</result>\n"));
    let broken = home.path().join("broken");
    fs::write(&broken, "#!/bin/sh\nexit 1\n").unwrap();
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(says(broken.to_str().unwrap()), "<result>unknown, does not run</result>\n");
}

#[test]
fn looking_for_a_newer_version_says_why_it_does_not_know() {
    let home = tempfile::tempdir().unwrap();
    let settings = home.path().join(".config/ondemand-agent");
    fs::create_dir_all(&settings).unwrap();
    let check = || {
        let output =
            shell(home.path()).args(["-c", "ondemand-agent update --check --json"]).output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap())
    };
    let (code, report) = check();
    assert_eq!((code, report["state"].as_str()), (31, Some("unknown")), "{report}");
    fs::write(settings.join("settings.toml"), "update_check = false").unwrap();
    let (code, report) = check();
    assert_eq!((code, report["state"].as_str()), (32, Some("switched_off")), "{report}");
    assert!(report["what"].as_str().unwrap().contains("switched off by user"), "{report}");
}

/// A downloaded agent is not an installed one; only policy can forbid it, so this asks about the user's own word.
#[test]
fn a_user_cannot_switch_off_what_only_administrators_can() {
    let home = tempfile::tempdir().unwrap();
    let settings = home.path().join(".config/ondemand-agent");
    fs::create_dir_all(&settings).unwrap();
    fs::write(settings.join("settings.toml"), "portable = false").unwrap();
    let output = shell(home.path()).args(["-c", "ondemand-agent settings"]).output().unwrap();
    let table = stdout(&output);
    assert!(table.contains("portable: it cannot be set here and does not count"), "{table}");
}

/// What administrators do, in an `/etc` of the test's own; nothing where this computer lets nobody have one.
#[cfg(target_os = "linux")]
fn with_policy(home: &Path, policy: &str, commands: &str) -> Option<String> {
    let own_etc = |script: &str| {
        let mut shell = shell(home);
        shell.args(["-c", "exec unshare -rm sh -euc \"$0\"", script]);
        shell.output().unwrap()
    };
    if !own_etc("mount -t tmpfs none /etc").status.success() {
        eprintln!("not tried: this computer lets no test have an /etc of its own");
        return None;
    }
    fs::write(home.join("policy.toml"), policy).unwrap();
    let script = format!(
        "mount -t tmpfs none /etc\nmkdir -p /etc/ondemand-agent/policy.d\n\
         cp policy.toml /etc/ondemand-agent/policy.d/50-policy.toml\n{commands}"
    );
    let output = own_etc(&script);
    assert!(output.status.success(), "{output:?}");
    Some(stdout(&output) + &String::from_utf8_lossy(&output.stderr))
}

/// The system's log as this test hears it.
#[cfg(target_os = "linux")]
#[test]
fn a_policy_that_cannot_be_used_is_in_the_systems_log() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("journald")).unwrap();
    let log = std::os::unix::net::UnixDatagram::bind(home.path().join("journald/socket")).unwrap();
    log.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let commands = "mount -t tmpfs none /run; mkdir -p /run/systemd/journal\n\
                    mount --bind \"$HOME/journald\" /run/systemd/journal\n\
                    ondemand-agent run --background || echo \"exit code $?\"";
    let Some(said) = with_policy(home.path(), "permisions = ['view']\n", commands) else { return };
    assert!(said.contains("exit code 1") && said.contains("ask your IT department"), "{said}");
    let mut bytes = [0; 4096];
    let length = log.recv(&mut bytes).unwrap();
    let event = String::from_utf8_lossy(&bytes[..length]).into_owned();
    for field in ["SYSLOG_IDENTIFIER=ondemand-agent", "PRIORITY=3", "ONDEMAND_AGENT_EVENT=120"] {
        assert!(event.lines().any(|line| line == field), "{field} is not in\n{event}");
    }
}

/// As an administrator does who copies a policy with the rights that it had elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn a_policy_that_others_can_write_forbids_and_everything_says_so() {
    for open in ["chmod 0666 50-policy.toml", "chmod 0777 .", "chmod 0777 .."] {
        let home = tempfile::tempdir().unwrap();
        let commands = format!(
            "(cd /etc/ondemand-agent/policy.d; {open})\n\
             ondemand-agent settings; ondemand-agent doctor || echo \"exit code $?\""
        );
        let Some(said) = with_policy(home.path(), "permissions = ['view']\n", &commands) else { return };
        assert!(said.contains("others than administrators could have written it"), "{open}: {said}");
        assert!(said.contains("exit code 10"), "{open}: {said}");
        let permissions = said.lines().find(|line| line.starts_with("permissions ")).unwrap();
        assert!(permissions.contains("nothing"), "{open}: {permissions}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_sample_policy_holds_and_is_said_to() {
    let home = tempfile::tempdir().unwrap();
    let sample = include_str!("../installer/policy/policy.toml");
    let commands = "ondemand-agent settings; ondemand-agent run || echo \"exit code $?\"";
    let Some(said) = with_policy(home.path(), sample, commands) else { return };
    assert!(said.starts_with("managed by your organisation"), "{said}");
    for text in
        ["view, control, chat, messages", "pinned", "policy (/etc/ondemand-agent/policy.d/50-policy.toml)"]
    {
        assert!(said.contains(text), "{text} is not in\n{said}");
    }
    // This one is not installed, and the sample lets only an installed one run.
    assert!(said.contains("lets only an installed agent run") && said.contains("exit code 1"), "{said}");
    assert!(!said.contains("mistake"), "{said}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_policy_with_a_misspelt_name_forbids_and_everything_says_so() {
    let home = tempfile::tempdir().unwrap();
    let commands = "ondemand-agent settings; ondemand-agent doctor || echo \"exit code $?\"";
    let Some(said) = with_policy(home.path(), "permisions = ['view']\n", commands) else { return };
    assert!(said.contains("mistake in policy (/etc/ondemand-agent/policy.d/50-policy.toml)"), "{said}");
    assert!(said.contains("there is no setting permisions") && said.contains("exit code 10"), "{said}");
    let permissions = said.lines().find(|line| line.starts_with("permissions ")).unwrap();
    assert!(permissions.contains("nothing"), "{permissions}");
}
