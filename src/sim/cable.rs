//! A connection without a network: two ways for bytes, which arrive later, in pieces, or not at all.

use super::hands::Hands;
use crate::clock::Time;
use crate::exchange::Duplex;
use crate::link::{Inbox, Port, Read, Stamps};
use crate::market::Random;
use hotpath::record::{Host, link};
use hotpath::websocket::{INBOX_BYTES, OUT_HEADER_BYTES_MAX, READ_BYTES_MAX, encode};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Bytes on their way, at most: what does not fit is not taken yet.
const WAY_BYTES_MAX: usize = 256 * 1024;
/// Least time from one end to the other, nanoseconds.
const DELAY_NS: u64 = 4_000_000;
/// What chance adds to it, on average.
const JITTER_NS: u64 = 300_000;
/// How long an end tries to reach one that does not answer any more, nanoseconds.
const LOST_NS: u64 = 60_000_000_000;
/// One chunk of so many is torn: the rest of it comes later.
const TEARS_ONE_OF: u64 = 40;
/// How much later the rest of it comes, on average, nanoseconds.
const TORN_NS: u64 = 2_000_000;

/// An end of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// Everything was written.
    Finished,
    /// The connection broke off.
    Reset,
}

/// Bytes in one direction.
#[derive(Debug, Default)]
struct Way {
    chunks: VecDeque<(u64, Vec<u8>)>,
    bytes: usize,
    last_due_ns: u64,
    end: Option<(u64, Ending)>,
}

impl Way {
    /// Bytes that have arrived, at most `most`, and when the last of them did.
    fn take(&mut self, now_ns: u64, into: &mut [u8]) -> io::Result<(usize, u64)> {
        let (mut count, mut arrived_ns) = (0, 0);
        while let Some((due_ns, bytes)) = self.chunks.front_mut().filter(|(due_ns, _)| *due_ns <= now_ns) {
            let taken = bytes.len().min(into.len() - count);
            if taken == 0 {
                break;
            }
            into[count..count + taken].copy_from_slice(&bytes[..taken]);
            (count, arrived_ns) = (count + taken, *due_ns);
            bytes.drain(..taken);
            if bytes.is_empty() {
                self.chunks.pop_front();
            }
        }
        self.bytes -= count;
        match self.end {
            _ if count > 0 => Ok((count, arrived_ns)),
            Some((due_ns, Ending::Reset)) if due_ns <= now_ns => Err(ErrorKind::ConnectionReset.into()),
            Some((due_ns, Ending::Finished)) if due_ns <= now_ns && self.chunks.is_empty() => Ok((0, due_ns)),
            _ => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// What was lost arrives.
    fn thaw(&mut self, due_ns: u64) {
        for chunk in self.chunks.iter_mut().filter(|(due_ns, _)| *due_ns == u64::MAX) {
            chunk.0 = due_ns.max(self.last_due_ns);
        }
        self.last_due_ns = self.last_due_ns.max(due_ns);
    }

    /// When bytes arrive, or the end.
    fn due_ns(&self) -> impl Iterator<Item = u64> {
        let end_ns = self.end.map(|(due_ns, _)| due_ns);
        self.chunks.iter().map(|(due_ns, _)| *due_ns).chain(end_ns)
    }
}

/// Both directions, and what the weather does to them.
#[derive(Debug)]
struct Strands {
    to_exchange: Way,
    to_engine: Way,
    random: Random,
    slower_ns: u64,
    is_frozen: bool,
}

impl Strands {
    fn put(&mut self, is_to_engine: bool, bytes: &[u8], now_ns: u64) -> io::Result<usize> {
        let soon_ns = now_ns + DELAY_NS + self.slower_ns + self.random.exponential(JITTER_NS);
        // What gets lost is sent again and again: nothing behind it can be read before it.
        let due_ns = if self.is_frozen { u64::MAX } else { soon_ns };
        let tear = (self.random.below(TEARS_ONE_OF) == 0).then(|| self.random.exponential(TORN_NS));
        let at = self.random.below(bytes.len() as u64 + 1) as usize;
        let back = if is_to_engine { &self.to_exchange } else { &self.to_engine };
        if matches!(back.end, Some((end_ns, Ending::Reset)) if end_ns <= now_ns) {
            return Err(ErrorKind::ConnectionReset.into());
        }
        let way = if is_to_engine { &mut self.to_engine } else { &mut self.to_exchange };
        match way.end {
            Some((_, Ending::Reset)) => return Err(ErrorKind::ConnectionReset.into()),
            Some((_, Ending::Finished)) => return Err(ErrorKind::BrokenPipe.into()),
            None => {}
        }
        let count = bytes.len().min(WAY_BYTES_MAX - way.bytes);
        if count == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let due_ns = due_ns.max(way.last_due_ns);
        let cut = if tear.is_some() { at.min(count) } else { count };
        for (part, due_ns) in [(&bytes[..cut], due_ns), (&bytes[cut..count], due_ns.saturating_add(tear.unwrap_or(0)))]
        {
            if !part.is_empty() {
                way.chunks.push_back((due_ns, part.to_vec()));
                way.last_due_ns = if self.is_frozen { way.last_due_ns } else { due_ns };
            }
        }
        way.bytes += count;
        Ok(count)
    }
}

/// A connection, in the hands of the world.
#[derive(Clone, Debug)]
pub struct Cable {
    strands: Arc<Mutex<Strands>>,
    hands: Hands,
}

impl Cable {
    /// A new one.
    pub fn new(hands: Hands, seed: u64) -> Self {
        let (to_exchange, to_engine) = (Way::default(), Way::default());
        let strands = Strands { to_exchange, to_engine, random: Random::new(seed), slower_ns: 0, is_frozen: false };
        Self { strands: Arc::new(Mutex::new(strands)), hands }
    }

    fn strands(&self) -> MutexGuard<'_, Strands> {
        self.strands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next thing arrives at an end. What has arrived may lie there as long as nobody reads it.
    pub fn due_ns(&self) -> Option<u64> {
        let now_ns = self.hands.now_ns();
        let strands = self.strands();
        let dues = strands.to_exchange.due_ns().chain(strands.to_engine.due_ns());
        dues.filter(|due_ns| *due_ns > now_ns).min()
    }

    /// Everything takes so much longer from now on.
    pub fn slow(&self, by_ns: u64) {
        self.strands().slower_ns = by_ns;
    }

    /// Nothing that is sent arrives, and nobody is told; afterwards all of it does.
    pub fn freeze(&self, is_frozen: bool) {
        let due_ns = self.hands.now_ns() + DELAY_NS;
        let mut strands = self.strands();
        strands.is_frozen = is_frozen;
        let Strands { to_exchange, to_engine, .. } = &mut *strands;
        if !is_frozen {
            [to_exchange, to_engine].into_iter().for_each(|way| way.thaw(due_ns));
        }
    }

    /// Breaks off: what is on its way is gone.
    pub fn cut(&self) {
        let now_ns = self.hands.now_ns();
        let mut strands = self.strands();
        let Strands { to_exchange, to_engine, .. } = &mut *strands;
        for way in [to_exchange, to_engine] {
            (way.chunks, way.bytes) = (VecDeque::new(), 0);
            way.end = Some((now_ns, Ending::Reset));
        }
    }

    fn finish(&self, is_to_engine: bool) {
        let mut strands = self.strands();
        let delay_ns = DELAY_NS + strands.slower_ns;
        let is_frozen = strands.is_frozen;
        let way = if is_to_engine { &mut strands.to_engine } else { &mut strands.to_exchange };
        if way.end.is_none() {
            let now_ns = self.hands.now_ns();
            way.end = Some(match is_frozen {
                true => (now_ns + LOST_NS, Ending::Reset),
                false => ((now_ns + delay_ns).max(way.last_due_ns), Ending::Finished),
            });
        }
    }
}

/// The exchange's end.
pub struct FarEnd(pub Cable);

impl io::Read for FarEnd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let now_ns = self.0.hands.now_ns();
        self.0.strands().to_exchange.take(now_ns, into).map(|(count, _)| count)
    }
}

