//! The event loop: one thread, many clients, nothing blocks.
//!
//! Readiness only wakes it; in each turn every client is looked at, so no edge can be missed.

use super::binance::Binance;
use super::clock::Clock;
use super::dialect::Dialect;
use super::fault::{Fault, Faults, Faulty};
use super::hall::{Hall, Served};
use super::kraken::Kraken;
use super::notice::Notice;
use super::options::{Options, Serves};
use super::stream::Stream;
use super::tls::{self, Identity};
use anyhow::{Context, Result, bail};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Most clients at a time.
pub(super) const CONNECTIONS_MAX: usize = 64;
/// Longest sleep, nanoseconds: so soon a wish to stop is noticed.
const SLEEP_NS_MAX: u64 = 50_000_000;
const LISTENER: Token = Token(0);
const CLIENT: Token = Token(1);

/// The exchange that serves this.
fn dialect(serves: Serves, clock: Clock, is_witnessed: bool) -> Result<Box<dyn Dialect>> {
    Ok(match serves {
        Serves::Market { pair, events, speed } => Box::new(Kraken::made_up(clock, pair, events, speed, is_witnessed)),
        Serves::Recording { playback, symbol, speed } => {
            Box::new(Kraken::recorded(clock, playback, symbol, speed, is_witnessed)?)
        }
        Serves::BinanceMarket { section, events, speed } => {
            Box::new(Binance::made_up(clock, section, events, speed, is_witnessed))
        }
        Serves::Binance { section, playback, symbol, speed } => {
            Box::new(Binance::recorded(clock, section, playback, symbol, speed, is_witnessed)?)
        }
    })
}

/// Where clients of what is served meet it.
pub(super) fn hall(options: Options, clock: Clock) -> Result<Hall> {
    let Options { tls, serves, witness, faults, notice, .. } = options;
    if let Some(Faults { plan, .. }) = &faults {
        plan.faults().try_for_each(|fault| ensure_possible(fault, &serves, tls))?;
    }
    let speed = serves.speed().unwrap_or(1.0);
    let dialect = dialect(serves, clock.clone(), witness.is_some())?;
    Ok(Hall::new(clock.clone(), Faulty::new(dialect, clock, speed, faults), witness, notice))
}

/// Whether a fault can happen here at all.
fn ensure_possible(fault: Fault, serves: &Serves, tls: bool) -> Result<()> {
    let name = fault.name();
    if serves.speed().is_none() {
        bail!("fault {name}: a market without a pace has no time for it; give --speed as a number");
    }
    if fault == Fault::Tls && !tls {
        bail!("fault tls: there is no TLS to fail; add --tls, or leave it out");
    }
    if serves.is_binance() && !fault.is_of_binance() {
        bail!("fault {name}: Binance has no such message; leave it out, or serve as Kraken does");
    }
    Ok(())
}

/// An exchange that listens.
pub struct Server {
    address: SocketAddr,
    identity: Option<Identity>,
    listener: TcpListener,
    poll: Poll,
    run_ns_max: Option<u64>,
    hall: Hall,
}

impl Server {
    /// Binds the socket, makes the certificate, opens what is served.
    ///
    /// # Errors
    /// When the address is taken, the recording holds nothing that can be played, or a fault cannot happen to what is
    /// served.
    pub fn bind(options: Options) -> Result<Self> {
        let (listen, tls, run_for) = (options.listen, options.tls, options.run_for);
        let hall = hall(options, Clock::start())?;
        let mut listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let identity = tls.then(|| tls::identity(address.ip())).transpose()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let run_ns_max = run_for.map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        Ok(Self { address, identity, listener, poll, run_ns_max, hall })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.identity.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}{}", self.address, self.hall.path())
    }

    /// What clients send plain HTTP requests to, where the exchange answers them.
    #[must_use]
    pub fn rest_url(&self) -> Option<String> {
        let scheme = if self.identity.is_some() { "https" } else { "http" };
        self.hall.has_rest().then(|| format!("{scheme}://{}", self.address))
    }

    /// The authority that a client must trust, under TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.ca_pem.as_str())
    }

    /// Serves until `stop` is set or the time is over.
    ///
    /// # Errors
    /// When the system refuses to wait for sockets.
    pub fn run(mut self, stop: &AtomicBool) -> Result<Served> {
        let mut events = Events::with_capacity(CONNECTIONS_MAX);
        loop {
            let now_ns = self.hall.now_ns();
            let is_over = self.run_ns_max.is_some_and(|end_ns| now_ns >= end_ns);
            if is_over || stop.load(Ordering::Relaxed) {
                return Ok(self.hall.close(now_ns));
            }
            self.accept(now_ns);
            self.hall.turn(now_ns);
            self.sleep(&mut events)?;
        }
    }

    fn accept(&mut self, now_ns: u64) {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => return self.hall.tell(Notice::Socket(error)),
            };
            if self.hall.clients() >= CONNECTIONS_MAX {
                self.hall.tell(Notice::Full { connections: CONNECTIONS_MAX });
                continue;
            }
            let ready = Interest::READABLE | Interest::WRITABLE;
            let registered = self.poll.registry().register(&mut socket, CLIENT, ready);
            // Small messages leave at once.
            let tls = self.identity.as_ref().map(|identity| &identity.config);
            let stream = registered.and_then(|()| socket.set_nodelay(true)).and_then(|()| Stream::new(socket, tls));
            match stream {
                Ok(stream) => self.hall.admit(stream, now_ns),
                Err(error) => self.hall.tell(Notice::Socket(error)),
            }
        }
    }

    /// Waits until a socket is ready or something is due.
    fn sleep(&mut self, events: &mut Events) -> Result<()> {
        let now_ns = self.hall.now_ns();
        let end_ns = self.run_ns_max.unwrap_or(u64::MAX);
        let wake_ns = self.hall.due_ns().min(end_ns).min(now_ns + SLEEP_NS_MAX);
        match self.poll.poll(events, Some(Duration::from_nanos(wake_ns.saturating_sub(now_ns)))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error).context("cannot wait for sockets"),
            _ => Ok(()),
        }
    }
}
