//! The user's files with a client that nobody here wrote.

use protocol::operator::FilesCredential;
use std::process::Command;

/// curl at `path` of the folder; what it is told beside that, and where its output goes, is the caller's.
///
/// It gives up after two minutes.
pub fn curl(folder: &FilesCredential, path: &str) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--path-as-is", "--noproxy", "*", "--max-time", "120"])
        .args(["--user", &format!("{}:{}", folder.user_name, folder.password.expose())])
        .arg(format!("{}{path}", folder.url));
    curl
}