impl io::Write for FarEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now_ns = self.0.hands.now_ns();
        self.0.strands().put(true, bytes, now_ns)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Duplex for FarEnd {
    fn finish(&mut self) {
        self.0.finish(true);
    }
}

impl Drop for FarEnd {
    fn drop(&mut self) {
        self.0.finish(true);
    }
}

/// The engine's end while the connection is made.
#[derive(Debug)]
pub struct NearEnd(pub Cable);

impl io::Read for NearEnd {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let now_ns = self.0.hands.now_ns();
        self.0.strands().to_engine.take(now_ns, into).map(|(count, _)| count)
    }
}

impl io::Write for NearEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let now_ns = self.0.hands.now_ns();
        self.0.strands().put(false, bytes, now_ns)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The engine's end of an established connection.
pub struct SimPort {
    cable: Cable,
    inbox: Inbox,
    out: Box<[u8]>,
    masks: Random,
    is_mute: bool,
}

impl SimPort {
    /// A connection that was upgraded; `rest` is what came behind the answer.
    pub fn new(cable: Cable, rest: &[u8], seed: u64) -> Self {
        let mut inbox = Inbox::new(vec![0; INBOX_BYTES].into_boxed_slice());
        let count = rest.len().min(READ_BYTES_MAX);
        inbox.vacant()[..count].copy_from_slice(&rest[..count]);
        inbox.filled(count);
        let out = vec![0; READ_BYTES_MAX + OUT_HEADER_BYTES_MAX].into_boxed_slice();
        Self { cable, inbox, out, masks: Random::new(seed), is_mute: false }
    }
}

impl Port for SimPort {
    fn granted(&self) -> &[Host] {
        &[]
    }

    fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    fn inbox_mut(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    fn read(&mut self, clock: &impl Time) -> Read {
        let now_ns = self.cable.hands.now_ns();
        let into = self.inbox.vacant();
        let most = into.len().min(READ_BYTES_MAX);
        let taken = self.cable.strands().to_engine.take(now_ns, &mut into[..most]);
        if let Err(error) = &taken
            && error.kind() == ErrorKind::WouldBlock
            && !self.is_mute
        {
            return Read::Nothing;
        }
        let recv_ns = clock.now_ns();
        let kernel_utc_ns = taken.as_ref().map_or(0, |(_, arrived_ns)| self.cable.hands.utc_ns(*arrived_ns));
        let stamps = Stamps { recv_ns, kernel_utc_ns };
        match taken {
            Ok((count, _)) if count > 0 => {
                self.inbox.filled(count);
                Read::Bytes(stamps)
            }
            _ => Read::Ended(link::BROKEN, stamps),
        }
    }

    fn send(&mut self, opcode: u16, payload: &[u8]) -> bool {
        if self.is_mute {
            return false;
        }
        let [a, b, c, d, ..] = self.masks.next().to_le_bytes();
        let Some(count) = encode(opcode, payload, [a, b, c, d], &mut self.out) else { return false };
        let now_ns = self.cable.hands.now_ns();
        let is_sent = self.cable.strands().put(false, &self.out[..count], now_ns).is_ok_and(|taken| taken == count);
        self.is_mute = !is_sent;
        is_sent
    }
}

impl Drop for SimPort {
    fn drop(&mut self) {
        self.cable.finish(false);
    }
}
