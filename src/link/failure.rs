//! Why a connection was not made.

use hotpath::record::{Link, link};
use std::io;

/// What kept a connection from being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// One of [`link`].
    pub cause: u16,
    /// HTTP status of an upgrade that was refused; 0 otherwise.
    pub code: u16,
    /// A sentence for the operator.
    pub what: String,
}

impl Failure {
    /// A failure without a code.
    #[must_use]
    pub fn new(cause: u16, what: impl Into<String>) -> Self {
        Self { cause, code: 0, what: what.into() }
    }

    /// What a read or a write failed with while the connection to the address under `key` was made.
    #[must_use]
    pub fn of_io(error: &io::Error, key: &str, doing: &str) -> Self {
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match (tls, error.kind()) {
            (Some(rustls::Error::InvalidCertificate(why)), _) => Self::new(
                link::CERTIFICATE,
                format!(
                    "{doing}: the host's certificate is not trusted ({why:?}): check `{key}`, the clock, and `link.extra_ca`"
                ),
            ),
            (Some(rustls::Error::InvalidMessage(_)), _) => Self::new(
                link::TLS,
                format!("{doing}: the host does not speak TLS at this port: check `{key}`; it is tried again"),
            ),
            (Some(why), _) => Self::new(link::TLS, format!("{doing}: TLS failed ({why}): it is tried again")),
            (None, io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Self::new(
                link::NO_ANSWER,
                format!("{doing}: no answer within `session.connect_ms_max`: it is tried again"),
            ),
            (None, _) => Self::new(link::BROKEN, format!("{doing}: {error}: it is tried again")),
        }
    }

    /// The input that tells the engine.
    #[must_use]
    pub const fn body(&self, recv_ns: u64) -> Link {
        Link { up: 0, cause: self.cause, close_code: self.code, spare: 0, recv_ns, spare_tail: 0 }
    }
}
