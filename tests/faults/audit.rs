//! The journal held against the exchange's log: each fault has left its sign, and there is no sign without a fault.

use crate::run::Ran;
use crate::support::sides;
use fathom::exchange::{Fault, FaultLine, Truth};
use fathom::files::journal_files;
use fathom::memory::Memory;
use fathom::replay::replay;
use hotpath::lines::{Lines, OUTPUT_LINES};
use hotpath::quality::Check;
use hotpath::record::{
    BookEnd, Feed, Frame, GapOpen, Head, Ignored, Kind, Line, Link, Quality, Refused, Status, body_of, feed, flag,
    link, payload_of, status,
};
use hotpath::{trust, venue};
use journal::{Item, Segment};
use std::collections::{BTreeMap, BTreeSet};

/// Levels of a fetched book that are compared: its snapshot shows 1,000, and the market does not stand still.
const FETCHED_LEVELS: usize = 100;

/// Where something happened: the exchange's connection, and the last message of it that had come.
type Place = (u64, u64);

/// What the journal says of a run.
#[derive(Debug, Default)]
pub struct Journal {
    /// What went wrong as the engine saw it, by kind and code: "gap checksum".
    pub signs: Vec<(Place, String)>,
    /// CRC-32 of each message.
    messages: BTreeMap<Place, u32>,
    /// Messages before which the book was trusted.
    trusted: BTreeSet<Place>,
    /// Messages behind which it was.
    left_trusted: BTreeSet<Place>,
    /// Books that were compared with the exchange's.
    pub compared: usize,
    /// Updates that came behind their successors and made the book what it was before these.
    outdated: Vec<Place>,
}

/// Precisions of prices and sizes.
pub type Precisions = (usize, usize);

/// Steps an engine over the journal and compares its book with the exchange's wherever it trusts it.
pub fn read(ran: &Ran, precisions: Precisions) -> Journal {
    let files = journal_files(&[ran.folder.path().join("journal")]).expect("a journal");
    assert!(replay(&files, None, None).expect("a replay").iter().all(|report| report.is_match()), "it does not replay");
    let told: BTreeMap<Place, &Truth> =
        ran.told.iter().map(|truth| ((truth.connection, truth.message), truth)).collect();
    let mut reader = Reader {
        ran,
        told,
        precisions,
        journal: Journal::default(),
        place: (0, 0),
        is_behind: false,
        is_stopping: false,
    };
    let (mut memory, mut is_loaded, mut lines) = (Memory::new(), false, vec![Line::ZERO; OUTPUT_LINES]);
    for path in &files {
        let segment = Segment::open(path).expect("a segment");
        for item in segment.items() {
            let Item::Record(record) = item else { panic!("damage in {}", path.display()) };
            if record.head.kind == Kind::CHECKPOINT && !is_loaded {
                memory.load(payload_of(record.bytes).expect("a state")).expect("the opening");
                is_loaded = true;
            }
            reader.before(&record.head, record.bytes, &mut memory);
            step(&mut memory, &record.head, record.bytes, &mut lines);
            reader.after(&record.head, record.bytes, &mut memory);
        }
    }
    reader.journal
}

fn step(memory: &mut Memory, head: &Head, bytes: &[u8], lines: &mut [Line]) {
    if head.kind == Kind::FRAME || !(head.kind.is_input() || head.kind.is_event()) {
        return;
    }
    let mut outputs = Lines::new(lines);
    outputs.begin(head.seq, head.taken_ns, head.connection);
    let engine = memory.engine_mut();
    engine.observe_time(head.taken_ns, &mut outputs).expect("no halt");
    engine.step(bytes, &mut outputs).expect("no halt");
}

struct Reader<'a> {
    ran: &'a Ran,
    told: BTreeMap<Place, &'a Truth>,
    precisions: Precisions,
    journal: Journal,
    place: Place,
    /// Whether anything came behind the last message.
    is_behind: bool,
    is_stopping: bool,
}

