//! `journal verify` of books whose updates chain: a second implementation confirms every verdict, and nothing else.

#[path = "support/chained.rs"]
mod chained;
mod support;

use bytemuck::Zeroable;
use chained::{Faults, Market, Section, recorded};
use fathom::gaps::Gaps;
use fathom::import::{Imported, Source, import};
use fathom::memory::Memory;
use fathom::run::JournalDiary;
use fathom::verify::{Verified, verify};
use hotpath::config::MarketConfig;
use hotpath::input::Input;
use hotpath::record::{
    Clock, Features, GapOpen, HEAD_BYTES, LINE_BYTES, Link, Sent, Ticker, Timer, Update, action, body_of, link, sent,
};
use hotpath::trust::Cause;
use hotpath::turn::Core;
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use journal::{Header, Item, Place, Run, Segment, Settings, Writer, origin, record_crc};
use std::path::{Path, PathBuf};
use support::{config, recording, records};

const FAULTY: Faults = Faults { lost: 20, misstated: 30, snapshot_each: 40 };

/// A recording of the spot market led by one of the perpetual, imported: the journal's folder and files.
fn imported_pair(seed: u64, updates: u64, faults: [Faults; 2], sets: &[&str]) -> (tempfile::TempDir, Imported) {
    let loaded = config("binance-btc-usdt.toml", sets);
    let folder = tempfile::tempdir().expect("a folder");
    let sections = [(0, Section::Spot), (1, Section::Perp)];
    let sources = sections.map(|(connection, section)| {
        let path = folder.path().join(format!("recording-{connection}.txt"));
        let bytes = recorded(section, seed + u64::from(connection), updates, faults[usize::from(connection)]);
        std::fs::write(&path, bytes).expect("a file");
        Source { path, connection }
    });
    let out = folder.path().join("journal.bin");
    let imported = import(&sources, &loaded, &out).expect("an import");
    (folder, imported)
}

fn touches(all: &[Verified]) -> (u64, u64) {
    all.iter().fold((0, 0), |sum, verified| (sum.0 + verified.counts.touches_ok, sum.1 + verified.counts.touches_bad))
}

#[track_caller]
fn verified(files: &[PathBuf]) -> Vec<Verified> {
    let all: Vec<_> = files.iter().map(|file| verify(file).expect("a journal")).collect();
    assert!(all.iter().all(Verified::is_ok), "{:?}", all.iter().map(|one| &one.disagreements).collect::<Vec<_>>());
    all
}

/// Lost updates and misstated best levels are found by both implementations alike, in one file or many.
#[test]
fn what_the_engine_says_of_a_faulty_feed_is_confirmed() {
    let mut causes = std::collections::BTreeSet::new();
    for seed in 0..12 {
        for sets in [&[][..], &["journal.segment_bytes=65536", "journal.checkpoint_s=1"]] {
            let (_folder, imported) = imported_pair(seed * 2, 400, [FAULTY, FAULTY], sets);
            let all = verified(&imported.segments);
            let counts = |of: fn(&fathom::import::MarketSum) -> u64| imported.markets.iter().map(of).sum::<u64>();
            let expected = (counts(|market| market.counts.touches_ok), counts(|market| market.counts.touches_bad));
            assert_eq!(touches(&all), expected, "seed {seed}");
            assert!(expected.0 > 50 && counts(|market| market.gaps.into()) > 5, "seed {seed}: {expected:?}");
            let gaps = Gaps::of(&imported.segments).expect("gaps");
            causes.extend(gaps.gaps.iter().map(|gap| gap.cause));
        }
    }
    assert_eq!(causes.into_iter().collect::<Vec<_>>(), ["sequence", "touch"]);
}

/// Changes the body of a market's `nth` record of a kind and makes its CRC right again.
fn tampered<B: hotpath::record::Body>(file: &Path, instrument: u16, nth: usize, change: impl FnOnce(&mut B)) {
    let segment = Segment::open(file).expect("a journal");
    let offsets = segment.items().filter_map(|item| match item {
        Item::Record(record) if record.head.kind == B::KIND && record.head.instrument == instrument => {
            Some(record.offset)
        }
        _ => None,
    });
    let offset = offsets.into_iter().nth(nth).expect("a record of the kind");
    drop(segment);
    let mut bytes = std::fs::read(file).expect("a journal");
    let salt = Header::read(&bytes).expect("a header").header.salt;
    let record = &mut bytes[offset..offset + B::LINES * LINE_BYTES];
    let mut body: B = body_of(record).expect("a body");
    change(&mut body);
    record[HEAD_BYTES..].copy_from_slice(bytemuck::bytes_of(&body));
    let (first, rest) = record.split_at(LINE_BYTES);
    let crc = record_crc(salt, first, rest);
    record[4..8].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(file, bytes).expect("a journal");
}

