//! A live run: one thread that owns the sockets and decides, those that serve it, and one that looks on.

mod access;
mod attendant;
pub mod control;
mod hot;
mod leader;
mod run;
mod seat;
mod sentences;
mod settings;
mod stamps;
mod turn;
mod watch;

pub use access::access;
pub use attendant::{Limits, status};
pub use hot::{Hot, Load};
pub use leader::{Leader, Pipe, pipe};
pub use run::{Begun, Plan, Ran, run};
pub use seat::{Due, Seat};
pub use settings::{journal_settings, random, settings, spins};
pub use turn::{LiveLoop, Turn};
pub use watch::{Look, MarketSeen, Seen, Watch};

/// Something that an operator may want to know.
#[derive(Debug)]
pub enum Notice {
    /// Of a connection.
    Link(String),
    /// Of the host.
    Host(String),
    /// Of the feed, as the journal tells it, or of looking at the journal.
    Watch(String),
    /// Of the journal's files.
    Journal(journal::Event),
}
