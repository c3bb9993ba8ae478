//! One call to the daemon: connect, ask, hang up, all within one deadline. Nothing is ever sent a
//! second time: a second `Verify` would be a second attempt.

use std::time::Duration;

use otp_bus::{
    AdminProxy, AuthProxy, Error, KeysProxy, ManageProxy, PassesProxy, SessionsProxy, TokensProxy,
};
use zbus::proxy::CacheProperties;

use crate::connect::{Connect, Peer, Unreachable};

/// How long a person may take to authenticate where polkit wants it.
const AUTHENTICATION: Duration = Duration::from_secs(120);

/// For what an answer has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For the daemon alone.
    Daemon,
    /// For a person too, whom polkit may want to authenticate.
    Person,
}

/// The daemon behind a way to it.
pub(crate) struct Daemon<'a, C> {
    connector: &'a C,
    wait: Wait,
}

/// Why a call brought no result.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// There was nobody to ask; nothing changed.
    Unreachable(Unreachable),
    /// The answer is an error, or none of the contract.
    Answered(Error),
    /// No answer in this time; what became of the call is unknown.
    Deadline(Duration),
}

impl<'a, C: Connect> Daemon<'a, C> {
    /// The daemon that `connector` leads to.
    pub(crate) const fn behind(connector: &'a C, wait: Wait) -> Self {
        Self { connector, wait }
    }

    /// Makes one call of `org.otpd1.Manage`.
    pub(crate) fn manage<T>(
        &self,
        call: impl AsyncFnOnce(&ManageProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.within(async |peer: Peer| {
            let proxy = ManageProxy::builder(&peer.connection)
                .destination(peer.destination)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            call(&proxy).await
        })
    }

    /// Makes one call of `org.otpd1.Admin`.
    pub(crate) fn admin<T>(
        &self,
        call: impl AsyncFnOnce(&AdminProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.within(async |peer: Peer| {
            let proxy = AdminProxy::builder(&peer.connection)
                .destination(peer.destination)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            call(&proxy).await
        })
    }

    /// Makes one call of `org.otpd1.Keys`.
    pub(crate) fn keys<T>(
        &self,
        call: impl AsyncFnOnce(&KeysProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.within(async |peer: Peer| {
            let proxy = KeysProxy::builder(&peer.connection)
                .destination(peer.destination)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            call(&proxy).await
        })
    }

    /// Makes one call of `org.otpd1.Sessions`.
    pub(crate) fn sessions<T>(
        &self,
        call: impl AsyncFnOnce(&SessionsProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.within(async |peer: Peer| {
            let proxy = SessionsProxy::builder(&peer.connection)
                .destination(peer.destination)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            call(&proxy).await
        })
    }

    /// Makes one call of `org.otpd1.Tokens`.
    pub(crate) fn tokens<T>(
        &self,
        call: impl AsyncFnOnce(&TokensProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.within(async |peer: Peer| {
            let proxy = TokensProxy::builder(&peer.connection)
                .destination(peer.destination)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            call(&proxy).await
        })
    }

    /// Makes one call of `org.otpd1.Passes`.
    pub(crate) fn passes<T>(
        &self,
        call: impl AsyncFnOnce(&PassesProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.within(async |peer: Peer| {
            let proxy = PassesProxy::builder(&peer.connection)
                .destination(peer.destination)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            call(&proxy).await
        })
    }

    /// Makes one call of `org.otpd1.Auth`.
    pub(crate) fn auth<T>(
        &self,
        call: impl AsyncFnOnce(&AuthProxy<'_>) -> Result<T, Error>,
    ) -> Result<T, Trouble> {
        self.within(async |peer: Peer| {
            let proxy = AuthProxy::builder(&peer.connection)
                .destination(peer.destination)
                .cache_properties(CacheProperties::No)
                .build()
                .await?;
            call(&proxy).await
        })
    }

    /// Runs one call on a runtime of its own, which takes the connection with it when it ends.
    fn within<T>(&self, call: impl AsyncFnOnce(Peer) -> Result<T, Error>) -> Result<T, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Trouble::Unreachable(Unreachable::Local(error)))?;
        let deadline = self.connector.deadline();
        let (limit, _agent) = match self.wait {
            Wait::Daemon => (deadline, None),
            Wait::Person => (deadline + AUTHENTICATION, self.connector.agent()),
        };
        let whole = async {
            let peer = self.connector.connect().await.map_err(Trouble::Unreachable)?;
            call(peer).await.map_err(Trouble::Answered)
        };
        // Within an async block: a time-out can only be made where the runtime is.
        let outcome = runtime.block_on(async { tokio::time::timeout(limit, whole).await });
        runtime.shutdown_background();
        outcome.unwrap_or(Err(Trouble::Deadline(limit)))
    }
}
