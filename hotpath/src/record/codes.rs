//! Numbers in bodies that stand for something, and their names.

macro_rules! codes {
    ($($(#[$doc:meta])* $module:ident: $type:ty {
        $($(#[$code_doc:meta])* $code:ident = $number:literal => $name:literal,)*
    })*) => {$(
        $(#[$doc])*
        pub mod $module {
            $($(#[$code_doc])* pub const $code: $type = $number;)*

            /// Name of a code, for people.
            #[must_use]
            pub const fn name(code: $type) -> Option<&'static str> {
                match code {
                    $($code => Some($name),)*
                    _ => None,
                }
            }
        }
    )*};
}

codes! {
    /// Codes of [`super::Command`].
    command: u16 {
        /// Withdraw the quotes until resumed.
        PAUSE = 1 => "pause",
        /// Quote again.
        RESUME = 2 => "resume",
        /// End the run.
        STOP = 3 => "stop",
        /// Tell how the run gets on.
        STATUS = 4 => "status",
    }
    /// Who gave a [`super::Command`].
    source: u16 {
        /// An operator, over the control socket.
        OPERATOR = 1 => "operator",
        /// A signal to the process.
        SIGNAL = 2 => "signal",
        /// The time that the run was given is over.
        TIME = 3 => "time",
    }
    /// Causes of [`super::Link`].
    link: u16 {
        /// Connected.
        CONNECTED = 1 => "connected",
        /// The other side closed in order.
        CLOSED = 2 => "closed",
        /// Reset or an I/O error.
        BROKEN = 3 => "broken",
        /// No byte within the deadline.
        SILENT = 4 => "silent",
        /// A frame above [`crate::record::FRAME_BYTES_MAX`].
        OVERSIZED = 5 => "oversized",
        /// The name of the host was not resolved.
        NOT_RESOLVED = 6 => "not-resolved",
        /// No address of the host took the connection.
        NOT_REACHED = 7 => "not-reached",
        /// The host did not answer in time while the connection was made.
        NO_ANSWER = 8 => "no-answer",
        /// The host's certificate is not trusted.
        CERTIFICATE = 9 => "certificate",
        /// TLS failed.
        TLS = 10 => "tls",
        /// The host did not agree to speak WebSocket; `close_code` has the HTTP status.
        NOT_UPGRADED = 11 => "not-upgraded",
        /// The other side broke a rule of WebSocket.
        PROTOCOL = 12 => "protocol",
        /// The exchange describes the instrument otherwise than the configuration.
        INSTRUMENT = 13 => "instrument",
        /// The engine asked for it.
        ASKED = 14 => "asked",
    }
    /// Causes of [`super::Close`].
    close: u16 {
        /// The recording ended.
        END_OF_RECORDING = 1 => "end-of-recording",
        /// The operator stopped the run.
        STOPPED = 2 => "stopped",
        /// The connection of the market that trades will not be made again.
        LINK_STOPPED = 3 => "link-stopped",
    }
    /// What a [`super::Request`] asks for.
    action: u16 {
        /// Make the connection.
        CONNECT = 1 => "connect",
        /// Drop the connection.
        DISCONNECT = 2 => "disconnect",
        /// Ask the exchange for a channel.
        SUBSCRIBE = 3 => "subscribe",
        /// Ask the exchange to end a channel.
        UNSUBSCRIBE = 4 => "unsubscribe",
        /// Ask the exchange for a sign of life.
        PING = 5 => "ping",
        /// Fetch the book's snapshot over HTTP. The answer is a FRAME of opcode 17, or a SENT that says why not.
        FETCH = 6 => "fetch",
    }
    /// What became of a [`super::Request`]: see [`super::Sent`].
    sent: u16 {
        /// It was given to the socket.
        SENT = 1 => "sent",
        /// There was no connection to send it on, or it broke; of a fetch, that no answer came.
        NOT_SENT = 2 => "not-sent",
        /// Of a fetch: the exchange answered with an error.
        REFUSED = 3 => "refused",
    }
    /// What [`super::Feed`] tells of.
    feed: u16 {
        /// No heartbeat within the bound while something is subscribed.
        HEARTBEAT_MISSING = 1 => "heartbeat-missing",
        /// Heartbeats come again.
        HEARTBEAT_BACK = 2 => "heartbeat-back",
        /// A request was not answered within the bound.
        ACK_MISSING = 3 => "ack-missing",
        /// No snapshot came within the bound behind the book's ack.
        SNAPSHOT_MISSING = 4 => "snapshot-missing",
        /// The exchange refused a request.
        REQUEST_REFUSED = 5 => "request-refused",
        /// UTC moved against monotonic time by more than the bound.
        CLOCK_STEP = 6 => "clock-step",
        /// The connection will not be made again.
        LINK_STOPPED = 7 => "link-stopped",
        /// Making the connection takes longer than the bound.
        CONNECT_SLOW = 8 => "connect-slow",
        /// The book was subscribed anew too often without being trusted.
        RESUBSCRIBED_IN_VAIN = 9 => "resubscribed-in-vain",
        /// No whole message within the bound.
        SILENT = 10 => "silent",
        /// Nothing proved a fetched book within the bound: no update that reaches it, or no best levels that are its own.
        PROOF_MISSING = 11 => "proof-missing",
    }
    /// What a [`super::Host`] is about.
    host: u16 {
        /// The hot thread's core.
        CORE = 1 => "core",
        /// The hot thread's real-time priority.
        FIFO = 2 => "fifo",
        /// Memory locked against paging.
        LOCK_MEMORY = 3 => "lock-memory",
        /// The socket sends at once (TCP_NODELAY).
        NODELAY = 4 => "nodelay",
        /// The socket acknowledges at once (TCP_QUICKACK).
        QUICKACK = 5 => "quickack",
        /// The socket's receive buffer, bytes (SO_RCVBUF).
        RECEIVE_BUFFER = 6 => "receive-buffer",
        /// The kernel polls the device, microseconds (SO_BUSY_POLL).
        BUSY_POLL = 7 => "busy-poll",
        /// The kernel stamps what it receives (SO_TIMESTAMPNS).
        KERNEL_STAMPS = 8 => "kernel-stamps",
    }
    /// Ends of the segment of [`super::Found`].
    end: u16 {
        /// With its index: it was closed.
        SEALED = 1 => "sealed",
        /// After a record, or with zeros: its writer stopped without closing it.
        UNSEALED = 2 => "unsealed",
        /// With a record that was being written: bytes, but no length word yet.
        TORN = 3 => "torn",
        /// Inside a record: the file was cut.
        TRUNCATED = 4 => "truncated",
        /// With bytes that no record explains.
        DAMAGED = 5 => "damaged",
        /// It did not open as a segment.
        UNOPENED = 6 => "unopened",
    }
    /// Causes of [`super::LeftOut`].
    left_out: u16 {
        /// The bytes were damaged.
        DAMAGED = 1 => "damaged",
        /// The records were missing already.
        MISSING = 2 => "missing already",
        /// The last step was not finished.
        UNFINISHED = 3 => "unfinished step",
        /// A whole record did not fit its kind.
        MISFIT = 4 => "does not fit its kind",
    }
    /// Statuses of [`super::Status`] and [`super::Instrument`].
    status: u8 {
        /// A text that is in no list.
        UNKNOWN = 0 => "unknown",
        /// Trading.
        ONLINE = 1 => "online",
        /// Only post-only orders.
        POST_ONLY = 2 => "post-only",
        /// Only limit orders.
        LIMIT_ONLY = 3 => "limit-only",
        /// Only cancels.
        CANCEL_ONLY = 4 => "cancel-only",
        /// Down for maintenance.
        MAINTENANCE = 5 => "maintenance",
        /// Only orders that reduce a position.
        REDUCE_ONLY = 6 => "reduce-only",
        /// Removed, or not there yet.
        CLOSED = 7 => "closed",
    }
    /// Methods of [`super::Ack`].
    method: u8 {
        /// A text that is in no list.
        UNKNOWN = 0 => "unknown",
        /// `subscribe`.
        SUBSCRIBE = 1 => "subscribe",
        /// `unsubscribe`.
        UNSUBSCRIBE = 2 => "unsubscribe",
        /// A ping that the exchange refused.
        PING = 3 => "ping",
    }
    /// Channels of [`super::Ack`].
    channel: u8 {
        /// None, or a text that is in no list.
        UNKNOWN = 0 => "unknown",
        /// The book.
        BOOK = 1 => "book",
        /// Trades.
        TRADE = 2 => "trade",
        /// Best bid and ask.
        TICKER = 3 => "ticker",
        /// Instruments.
        INSTRUMENT = 4 => "instrument",
    }
    /// Errors of [`super::Ack`].
    ack_error: u8 {
        /// None.
        NONE = 0 => "none",
        /// A text that is in no list.
        OTHER = 1 => "other",
        /// The symbol is not served.
        SYMBOL = 2 => "symbol",
        /// The depth is not served.
        DEPTH = 3 => "depth",
        /// The channel is not known.
        CHANNEL = 4 => "channel",
        /// The request was not understood.
        MALFORMED = 5 => "malformed",
        /// Too many messages.
        RATE = 6 => "rate",
    }
}
