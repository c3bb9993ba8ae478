//! A panic in a call is that call's end and nobody else's: its caller is told at once that nothing
//! is known, where it would have waited until its own deadline, and one line is logged. What the
//! panic said goes to standard error alone.

use std::{
    collections::HashMap,
    fmt::Write,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
};

use otp_bus::Error;
use zbus::{
    BoxDBusError, Connection, Message, ObjectServer, OwnedVariant, Variant,
    export::async_trait::async_trait,
    fdo,
    message::Header,
    names::{InterfaceName, MemberName},
    object_server::{DispatchResult, Interface, SignalEmitter},
};

use crate::audit::{Event, Severity, Syslog};

/// An interface whose methods may panic.
pub(super) struct Guarded<I> {
    inner: I,
    log: Arc<Syslog>,
}

impl<I> Guarded<I> {
    pub(super) fn new(inner: I, log: Arc<Syslog>) -> Self {
        Self { inner, log }
    }
}

/// Runs `work` to its end, or until it panics.
async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        // Nothing looks at what the panic left behind: the future is dropped.
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(Poll::Ready(done)) => Poll::Ready(Some(done)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => {
                // Dropping it could panic again.
                std::mem::forget(payload);
                Poll::Ready(None)
            }
        }
    })
    .await
}

fn guarded<'call>(
    dispatched: DispatchResult<'call>,
    name: MemberName<'call>,
    log: &'call Syslog,
) -> DispatchResult<'call> {
    let DispatchResult::Async(work) = dispatched else { return dispatched };
    DispatchResult::Async(Box::pin(async move {
        if let Some(done) = caught(work).await {
            return done;
        }
        let text = format!(
            "a call of {name} panicked and was told that nothing is known; please report what \
             standard error says, in the journal of otpd"
        );
        log.log(&Event::Daemon(Severity::Error, &text));
        let text = "otpd failed in this call; whether anything changed is not known".to_owned();
        Err(Box::new(Error::Unavailable(text)) as BoxDBusError)
    }))
}

/// All but the calls are passed on as they are: no interface of ours has properties.
#[async_trait]
impl<I: Interface> Interface for Guarded<I> {
    fn name() -> InterfaceName<'static> {
        I::name()
    }

    fn spawn_tasks_for_methods(&self) -> bool {
        self.inner.spawn_tasks_for_methods()
    }

    async fn get(
        &self,
        property: &str,
        server: &ObjectServer,
        connection: &Connection,
        header: Option<&Header<'_>>,
        emitter: &SignalEmitter<'_>,
    ) -> Option<Result<OwnedVariant, BoxDBusError>> {
        self.inner.get(property, server, connection, header, emitter).await
    }

    async fn get_all(
        &self,
        server: &ObjectServer,
        connection: &Connection,
        header: Option<&Header<'_>>,
        emitter: &SignalEmitter<'_>,
    ) -> fdo::Result<HashMap<String, OwnedVariant>> {
        self.inner.get_all(server, connection, header, emitter).await
    }

    async fn set_mut(
        &mut self,
        property: &str,
        value: &Variant<'_>,
        server: &ObjectServer,
        connection: &Connection,
        header: Option<&Header<'_>>,
        emitter: &SignalEmitter<'_>,
    ) -> Option<Result<(), BoxDBusError>> {
        self.inner.set_mut(property, value, server, connection, header, emitter).await
    }

    fn call<'call>(
        &'call self,
        server: &'call ObjectServer,
        connection: &'call Connection,
        message: &'call Message,
        name: MemberName<'call>,
    ) -> DispatchResult<'call> {
        let called = self.inner.call(server, connection, message, name.clone());
        guarded(called, name, &self.log)
    }

    fn call_mut<'call>(
        &'call mut self,
        server: &'call ObjectServer,
        connection: &'call Connection,
        message: &'call Message,
        name: MemberName<'call>,
    ) -> DispatchResult<'call> {
        let called = self.inner.call_mut(server, connection, message, name.clone());
        guarded(called, name, &self.log)
    }

    fn introspect_to_writer(&self, writer: &mut dyn Write, level: usize) {
        self.inner.introspect_to_writer(writer, level);
    }
}
