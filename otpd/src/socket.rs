//! The daemon's own socket: the same objects, peer to peer, for callers with uid 0. Nobody else can
//! connect to it, and who does is asked of the kernel all the same. Here no local user can starve
//! root, as they can on the system bus.

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Semaphore,
};
use zbus::{
    Connection, Guid,
    connection::{
        Builder,
        socket::{ReadHalf, Socket, Split, WriteHalf},
    },
    export::async_trait::async_trait,
    fdo::ConnectionCredentials,
};

use crate::{
    audit::{Event, Severity},
    caller::Way,
    service::{AuthService, ManageService, Services},
};

/// How long a caller has to finish the handshake.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// How long a connection is served at most. Callers open one for each call.
const LIFETIME: Duration = Duration::from_secs(30);

/// Connections at once; further ones wait in the kernel's queue.
const CONNECTIONS: usize = 256;

/// How long to wait before accepting again where the process is out of descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until the task is ended.
pub async fn serve(listener: UnixListener, services: Services) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let services = services.clone();
                tokio::spawn(async move {
                    serve_one(stream, services).await;
                    drop(place);
                });
            }
            Err(error) => {
                let text = format!("cannot accept on {}: {error}", otp_bus::names::SOCKET_PATH);
                services.log.log(&Event::Daemon(Severity::Error, &text));
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn serve_one(stream: UnixStream, services: Services) {
    let uid = stream.peer_cred().map(|peer| peer.uid());
    if uid.as_ref().ok() != Some(&0) {
        let text = format!("uid {uid:?} reached the socket of root; check its mode and directory");
        services.log.log(&Event::Daemon(Severity::Warning, &text));
        return;
    }
    // A caller that goes away in the handshake is no event: nothing was asked.
    let Ok(Ok(connection)) = tokio::time::timeout(HANDSHAKE, handshake(stream, services)).await
    else {
        return;
    };
    let _ = tokio::time::timeout(LIFETIME, connection.closed()).await;
    let _ = connection.close().await;
}

async fn handshake(stream: UnixStream, services: Services) -> zbus::Result<Connection> {
    let path = otp_bus::names::OBJECT_PATH;
    Builder::socket(RootStream(stream))
        .server(Guid::generate())
        .p2p()
        .serve_at(path, AuthService::new(services.clone(), Way::Socket))
        .serve_at(path, ManageService::new(services, Way::Socket))
        .build()
        .await
}

/// A stream whose peer is known to be uid 0. zbus's own would look the peer up in passwd and group
/// at every connection.
#[derive(Debug)]
struct RootStream(UnixStream);

#[derive(Debug)]
struct Reader(OwnedReadHalf);

#[derive(Debug)]
struct Writer(OwnedWriteHalf);

impl Socket for RootStream {
    type ReadHalf = Reader;
    type WriteHalf = Writer;

    fn split(self) -> Split<Reader, Writer> {
        let (read, write) = self.0.into_split();
        Split::new(Reader(read), Writer(write))
    }
}

#[async_trait]
impl ReadHalf for Reader {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        Ok((self.0.read(buffer).await?, Vec::new()))
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        Ok(ConnectionCredentials::default().set_unix_user_id(0))
    }
}

#[async_trait]
impl WriteHalf for Writer {
    async fn sendmsg(&mut self, buffer: &[u8], _: &[BorrowedFd<'_>]) -> io::Result<usize> {
        self.0.write(buffer).await
    }

    async fn close(&mut self) -> io::Result<()> {
        self.0.shutdown().await
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        Ok(ConnectionCredentials::default().set_unix_user_id(0))
    }
}
