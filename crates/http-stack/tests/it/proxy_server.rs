//! A proxy on loopback that notes what it is asked for.

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// The head of each request.
    pub(crate) asked: mpsc::UnboundedReceiver<String>,
}

/// What becomes of a request to connect.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// It is answered with these bytes.
    Refuse(&'static str),
    /// It leads to this port of loopback, whatever host was asked for.
    Lead(u16),
}

pub(crate) async fn proxy(manner: Manner) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (ask, asked) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else { break };
                head.push(byte);
            }
            let _ = ask.send(String::from_utf8(head).unwrap());
            match manner {
                Manner::Refuse(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                Manner::Lead(port) => {
                    stream.write_all(b"HTTP/1.1 200 Go ahead\r\n\r\n").await.unwrap();
                    let mut host = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::spawn(async move {
                        let _ = copy_bidirectional(&mut stream, &mut host).await;
                    });
                }
            }
        }
    });
    Proxy { port, asked }
}