/// What is changed, and how.
type Tamper = (&'static str, fn(&Path));

/// A journal that says something else than its events give is not confirmed, though every CRC is right.
#[test]
fn a_changed_verdict_or_event_is_found() {
    let tamper: [Tamper; 6] = [
        ("best size of a decision", |file| tampered(file, 0, 200, |body: &mut Features| body.bid_lots += 1)),
        ("best price of a decision", |file| tampered(file, 1, 300, |body: &mut Features| body.ask_ticks += 10)),
        ("chain", |file| tampered(file, 1, 150, |body: &mut Update| body.follows_id += 1)),
        ("cause of a gap", |file| tampered(file, 0, 0, |body: &mut GapOpen| body.cause = 2)),
        ("a gap called silence", |file| tampered(file, 0, 1, |body: &mut GapOpen| body.cause = 5)),
        ("statement", |file| {
            let segment = Segment::open(file).expect("a journal");
            let mut last = None;
            let mut tickers = 0;
            for item in segment.items() {
                let Item::Record(record) = item else { continue };
                if let Some(ticker) = body_of::<Ticker>(record.bytes) {
                    last = Some((ticker.update_id, record.head.instrument, tickers));
                    tickers += usize::from(record.head.instrument == 0);
                }
                let end: Option<hotpath::record::BookEnd> = body_of(record.bytes);
                let is_proved = |(id, of, _): &(u64, u16, usize)| {
                    end.is_some_and(|end| end.update_id == *id) && record.head.instrument == *of && *of == 0
                };
                if record.head.seq > 2_000 && last.as_ref().is_some_and(is_proved) {
                    break;
                }
            }
            let (_, _, nth) = last.expect("a statement");
            tampered(file, 0, nth, |body: &mut Ticker| body.bid_lots += 1);
        }),
    ];
    for (what, change) in tamper {
        let (_folder, imported) = imported_pair(6, 400, [FAULTY, Faults::default()], &[]);
        verified(&imported.segments);
        change(&imported.segments[0]);
        let after = verify(&imported.segments[0]).expect("a journal");
        assert!(after.damaged_at.is_empty() && !after.is_ok(), "{what}");
    }
}

#[test]
fn both_recordings_of_binance_are_confirmed() {
    let (Some(spot), Some(perp)) =
        (recording("binance/spot_btcusdt_20240808.gz"), recording("binance/usdm_btcusdt_20240808.gz"))
    else {
        return;
    };
    let loaded = config("binance-btc-usdt.toml", &["journal.segment_bytes=8388608"]);
    let folder = tempfile::tempdir().expect("a folder");
    let sources = [Source::own(&spot), Source { path: perp, connection: 1 }];
    let imported = import(&sources, &loaded, &folder.path().join("journal")).expect("an import");
    assert!(imported.segments.len() > 5);
    assert_eq!(touches(&verified(&imported.segments)), (560 + 447, 0));
}

const MS: u64 = 1_000_000;

/// A live session with a spot market on one connection, without a network.
struct Live<'a> {
    core: Core<'a, Every>,
    diary: JournalDiary,
    now_ns: u64,
    market: Market,
    fetches: u64,
    /// Trusted books that were lost to a wrong snapshot.
    replaced: u64,
    /// From when to when the book was trusted; the last may be open.
    trusted: Vec<(u64, u64)>,
    since_ns: Option<u64>,
    last_frame_ns: u64,
}

impl Live<'_> {
    fn take(&mut self, input: &Input<'_>) {
        self.core.turn(self.now_ns, input, &mut self.diary).expect("a turn");
        let is_trusted = self.core.engine().markets()[0].state.trust.is_trusted();
        match self.since_ns {
            None if is_trusted => self.since_ns = Some(self.now_ns),
            Some(since_ns) if !is_trusted => {
                self.trusted.push((since_ns, self.now_ns));
                self.since_ns = None;
            }
            _ => {}
        }
    }

    fn hear(&mut self, frame: Frame<'_>) {
        let recv_ns = self.now_ns;
        self.last_frame_ns = self.now_ns;
        self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
        self.carry_out();
    }

    /// Does what the engine asks for: some fetches fail, some are answered late, from a market that has gone on.
    fn carry_out(&mut self) {
        let wanted: Vec<_> = self.core.requests().to_vec();
        for wanted in wanted {
            let req_id = wanted.request.req_id;
            let outcome = |outcome, bytes| Sent { req_id, sent_ns: self.now_ns, crc: 1, bytes, outcome };
            match wanted.request.action {
                action::CONNECT => {
                    let up = Link { up: 1, cause: link::CONNECTED, recv_ns: self.now_ns, ..Link::zeroed() };
                    self.take(&Input::Link(wanted.connection, up));
                }
                action::DISCONNECT => {
                    let down = Link { cause: link::ASKED, recv_ns: self.now_ns, ..Link::zeroed() };
                    self.take(&Input::Link(wanted.connection, down));
                }
                action::SUBSCRIBE => {
                    self.take(&Input::Sent(wanted.connection, outcome(sent::SENT, 80)));
                    let (market, channel) = (u64::from(wanted.instrument & 0xff), u64::from(wanted.request.channel));
                    let id = req_id << 16 | market << 8 | channel << 4 | u64::from(action::SUBSCRIBE);
                    let text = format!("{{\"result\":null,\"id\":{id}}}");
                    self.hear(Frame::received(wanted.connection, 1, text.as_bytes()));
                }
                action::FETCH => {
                    self.fetches += 1;
                    match self.market.below(5) {
                        0 => self.take(&Input::Sent(wanted.connection, outcome(sent::NOT_SENT, 0))),
                        1 => self.take(&Input::Sent(wanted.connection, outcome(sent::REFUSED, 500))),
                        late => {
                            (0..late).for_each(|_| self.goes_on(false));
                            let is_wrong = self.market.below(4) == 0;
                            let body = self.market.snapshot(12, is_wrong);
                            let was_trusted = self.since_ns.is_some();
                            self.hear(Frame::fetched(wanted.instrument, body.as_bytes()));
                            self.replaced += u64::from(was_trusted && self.since_ns.is_none());
                        }
                    }
                }
                _ => self.take(&Input::Sent(wanted.connection, outcome(sent::SENT, 80))),
            }
            self.carry_out();
        }
    }

    /// The market makes an update, which may be lost on the way.
    fn goes_on(&mut self, is_lost: bool) {
        self.now_ns += 20 * MS;
        let update = self.market.update(1_723_161_255_208 + self.now_ns / MS);
        // Nothing is stated before the first snapshot: the book must wait all the same.
        let is_begun = self.core.engine().markets()[0].state.counts.snapshots > 0;
        if self.market.below(2) == 0 && is_begun {
            let is_wrong = self.market.below(100) == 0;
            let ticker = self.market.ticker(is_wrong);
            self.hear(Frame::received(0, 1, ticker.as_bytes()));
        }
        if !is_lost {
            self.hear(Frame::received(0, 1, update.as_bytes()));
        }
        let due_ns = self.core.engine().deadline_ns();
        if due_ns <= self.now_ns {
            self.take(&Input::Timer(Timer { due_ns, spare: [0; 2] }));
            self.carry_out();
        }
    }
}

