//! How fast files go through a tunnel on this computer, both ways, and how much memory it takes:
//! `cargo run -p files --example throughput -- FOLDER [MEGABYTES]`, with optimisation.
//!
//! Client and server are one process here, so the memory is that of both.

use bytes::Bytes;
use files::{Folder, May, Rules};
use futures_util::{StreamExt as _, stream};
use http::{Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    env,
    error::Error,
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::protocol::Role};
use tunnel::{Kind, Opener};

const PIECE: usize = 256 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("a folder is missing")?);
    let bytes = env::args().nth(2).map_or(Ok(1000), |number| number.parse::<u64>())? * 1_000_000;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let served =
        Folder::open(&folder, Rules { origin: "https://support.example/".into(), ..Rules::default() })?;
    std::thread::spawn(move || {
        runtime.block_on(serve(listener, Arc::new(served))).map_err(|error| error.to_string())
    });

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let socket =
            WebSocketStream::from_raw_socket(socket, Role::Client, Some(tunnel::websocket_config())).await;
        let (opener, driving) = tunnel::open(tunnel::bytes(socket));
        tokio::spawn(driving);

        let started = Instant::now();
        let pieces = stream::iter((0..bytes.div_ceil(PIECE as u64)).map(|number| number * PIECE as u64));
        let piece = Bytes::from(vec![7; PIECE]);
        let body = pieces
            .map(move |at| Ok::<_, Infallible>(Frame::data(piece.slice(..PIECE.min((bytes - at) as usize)))));
        let request =
            Request::put("/throughput").header("content-length", bytes).body(StreamBody::new(body))?;
        let placed = ask(&opener, request).await?;
        println!("up    {} {:.0} MB/s", placed.status(), megabytes(bytes, started));

        let started = Instant::now();
        let received = count(&opener, Duration::ZERO, Duration::MAX).await?;
        println!("down  {received} bytes {:.0} MB/s", megabytes(received, started));
        println!("peak memory {}", memory("VmHWM"));

        // Larger than any memory, and nothing on the disk.
        fs::File::options().write(true).open(folder.join("throughput"))?.set_len(5_000_000_000)?;
        let before = memory("VmRSS");
        let received = count(&opener, Duration::from_millis(20), Duration::from_secs(10)).await?;
        println!(
            "a slow reader got {received} of 5 GB; memory {before}, then {}, at most {}",
            memory("VmRSS"),
            memory("VmHWM")
        );
        let started = Instant::now();
        let received = count(&opener, Duration::ZERO, Duration::MAX).await?;
        println!(
            "5 GB  {received} bytes {:.0} MB/s, at most {}",
            megabytes(received, started),
            memory("VmHWM")
        );
        Ok::<_, Box<dyn Error>>(())
    })?;
    fs::remove_file(folder.join("throughput"))?;
    Ok(())
}

async fn serve(listener: TcpListener, folder: Arc<Folder>) -> Result<(), Box<dyn Error>> {
    let (socket, _) = listener.accept().await?;
    socket.set_nodelay(true)?;
    let socket =
        WebSocketStream::from_raw_socket(socket, Role::Server, Some(tunnel::websocket_config())).await;
    let (mut incoming, driving) = tunnel::accept(tunnel::bytes(socket));
    tokio::spawn(driving);
    let (_allow, may) = watch::channel(May { read: true, write: true });
    while let Some((_, stream)) = incoming.next().await {
        let (folder, may) = (folder.clone(), may.clone());
        tokio::spawn(async move { files::serve(stream, folder, may, "", |_| {}).await });
    }
    Ok(())
}

async fn ask<B>(
    opener: &Opener,
    request: Request<B>,
) -> Result<hyper::Response<hyper::body::Incoming>, Box<dyn Error>>
where
    B: http_body::Body<Data = Bytes, Error: Error + Send + Sync> + Send + Unpin + 'static,
{
    let stream = TokioIo::new(opener.open(Kind::Files).await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// Reads the file, with a pause after each piece, for as long as there is time.
async fn count(opener: &Opener, pause: Duration, time: Duration) -> Result<u64, Box<dyn Error>> {
    let request =
        Request::builder().method(Method::GET).uri("/throughput").body(http_body_util::Empty::new())?;
    let mut response = ask(opener, request).await?;
    let (started, mut received) = (Instant::now(), 0);
    while started.elapsed() < time {
        let Some(frame) = response.body_mut().frame().await else { break };
        received += frame?.data_ref().map_or(0, Bytes::len) as u64;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
    Ok(received)
}

fn megabytes(bytes: u64, since: Instant) -> f64 {
    bytes as f64 / 1e6 / since.elapsed().as_secs_f64()
}

/// A line of what Linux tells about the process.
fn memory(name: &str) -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.map_or_else(|| "unknown".to_owned(), |value| value.trim().to_owned())
}
