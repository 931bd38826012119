//! Serves a folder to whoever connects, for tests that have the other end:
//! `cargo run -p files --example folder -- FOLDER TRASH PREFIX`.
//!
//! It says where it listens in its first line, on this computer only. A line `none`, `read` or `write` on standard input
//! says what may be done from then on; it begins with `write` and ends with standard input.

use files::{Folder, May, Rules};
use std::{env, error::Error, io, path::PathBuf, sync::Arc, thread};
use tokio::{net::TcpListener, sync::watch};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = |what: &str| arguments.next().ok_or_else(|| format!("{what} is missing"));
    let (folder, trash, prefix) =
        (PathBuf::from(next("the folder")?), PathBuf::from(next("the trash")?), next("the prefix")?);
    let rules = Rules { origin: "https://support.example/".into(), trash: Some(trash), ..Rules::default() };
    let folder = Arc::new(Folder::open(&folder, rules)?);
    let (allow, may) = watch::channel(May { read: true, write: true });
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            allow.send_replace(match line.as_str() {
                "write" => May { read: true, write: true },
                "read" => May { read: true, write: false },
                _ => May::default(),
            });
        }
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        println!("listening on {}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            let (folder, may, prefix) = (folder.clone(), may.clone(), prefix.clone());
            tokio::spawn(async move { files::serve(stream, folder, may, &prefix, |_| {}).await });
        }
    })
}
