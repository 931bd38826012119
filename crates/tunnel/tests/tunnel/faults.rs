//! Another end that breaks the rules.

use crate::support::{Ends, WebSocket, websockets, within};
use futures_util::{SinkExt, StreamExt, future::poll_fn};
use proptest::{collection::vec, prelude::*};
use std::io::ErrorKind;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    task::JoinHandle,
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};
use tunnel::{Close, Error, Kind, MAX_MESSAGE, MAX_STREAMS};

#[tokio::test]
async fn one_stream_too_many_is_refused_and_the_others_go_on() {
    let mut ends = Ends::new().await;
    let mut streams = Vec::new();
    for _ in 0..MAX_STREAMS {
        streams.push(ends.stream().await);
    }
    assert!(matches!(ends.opener.open(Kind::Desktop).await, Err(Error::TooManyStreams)));
    let (near, far) = &mut streams[7];
    near.write_all(b"x").await.unwrap();
    assert_eq!(within(far.read_u8()).await.unwrap(), b'x');

    // As often as there are places, and more: none is lost.
    for _ in 0..3 * MAX_STREAMS {
        let (near, mut far) = streams.pop().unwrap();
        drop(near);
        assert_eq!(within(far.read_u8()).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        drop(far);
        let (mut near, mut far) = ends.stream().await;
        far.write_all(b"y").await.unwrap();
        assert_eq!(within(near.read_u8()).await.unwrap(), b'y');
        streams.insert(0, (near, far));
    }
}

/// One side as anybody could write it.
struct Foreign {
    open: tokio::sync::mpsc::Sender<tokio::sync::oneshot::Sender<yamux::Stream>>,
    _driving: JoinHandle<()>,
}

impl Foreign {
    fn new(socket: WebSocket, mode: yamux::Mode) -> Self {
        let mut config = yamux::Config::default();
        config.set_max_num_streams(512);
        let bytes = tunnel::bytes(socket).compat();
        let mut connection = yamux::Connection::new(bytes, config, mode);
        let (open, mut wanted) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<yamux::Stream>>(1);
        let driving = tokio::spawn(async move {
            poll_fn(|context| {
                while let std::task::Poll::Ready(Some(wanted)) = wanted.poll_recv(context) {
                    match connection.poll_new_outbound(context) {
                        std::task::Poll::Ready(Ok(stream)) => wanted.send(stream).unwrap(),
                        other => panic!("{other:?}"),
                    }
                }
                connection.poll_next_inbound(context).map(|_| ())
            })
            .await;
        });
        Self { open, _driving: driving }
    }

    async fn stream(&self) -> Compat<yamux::Stream> {
        let (answer, opened) = tokio::sync::oneshot::channel();
        self.open.send(answer).await.unwrap();
        opened.await.unwrap().compat()
    }
}

#[tokio::test]
async fn an_unknown_kind_is_reset_and_the_next_stream_is_served() {
    let (near, far) = websockets(64 * 1024).await;
    let foreign = Foreign::new(near, yamux::Mode::Client);
    let (mut incoming, driving) = tunnel::accept(tunnel::bytes(far));
    let _agent = tokio::spawn(driving);
    let mut unknown = foreign.stream().await;
    unknown.write_all(b"Zoo").await.unwrap();
    assert_eq!(within(unknown.read(&mut [0])).await.unwrap(), 0);
    assert!(unknown.get_ref().is_closed(), "reset");
    let mut known = foreign.stream().await;
    known.write_all(b"F").await.unwrap();
    assert_eq!(within(incoming.next()).await.unwrap().0, Kind::Files);
}

#[tokio::test]
async fn a_service_that_opens_too_many_streams_has_those_reset() {
    let (near, far) = websockets(64 * 1024).await;
    let foreign = Foreign::new(near, yamux::Mode::Client);
    let (mut incoming, driving) = tunnel::accept(tunnel::bytes(far));
    let agent = tokio::spawn(driving);
    let mut served = Vec::new();
    let mut opened = Vec::new();
    for _ in 0..MAX_STREAMS {
        let mut stream = foreign.stream().await;
        stream.write_all(b"D").await.unwrap();
        opened.push(stream);
        served.push(within(incoming.next()).await.unwrap().1);
    }
    for _ in 0..MAX_STREAMS {
        let mut stream = foreign.stream().await;
        stream.write_all(b"D").await.unwrap();
        assert_eq!(within(stream.read(&mut [0])).await.unwrap(), 0);
    }
    served[3].write_all(b"x").await.unwrap();
    assert_eq!(within(opened[3].read_u8()).await.unwrap(), b'x');
    assert!(!agent.is_finished());
}

#[tokio::test]
async fn an_agent_that_opens_a_stream_loses_its_tunnel() {
    let (near, far) = websockets(64 * 1024).await;
    let foreign = Foreign::new(near, yamux::Mode::Server);
    let (_opener, driving) = tunnel::open(tunnel::bytes(far));
    let mut stream = foreign.stream().await;
    stream.write_all(b"D").await.unwrap();
    assert!(matches!(within(driving).await, Err(Error::Protocol(_))));
}

#[tokio::test]
async fn text_and_too_large_messages_are_complained_of() {
    let large = Message::binary(vec![0; MAX_MESSAGE + 1]);
    for (message, complaint) in [(Message::text("hello"), Close::BINARY_ONLY), (large, Close::TOO_LARGE)] {
        let (near, mut far) = websockets(4 * MAX_MESSAGE).await;
        let mut near = tunnel::bytes(near);
        far.send(message).await.unwrap();
        let error: Error = within(near.read_u8()).await.unwrap_err().into();
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
        assert_eq!(near.complaint(), Some(&complaint));
    }
    let (near, mut far) = duplex(100);
    let mut near = tunnel::bytes(
        crate::support::websocket(near, tokio_tungstenite::tungstenite::protocol::Role::Server).await,
    );
    far.write_all(b"GET / HTTP/1.1").await.unwrap();
    within(near.read_u8()).await.unwrap_err();
    assert_eq!(near.complaint(), Some(&Close::PROTOCOL_ERROR));
}

#[tokio::test]
async fn a_message_as_large_as_one_can_be_is_taken() {
    let (near, mut far) = websockets(4 * MAX_MESSAGE).await;
    let mut near = tunnel::bytes(near);
    far.send(Message::binary(vec![9; MAX_MESSAGE])).await.unwrap();
    far.close(None).await.unwrap();
    let mut all = Vec::new();
    within(near.read_to_end(&mut all)).await.unwrap();
    assert_eq!(all.len(), MAX_MESSAGE);
    drop(near);
    while let Some(Ok(_)) = far.next().await {}
}

/// A frame of yamux: version, type, flags, stream, length.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![0..40_u32, 262_100..262_200_u32, any::<u32>()];
    let stream = prop_oneof![0..6_u32, any::<u32>()];
    (0..2_u8, 0..5_u8, 0..16_u16, stream, length, vec(any::<u8>(), 0..40)).prop_map(
        |(version, kind, flags, stream, length, body)| {
            let mut frame = vec![version, kind];
            frame.extend(flags.to_be_bytes());
            frame.extend(stream.to_be_bytes());
            frame.extend(length.to_be_bytes());
            frame.extend(body);
            frame
        },
    )
}

proptest! {
    /// Whatever comes, either end says that it is over once the line is, and does not fall over before.
    #[test]
    fn nonsense_is_an_error_and_not_a_panic(
        bytes in prop_oneof![
            vec(frame(), 0..20).prop_map(|frames| frames.concat()),
            vec(any::<u8>(), 0..200),
        ],
        service in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (near, mut far) = duplex(1 << 20);
            far.write_all(&bytes).await.unwrap();
            far.shutdown().await.unwrap();
            let reading = tokio::spawn(async move { far.read_to_end(&mut Vec::new()).await });
            if service {
                let (opener, driving) = tunnel::open(near);
                let (_ended, _opened) = tokio::join!(within(driving), opener.open(Kind::Files));
            } else {
                let (mut incoming, driving) = tunnel::accept(near);
                let taking = async { while let Some((_, stream)) = incoming.next().await { drop(stream) } };
                let (_ended, ()) = tokio::join!(within(driving), taking);
            }
            drop(reading);
        });
    }
}