/// Fetches that fail, that come late, that are made while the book goes on: what is held for which snapshot is confirmed.
#[test]
fn a_session_that_fetches_is_confirmed() {
    let mut settings =
        config("binance-btc-usdt.toml", &["journal.segment_bytes=65536", "venue.depth=12", "venue.stale_ms=2000"])
            .config;
    settings.market_count = 1;
    settings.markets[1..].fill(MarketConfig::zeroed());
    settings.session = settings.session.activated();
    let (mut sums, mut behind) = ([0; 4], 0);
    for seed in 0..8 {
        let folder = tempfile::tempdir().expect("a folder");
        let run = Run {
            run_id: seed + 1,
            salt: 9,
            created_utc_ns: 1,
            markets: 1,
            origin: origin::LIVE,
            segment: 0,
            first_seq: 0,
        };
        let place = Place::Folder(folder.path().to_owned());
        let writer = Writer::create(Settings { place, run, capacity_bytes: 1 << 20 }).expect("a journal");
        let mut memory = Memory::new();
        let core = memory.start(Every, &settings).expect("a core");
        let market = Market::new(Section::Spot, seed);
        let mut live = Live {
            core,
            diary: JournalDiary(writer),
            now_ns: 10 * MS,
            market,
            fetches: 0,
            replaced: 0,
            trusted: Vec::new(),
            since_ns: None,
            last_frame_ns: 0,
        };
        live.core.open(live.now_ns, &mut live.diary).expect("an opening");
        live.take(&Input::Clock(Clock { mono_ns: 1, utc_ns: 1_723_161_255_208 * MS, ..Clock::zeroed() }));
        live.carry_out();
        for _ in 0..3_000 {
            let is_lost = live.market.below(300) == 0;
            live.goes_on(is_lost);
        }
        // Three seconds without an update, while best levels go on.
        (0..150).for_each(|_| live.goes_on(true));
        (0..100).for_each(|_| live.goes_on(false));
        let counts = live.core.engine().markets()[0].state.counts;
        let (fetches, gaps) = (live.fetches, live.core.engine().markets()[0].state.trust.gaps());
        let more = [live.replaced, fetches, u64::from(gaps), counts.touches_ok];
        sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        let mut trusted = live.trusted;
        trusted.extend(live.since_ns.map(|since_ns| (since_ns, live.last_frame_ns)));
        live.diary.0.close().expect("a closed journal");
        let files = fathom::files::journal_files(&[folder.path().to_owned()]).expect("files");
        assert!(files.len() > 2);
        assert_eq!(touches(&verified(&files)), (counts.touches_ok, counts.touches_bad), "seed {seed}");
        // A snapshot alone is not trusted, so the files must say when it was.
        let told = Gaps::of(&files).expect("gaps").uptimes;
        assert_eq!(told[&0].spans, trusted, "seed {seed}");
        let lost = records(&files).into_iter().filter_map(|(_, record)| body_of::<GapOpen>(&record));
        behind += lost.filter(|gap| gap.cause == Cause::Behind as u16).count();
    }
    assert!(behind > 0, "{behind}");
    let [replaced, fetches, gaps, touches_ok] = sums;
    assert!(replaced > 1 && fetches > 100 && gaps > 24 && touches_ok > 1_600, "{sums:?}");
}
