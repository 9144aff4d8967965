//! A live session without a network: the engine is driven as the hot thread drives it.

use super::support::{config, frames, synthetic};
use bytemuck::Zeroable;
use fathom::memory::Memory;
use fathom::run::JournalDiary;
use hotpath::input::Input;
use hotpath::record::{Clock, Close, Command, Health, Host, Link, Sent, close, command, host, link, sent, source};
use hotpath::turn::Core;
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use journal::{Run, Settings, Writer, origin};
use std::path::Path;

const MS: u64 = 1_000_000;

struct Session<'a> {
    core: Core<'a, Kraken>,
    diary: JournalDiary,
    now_ns: u64,
}

impl Session<'_> {
    fn take(&mut self, input: &Input<'_>) {
        self.core.turn(self.now_ns, input, &mut self.diary).expect("a turn");
    }

    fn frame(&mut self, payload: &[u8], waited_ns: u64) {
        let recv_ns = self.now_ns - 2_000;
        let frame = Frame::received(0, 1, payload);
        let kernel_utc_ns = START_UTC_NS + recv_ns - waited_ns;
        self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns, end_of_read: true });
    }

    fn requests(&self) -> Vec<(u64, u16)> {
        self.core.requests().iter().map(|wanted| (wanted.request.req_id, wanted.request.action)).collect()
    }
}

/// UTC of the session's monotonic zero.
pub const START_UTC_NS: u64 = 1_785_542_400_000_000_000;

/// How often the session hears its frames. Between two laps stands a message that is no JSON: a gap, which the next snapshot
/// closes.
const LAPS: usize = 3;
/// Gaps of a session: those between laps, and the one of the lost connection.
pub const GAPS: usize = LAPS;

/// A session that connects at the second try, subscribes, hears `heard` frames several times and a long one, loses its
/// connection and is stopped.
pub fn live(path: &Path, heard: usize) {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let mut settings = loaded.config;
    settings.session = settings.session.activated();
    let run = Run {
        run_id: 0xabcd,
        salt: 9,
        created_utc_ns: START_UTC_NS,
        markets: 1,
        origin: origin::LIVE,
        segment: 0,
        first_seq: 0,
    };
    let place = journal::Place::File(path.to_owned());
    let writer = Writer::create(Settings { place, run, capacity_bytes: 64 << 20 }).expect("a journal");
    let mut memory = Memory::new();
    let core = memory.start(Kraken, &settings).expect("a core");
    let mut session = Session { core, diary: JournalDiary(writer), now_ns: 10 * MS };
    session.core.open(session.now_ns, &mut session.diary).expect("an opening");
    let clock = Clock { mono_ns: 10 * MS, utc_ns: START_UTC_NS + 10 * MS, uncertainty_ns: 85, ..Clock::zeroed() };
    session.take(&Input::Clock(clock));
    assert_eq!(session.requests(), [(1, 1)], "the connection is asked for");
    let refused = Host { option: host::FIFO, granted: 0, errno: 1, asked: 80, found: 0 };
    session.take(&Input::Host(u16::MAX, refused));
    session.now_ns += MS;
    let fell = Link { cause: link::NOT_REACHED, recv_ns: session.now_ns, ..Link::zeroed() };
    session.take(&Input::Link(0, fell));
    session.now_ns += 2_000 * MS;
    let rose = Link { up: 1, cause: link::CONNECTED, recv_ns: session.now_ns, ..Link::zeroed() };
    session.take(&Input::Link(0, rose));
    let asked = session.requests();
    assert!(!asked.is_empty(), "a channel is asked for");
    for (req_id, _) in asked {
        let body = Sent { req_id, sent_ns: session.now_ns, crc: 1, bytes: 80, outcome: sent::SENT };
        session.take(&Input::Sent(0, body));
    }
    let health = Health { ring_lines_free: 5_000, disk_mib_free: 9_000, journal_lag_ns: 77_000, ..Health::zeroed() };
    session.take(&Input::Health(health));
    let heard = frames(&synthetic(8, heard, &loaded));
    for lap in 0..LAPS {
        if lap > 0 {
            session.now_ns += 3 * MS;
            session.frame(b"{\"channel\":\"book\",", 1_000);
        }
        for (_, payload) in &heard {
            session.now_ns += 3 * MS;
            let waited_ns = 1_000 + session.now_ns % 7_919;
            session.frame(payload, waited_ns);
        }
    }
    // A message that takes several records is one message.
    session.now_ns += MS;
    session.frame(&[&b"{\"channel\":\"heartbeat\"}"[..], &[b' '; 70_000]].concat(), 1_000);
    let fell = Link { cause: link::BROKEN, recv_ns: session.now_ns, ..Link::zeroed() };
    session.take(&Input::Link(0, fell));
    session.now_ns += MS;
    let stop = Command { code: command::STOP, source: source::OPERATOR, serial: 1, ..Command::zeroed() };
    session.take(&Input::Command(stop));
    session.take(&Input::Close(Close { cause: close::STOPPED, spare: [0; 11] }));
    session.diary.0.close().expect("a closed journal");
}