impl Reader<'_> {
    /// Counts messages, and finds the exchange's connection by the first of one.
    fn before(&mut self, head: &Head, bytes: &[u8], memory: &mut Memory) {
        let is_trusted = memory.engine_mut().markets()[0].state.trust.is_trusted();
        if head.kind.is_input() && !self.is_behind {
            self.is_behind = true;
            if is_trusted {
                self.journal.left_trusted.insert(self.place);
            }
        }
        if let Some(body) = body_of::<Link>(bytes) {
            if body.up == 1 {
                self.place.1 = 0;
            } else if body.cause != link::ASKED {
                let name = link::name(body.cause).expect("a cause");
                self.sign(format!("link {name} {}", body.close_code));
            }
        }
        if !body_of::<Frame>(bytes).is_some_and(|frame| matches!(frame.opcode, 1 | 2)) {
            return;
        }
        let crc32 = crc32fast::hash(payload_of(bytes).expect("a message"));
        self.place.1 += 1;
        self.is_behind = false;
        if self.place.1 == 1 {
            let first =
                |line: &&FaultLine| line.fault.is_none() && line.crc32 == Some(crc32) && line.connection > self.place.0;
            self.place.0 = self.ran.log.iter().find(first).expect("the exchange knows the connection").connection;
        }
        self.journal.messages.insert(self.place, crc32);
        if is_trusted {
            self.journal.trusted.insert(self.place);
        }
    }

    /// Notes signs, and compares books.
    fn after(&mut self, head: &Head, bytes: &[u8], memory: &mut Memory) {
        self.is_stopping |= head.kind == Kind::COMMAND;
        if let Some(end) = body_of::<BookEnd>(bytes) {
            self.compare(head, &end, memory);
        }
        if let Some(body) = body_of::<GapOpen>(bytes) {
            self.sign(format!("gap {}", trust::cause_name(body.cause)));
        }
        if let Some(body) = body_of::<Refused>(bytes) {
            self.sign(format!("refused {}", venue::cause_name(body.cause)));
        }
        if let Some(body) = body_of::<Ignored>(bytes).filter(|body| body.reason != 4) {
            self.sign(format!("ignored {}", venue::reason_name(body.reason)));
        }
        if let Some(body) = body_of::<Feed>(bytes) {
            self.sign(format!("feed {}", feed::name(body.code).expect("a code")));
        }
        if body_of::<Quality>(bytes).is_some_and(|body| body.check == Check::Time as u16) {
            self.sign("quality time".into());
        }
        if let Some(body) = body_of::<Status>(bytes).filter(|body| body.status != u16::from(status::ONLINE)) {
            self.sign(format!("status {}", status::name(body.status as u8).expect("a status")));
        }
    }

    fn sign(&mut self, what: String) {
        if !self.is_stopping {
            self.journal.signs.push((self.place, what));
        }
    }

    fn compare(&mut self, head: &Head, end: &BookEnd, memory: &mut Memory) {
        let market = &memory.engine_mut().markets()[0];
        // A snapshot that was fetched is no message of the connection.
        let is_fetched = end.update_id != 0 && head.has(flag::SNAPSHOT);
        if is_fetched || !market.state.trust.is_trusted() {
            return;
        }
        let truth = self.told.get(&self.place).expect("the exchange tells of every message of a book");
        self.journal.compared += 1;
        let is_late = |line: &FaultLine| {
            let at = (line.connection, line.message);
            matches!(line.fault, Some(Fault::Reorder | Fault::Delay)) && line.crc32.is_some() && at == self.place
        };
        let most = if truth.update_id.is_some() { FETCHED_LEVELS } else { usize::MAX };
        let (ours, theirs) = sides(&market.book, truth, most, self.precisions);
        if ours != theirs && self.ran.log.iter().any(is_late) {
            self.journal.outdated.push(self.place);
            return;
        }
        assert_eq!(ours, theirs, "bids and asks at {:?}", self.place);
    }
}

/// What a fault must show itself by, at its message or at the end of its connection, and what else may follow from it.
pub struct Expected {
    pub must: &'static [&'static str],
    pub may: &'static [&'static str],
}

const fn expected(must: &'static [&'static str], may: &'static [&'static str]) -> Expected {
    Expected { must, may }
}

/// The table: of Kraken, or of Binance, whose books are chained.
fn table(fault: Fault, is_chained: bool) -> Expected {
    const REFUSED: Expected = expected(&["gap refused-frame"], &["refused ", "gap sequence", IN_VAIN]);
    const SILENT: Expected = expected(&["feed silent", "gap stale"], &["feed heartbeat"]);
    const ENDED: Expected = expected(&["gap link-down"], &["link closed", "link broken"]);
    const NONE: Expected = expected(&[], &[]);
    match fault {
        Fault::Checksum => expected(&["gap checksum"], &[IN_VAIN]),
        Fault::Drop if is_chained => expected(&[], &["gap sequence", IN_VAIN]),
        Fault::Reorder | Fault::Delay if is_chained => expected(&[], &["gap sequence", "quality time", IN_VAIN]),
        Fault::Drop => expected(&[], &["gap checksum", "gap crossed", IN_VAIN]),
        Fault::Reorder | Fault::Delay => expected(&[], &["gap checksum", "gap crossed", "quality time", IN_VAIN]),
        Fault::Garbage | Fault::Truncate | Fault::Utf8 | Fault::Binary => REFUSED,
        Fault::Oversize => expected(&["link oversized", "gap link-down"], &[]),
        Fault::Silence | Fault::HalfOpen => SILENT,
        // A ping of Binance's may come meanwhile: then it is not silent.
        Fault::Stall if is_chained => expected(&[], &["gap stale", "feed silent"]),
        Fault::Close | Fault::Reset => ENDED,
        // The handshake may be that of a request, whose failure is no link's.
        Fault::Tls if is_chained => expected(&["gap link-down"], &["link tls"]),
        Fault::Tls => expected(&["link tls", "gap link-down"], &[]),
        Fault::Refuse429 => expected(&["link not-upgraded 429"], &[]),
        Fault::Refuse503 => expected(&["link not-upgraded 503"], &[]),
        // Where time does not run backwards at once, it does when the clock is right again.
        Fault::Clock => expected(&[], &["quality time"]),
        Fault::Channel => expected(&["ignored channel"], &[]),
        Fault::Maintenance => expected(&["status maintenance"], &[]),
        // What is asked for meanwhile comes behind it.
        Fault::Drip => expected(&[], &["feed ack-missing", "feed snapshot-missing"]),
        Fault::Duplicate
        | Fault::Fragment
        | Fault::Coalesce
        | Fault::Stall
        | Fault::Field
        | Fault::Spell
        | Fault::Resnapshot => NONE,
    }
}

