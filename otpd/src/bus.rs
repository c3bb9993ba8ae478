//! The system bus, the way in for everybody but root. It can be absent or restarted while the
//! daemon serves its socket; then the name is asked for again until it is had.

use std::time::Duration;

use otp_bus::names::{BUS_NAME, SYSTEM_BUS_ADDRESS};
use tokio::{net::UnixStream, sync::oneshot};
use zbus::{Connection, connection::Builder};

use crate::{
    audit::{Event, Severity},
    caller::Way,
    service::Services,
    stream::Stream,
};

/// How long the bus has to let the daemon in.
const CONNECT: Duration = Duration::from_secs(5);

/// The first and the longest pause between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Serves the bus until the gate is closed and the last answer is written. `tried` hears when the
/// first try is over, whatever came of it.
pub async fn serve(services: Services, tried: oneshot::Sender<()>) {
    let (gate, log) = (services.gate.clone(), services.log.clone());
    let mut tried = Some(tried);
    let mut pause = PAUSES.0;
    let mut told = false;
    loop {
        let connected = tokio::select! {
            connected = tokio::time::timeout(CONNECT, connect(&services)) => connected,
            () = gate.closed() => return,
        };
        let connected = connected.unwrap_or_else(|_| Err(zbus::Error::Failure("no answer".into())));
        // Nobody listens any more once the daemon has said that it is ready.
        tried.take().map(|tried| tried.send(()));
        match connected {
            Ok(connection) => {
                (pause, told) = (PAUSES.0, false);
                tokio::select! {
                    () = connection.closed() => {}
                    // Calls under way hold the connection until their answers are written.
                    () = gate.deserted() => return connection.graceful_shutdown().await,
                }
                let text = "the system bus is gone; users other than root have to wait for it";
                log.log(&Event::Daemon(Severity::Warning, text));
            }
            Err(error) if !told => {
                told = true;
                log.log(&Event::Daemon(Severity::Warning, &unconnected(&error)));
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSES.1),
            () = gate.closed() => return,
        }
    }
}

fn unconnected(error: &zbus::Error) -> String {
    format!(
        "no name on the system bus ({error}); root is served by the socket, others once the bus is \
         there"
    )
}

async fn connect(services: &Services) -> zbus::Result<Connection> {
    // The address is fixed: one from the environment would be somebody else's choice.
    let path = SYSTEM_BUS_ADDRESS.trim_start_matches("unix:path=");
    let stream = Stream::new(UnixStream::connect(path).await?)?;
    let services = services.clone();
    services
        .serve_by(Way::Bus, Builder::socket(stream))
        .allow_name_replacements(false)
        .replace_existing_names(false)
        .name(BUS_NAME)
        .build()
        .await
}
