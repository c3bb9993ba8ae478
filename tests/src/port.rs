//! Ports on the loopback device, which the world shares with the host so that a person's `ssh`
//! reaches it.

use std::net::{Ipv4Addr, TcpListener};

use crate::{Context, Result};

/// Ports that were free a moment ago; all different.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut ports = [0; N];
    let mut held = Vec::new();
    for port in &mut ports {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}