/// A book that is lost again and again is asked for on a new connection.
const IN_VAIN: &str = "feed resubscribed-in-vain";

/// Whether a fault is about the connection, behind the message of its line.
const fn is_of_connection(fault: Fault) -> bool {
    matches!(fault, Fault::Oversize | Fault::Silence | Fault::HalfOpen | Fault::Close | Fault::Reset | Fault::Tls)
}

/// What an exchange that is not let run looks like.
const STILL: [&str; 6] =
    ["gap stale", "feed silent", "feed heartbeat", "feed ack-missing", "feed snapshot-missing", "link no-answer"];

/// Holds log and journal against each other. The exchange itself stood still `stills` times.
pub fn hold(ran: &Ran, journal: &Journal, is_chained: bool, stills: usize) {
    let mut stood = [0; STILL.len()];
    for line in ran.log[..ran.settled].iter().filter(|line| line.fault.is_some()) {
        detected(line, ran, journal, is_chained);
    }
    for (place, sign) in &journal.signs {
        let explains = |line: &&FaultLine| {
            let Some(fault) = line.fault else { return false };
            let Expected { must, may } = table(fault, is_chained);
            // What happens before a connection is up has no message, one that is too large never comes, and one that is
            // out of turn shows at the message before it.
            let is_before = matches!(fault, Fault::Oversize | Fault::Reorder);
            let first = line.message - u64::from(is_before);
            // Time may run backwards long after: on the next connection too.
            let is_there = (line.connection == place.0 && first <= place.1)
                || line.message == 0
                || (sign == "quality time" && line.connection < place.0);
            is_there && must.iter().chain(may).any(|name| sign.starts_with(name))
        };
        let found = ran.log.iter().find(explains);
        if let (None, Some(kind)) = (found, STILL.iter().position(|name| sign.starts_with(name))) {
            stood[kind] += 1;
            if stood[kind] <= stills {
                continue;
            }
        }
        assert!(found.is_some(), "{sign} at {place:?} without a fault: {:#?}\n{:#?}", journal.signs, ran.log);
    }
    // An update that undoes what its successor did has a checksum that holds; only its time says that it is old. The next
    // update's checksum does not hold: its book is compared like any other.
    for place in &journal.outdated {
        let is_told = journal.signs.iter().any(|(at, sign)| at == place && sign == "quality time");
        assert!(is_told, "an old book at {place:?} without a word: {:#?}", journal.signs);
    }
    assert!(ran.seen.is_trusted, "the book is not trusted again: {:?}", journal.signs);
}

/// A fault is found in the journal: its message, and its sign there.
fn detected(line: &FaultLine, ran: &Ran, journal: &Journal, is_chained: bool) {
    let fault = line.fault.expect("a fault");
    let place = (line.connection, line.message);
    let last = journal.messages.range((line.connection, 0)..=(line.connection, u64::MAX)).count() as u64;
    if let (Some(crc32), Some(found)) = (line.crc32, journal.messages.get(&place)) {
        assert_eq!(*found, crc32, "another message than the exchange handed over: {line:?}");
    }
    let is_of_connection = is_of_connection(fault);
    if line.message > last && !is_of_connection {
        // A connection that ended took what was on its way with it.
        let has_ended = ran.log.iter().any(|other| other.fault.is_none() && other.connection > line.connection);
        assert!(has_ended || line.crc32.is_none(), "{line:?} did not come");
        return;
    }
    let was_trusted = if is_of_connection {
        journal.left_trusted.contains(&(line.connection, line.message.min(last)))
    } else {
        journal.trusted.contains(&place)
    };
    for must in table(fault, is_chained).must {
        // A book that is not trusted cannot be trusted less.
        if must.starts_with("gap") && !was_trusted || line.detail == "online" {
            continue;
        }
        let is_there = |at: &Place| line.message == 0 || (at.0 == place.0 && (is_of_connection || at.1 == place.1));
        let found = journal.signs.iter().any(|(at, sign)| is_there(at) && sign.starts_with(must));
        assert!(found, "no {must} for {line:?}: {:#?}", journal.signs);
    }
}
