//! The daemon's own socket: the same objects, peer to peer, for callers with uid 0. Nobody else can
//! connect to it, and who does is asked of the kernel all the same. Here no local user can starve
//! root, as they can on the system bus.

use std::{sync::Arc, time::Duration};

use tokio::{
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};
use zbus::{Connection, Guid, connection::Builder};

use crate::{
    audit::{Event, Severity},
    caller::{ROOT, Way},
    service::Services,
    stream::Stream,
};

/// How long a caller has to finish the handshake.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// How long a connection is served at most. Callers open one for each call.
const LIFETIME: Duration = Duration::from_secs(30);

/// Connections at once; further ones wait in the kernel's queue.
const CONNECTIONS: u32 = 256;

/// How long to wait before accepting again where the process is out of descriptors.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves connections until the gate is closed, and ends once the last answer is written.
pub async fn serve(listener: UnixListener, services: Services) {
    let places = Arc::new(Semaphore::new(CONNECTIONS as usize));
    tokio::select! {
        () = accept(&listener, &services, &places) => {}
        () = services.gate.closed() => {}
    }
    drop(listener);
    // All places are free again once every connection is closed.
    let _ = places.acquire_many(CONNECTIONS).await;
}

async fn accept(listener: &UnixListener, services: &Services, places: &Arc<Semaphore>) {
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
    // Without the kernel's word on who is calling, nobody is.
    let Ok(stream) = Stream::new(stream) else { return };
    if stream.peer() != ROOT.0 {
        let uid = stream.peer();
        let text = format!("uid {uid} reached the socket of root; check its mode and directory");
        services.log.log(&Event::Daemon(Severity::Warning, &text));
        return;
    }
    converse(stream, services).await;
}

/// Serves one connection until its end, its time or the daemon's.
async fn converse(stream: Stream, services: Services) {
    let gate = services.gate.clone();
    // A caller that goes away in the handshake is no event: nothing was asked.
    let Ok(Ok(connection)) = tokio::time::timeout(HANDSHAKE, handshake(stream, services)).await
    else {
        return;
    };
    tokio::select! {
        _ = tokio::time::timeout(LIFETIME, connection.closed()) => {
            let _ = connection.close().await;
        }
        // Calls under way hold the connection until their answers are written.
        () = gate.deserted() => connection.graceful_shutdown().await,
    }
}

async fn handshake(stream: Stream, services: Services) -> zbus::Result<Connection> {
    let way = Way::Socket(stream.process());
    let builder = Builder::socket(stream).server(Guid::generate()).p2p();
    services.serve_by(way, builder).build().await
}

#[cfg(test)]
mod tests;
