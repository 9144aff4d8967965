//! An exchange on a thread of the test.

use crate::client::Client;
use fathom::exchange::{Events, Notice, Options, Pair, Served, Server, Serves, Truth, Witness};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server, what it tells people, and the truth behind its books.
pub struct Running {
    pub url: String,
    pub rest_url: Option<String>,
    pub address: SocketAddr,
    pub ca_pem: Option<String>,
    pub notices: Receiver<String>,
    pub truths: Receiver<Truth>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Served>>,
}

impl Running {
    /// Serves something, under TLS or not.
    pub fn serving(serves: Serves, tls: bool) -> Self {
        let (tell_truth, truths) = channel();
        // Nobody listens once a test ends.
        let witness: Witness = Box::new(move |truth: &Truth| drop(tell_truth.send(truth.clone())));
        Self::witnessed(serves, tls, Some(witness), truths)
    }

    /// Serves something of which nobody wants the truth.
    pub fn unwitnessed(serves: Serves, tls: bool) -> Self {
        Self::witnessed(serves, tls, None, channel().1)
    }

    fn witnessed(serves: Serves, tls: bool, witness: Option<Witness>, truths: Receiver<Truth>) -> Self {
        let (tell_notice, notices) = channel();
        let options = Options {
            tls,
            witness,
            notice: Box::new(move |notice: Notice| drop(tell_notice.send(notice.to_string()))),
            ..Options::new(serves)
        };
        let server = Server::bind(options).expect("an exchange");
        let (url, rest_url, address) = (server.url(), server.rest_url(), server.address());
        let ca_pem = server.ca_pem().map(str::to_owned);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = Some(std::thread::spawn(move || server.run(&stopped).expect("it ends in order")));
        Self { url, rest_url, address, ca_pem, notices, truths, stop, thread }
    }

    /// Serves BTC/EUR at the market's own time.
    pub fn market(events: Events, tls: bool) -> Self {
        let pair = Pair::listed("BTC/EUR").expect("a pair");
        Self::serving(Serves::Market { pair, events, speed: 1.0 }, tls)
    }

    /// A client that has read the status.
    pub fn client(&self) -> Client {
        let mut client = Client::connect(&self.url, self.ca_pem.as_deref()).expect("a connection");
        let status = client.next();
        assert!(status.starts_with(r#"{"channel":"status","type":"update","data":[{"version":"#), "{status}");
        client
    }

    /// Truth is made for nobody from here on.
    pub fn want_no_truth(&mut self) {
        self.truths = channel().1;
    }

    /// The next thing that people are told.
    pub fn notice(&self) -> String {
        self.notices.recv_timeout(PATIENCE).expect("a notice")
    }

    /// Ends it.
    pub fn stop(mut self) -> Served {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().expect("a thread").join().expect("no panic")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the exchange panicked");
        }
    }
}
