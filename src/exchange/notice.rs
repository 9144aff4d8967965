//! What the people who run an exchange are told.

use std::fmt;
use std::io;

/// One thing that happened, in one sentence.
#[derive(Debug)]
pub enum Notice {
    /// A client reads slower than the market talks and is let go.
    TooSlow {
        /// Its number.
        connection: u64,
        /// Bytes that may wait for it.
        bytes: usize,
    },
    /// There are as many clients as there may be; another one was turned away.
    Full {
        /// How many there may be.
        connections: usize,
    },
    /// Something about the recording that is played.
    Recording(String),
    /// A socket that could not be taken.
    Socket(io::Error),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooSlow { connection, bytes } => {
                write!(
                    f,
                    "connection {connection} reads too slowly: more than {bytes} bytes wait for it, it is disconnected"
                )
            }
            Self::Full { connections } => write!(f, "{connections} clients are connected: another one was turned away"),
            Self::Recording(sentence) => f.write_str(sentence),
            Self::Socket(error) => write!(f, "cannot take a connection: {error}"),
        }
    }
}
