//! What a user without an agent downloads from the page of an invitation: the files in one folder, named by the system that
//! they are for. Beside them, and not offered to anybody, what agents read to learn of a newer version.
//!
//! The page names the file that the browser saves after service and session code. Here no address carries a code, which
//! would end in logs.

use super::problem::Refusal;
use crate::service::Service;
use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::stream;
use protocol::release;
use serde::Serialize;
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{self, PathBuf},
    sync::Arc,
};

/// How much of a file is read at a time.
const CHUNK: usize = 64 * 1024;

/// How files end that only tell something about an agent, and that packing puts beside it.
const ABOUT: [&str; 5] = [".json", ".asc", ".sig", ".minisig", ".sha256"];

/// A file that can be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Download {
    /// `linux`, `macos` or `windows`.
    system: &'static str,
    /// Its name, which the address ends with.
    file: String,
    bytes: u64,
}

/// The routes; without a folder there is nothing to download.
pub(super) fn routes(folder: Option<PathBuf>) -> Router<Arc<Service>> {
    let folder = Arc::new(folder);
    let listed = Arc::clone(&folder);
    Router::new().route("/downloads", get(async move || Json(list((*listed).as_deref())))).route(
        "/downloads/{file}",
        get(async move |Path(file): Path<String>| send((*folder).as_deref(), &file)),
    )
}

/// What is there now: the folder can be filled while the service runs.
fn list(folder: Option<&path::Path>) -> Vec<Download> {
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let mut downloads: Vec<_> = entries
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let rest = file.strip_prefix("ondemand-agent-")?;
            if ABOUT.iter().any(|ending| rest.ends_with(ending)) {
                return None;
            }
            let system = ["linux", "macos", "windows"].into_iter().find(|system| rest.starts_with(system))?;
            let about = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(Download { system, bytes: about.len(), file })
        })
        .collect();
    downloads.sort();
    downloads
}

/// Only what is listed and what agents ask for by itself, so that no name leads out of the folder.
fn send(folder: Option<&path::Path>, name: &str) -> Response {
    let is_of_release = [release::FILE, release::SIGNATURE_FILE].contains(&name);
    let is_sent = is_of_release || list(folder).iter().any(|download| download.file == name);
    let Some(file) = folder.filter(|_| is_sent).and_then(|folder| File::open(folder.join(name)).ok()) else {
        return Refusal::not_found().into_response();
    };
    let Some(about) = file.metadata().ok().filter(fs::Metadata::is_file) else {
        return Refusal::not_found().into_response();
    };
    let chunks = stream::try_unfold(file, async |mut file| {
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let length = file.read(&mut chunk)?;
            chunk.truncate(length);
            io::Result::Ok((length > 0).then(|| (Bytes::from(chunk), file)))
        });
        read.await.map_err(io::Error::other)?
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    // Without a name, so that the page can give one.
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(about.len()));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_agents_in_the_folder_are_offered() {
        let folder = tempfile::tempdir().unwrap();
        let agents = ["ondemand-agent-windows-x86_64.exe", "ondemand-agent-linux-x86_64"];
        // As packing leaves it beside them.
        let others =
            ["SHA256SUMS", "ondemand-agent-linux-x86_64.cdx.json", "ondemand-agent-windows-x86_64.exe.asc"];
        for name in agents.into_iter().chain(others) {
            fs::write(folder.path().join(name), "agent").unwrap();
        }
        let offered = list(Some(folder.path()));
        let names: Vec<_> =
            offered.iter().map(|download| (download.system, download.file.as_str())).collect();
        let expected =
            [("linux", "ondemand-agent-linux-x86_64"), ("windows", "ondemand-agent-windows-x86_64.exe")];
        assert_eq!(names, expected);
        for name in ["SHA256SUMS", "../secret", "ondemand-agent-linux-other", release::FILE] {
            assert_eq!(send(Some(folder.path()), name).status(), axum::http::StatusCode::NOT_FOUND, "{name}");
        }
        let response = send(Some(folder.path()), "ondemand-agent-linux-x86_64");
        assert_eq!(response.headers()[header::CONTENT_DISPOSITION], "attachment");
        assert_eq!(list(None), []);
        fs::write(folder.path().join(release::FILE), "{}").unwrap();
        fs::create_dir(folder.path().join(release::SIGNATURE_FILE)).unwrap();
        assert_eq!(list(Some(folder.path())).len(), 2, "it is no agent");
        assert_eq!(send(Some(folder.path()), release::FILE).status(), axum::http::StatusCode::OK);
        assert!(!send(Some(folder.path()), release::SIGNATURE_FILE).status().is_success());
    }
}
