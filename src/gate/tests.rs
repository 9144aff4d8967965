use super::Check;
use super::beats::Beats;
use super::books::{Books, Spent};
use super::faults::{At, Faults};
use super::ledger::RunLedger;
use super::links::Links;
use bytemuck::Zeroable;
use hotpath::record::{
    Body, Clock, Command, Feed, Frame, GapClose, GapOpen, Head, Heartbeat, Kind, Link, Request, Timer, Trust, action,
    command, feed, link,
};
use hotpath::trust::Cause;
use std::path::Path;

const S: u64 = 1_000_000_000;

fn at() -> At<'static> {
    At::new(Path::new("journal.bin"), 640)
}

fn record<B: Body>(taken_ns: u64, body: &B) -> (Head, Vec<u8>) {
    let head = Head { len: (B::LINES * 64) as u32, kind: B::KIND, taken_ns, ..Head::zeroed() };
    let mut bytes = bytemuck::bytes_of(&head).to_vec();
    bytes.extend(bytemuck::bytes_of(body));
    (head, bytes)
}

fn opened(number: u32, cause: Cause) -> GapOpen {
    GapOpen { number, cause: cause as u16, ..GapOpen::zeroed() }
}

fn closed(number: u32, cause: Cause, opened_ns: u64, duration_ns: u64) -> GapClose {
    GapClose { number, cause: cause as u16, opened_ns, duration_ns, spare: 0 }
}

/// Books to which records were told, and what did not fit.
struct Told(Books, Faults);

impl Told {
    fn new() -> Self {
        let mut books = Books::default();
        books.begin((0, 0), "BTC/EUR", &hotpath::trust::Trust::zeroed(), 0);
        Self(books, Faults::default())
    }

    fn tell<B: Body>(mut self, taken_ns: u64, body: &B) -> Self {
        let (head, bytes) = record(taken_ns, body);
        self.0.note(at(), &head, &bytes, &mut self.1);
        self
    }

    /// A frame of the connection of market 0, or of another.
    fn frame(mut self, taken_ns: u64, connection: u16) -> Self {
        let (mut head, bytes) = record(taken_ns, &Frame::zeroed());
        head.connection = connection;
        self.0.note(at(), &head, &bytes, &mut self.1);
        self
    }

    /// The time of market 0, when the run ends.
    fn end(mut self, now_ns: u64, last_frame_ns: u64) -> Spent {
        self.0.end(now_ns, last_frame_ns);
        self.0.all().next().expect("a market").1.spent
    }
}

#[test]
fn gaps_that_follow_on_one_another_add_up_to_all_time() {
    let told = Told::new()
        .tell(2 * S, &Trust::zeroed())
        .tell(5 * S, &opened(1, Cause::Checksum))
        .tell(6 * S, &closed(1, Cause::Checksum, 5 * S, S))
        // Noticed at 12 s, and silent for 5 s more than is borne: it began at 9 s.
        .tell(12 * S, &GapOpen { expected: 5 * S, found: 8 * S, ..opened(2, Cause::Stale) })
        .tell(13 * S, &closed(2, Cause::Stale, 9 * S, 4 * S));
    assert_eq!(told.1, Faults::default());
    assert_eq!(
        told.0.causes.iter().map(|(name, count)| (*name, *count)).collect::<Vec<_>>(),
        [("checksum", 1), ("stale", 1)]
    );
    let spent = told.end(20 * S, 18 * S);
    let wanted = Spent { before_ns: 2 * S, trusted_ns: 13 * S, gap_ns: 5 * S, behind_ns: 2 * S, silent_ns: 0 };
    assert_eq!((spent, spent.up_ns(), spent.rest_ns(20 * S)), (wanted, 11 * S, 0));
}

/// With `stale_ms` of an hour, an hour without a frame was an hour of uptime.
#[test]
fn what_was_not_heard_for_long_is_no_uptime() {
    let trusted = || Told::new().frame(0, 0).tell(S, &Trust::zeroed());
    let stale = GapOpen { expected: 300 * S, found: 310 * S, ..opened(1, Cause::Stale) };
    // What happened, when the run ended and its last frame came, and how much of the trusted time was silent.
    let cases = [
        ("a minute", trusted().frame(60 * S, 0), (61 * S, 60 * S), 0),
        ("more than a minute, from when it was trusted", trusted().frame(61 * S, 0), (61 * S, 61 * S), 60 * S),
        ("an hour", trusted().frame(40 * S, 0).frame(3_640 * S, 0), (3_650 * S, 3_640 * S), 3_600 * S),
        ("another connection is no sign", trusted().frame(50 * S, 7).frame(100 * S, 0), (100 * S, 100 * S), 99 * S),
        ("up to the gap", trusted().tell(310 * S, &stale).frame(900 * S, 0), (900 * S, 900 * S), 299 * S),
        ("up to the last frame of all", trusted().frame(50 * S, 0), (500 * S, 400 * S), 350 * S),
        (
            "before it was trusted",
            Told::new().frame(0, 0).frame(500 * S, 0).tell(500 * S, &Trust::zeroed()),
            (501 * S, 500 * S),
            0,
        ),
    ];
    for (what, told, (now_ns, last_frame_ns), silent_ns) in cases {
        assert_eq!(told.1, Faults::default(), "{what}");
        let spent = told.end(now_ns, last_frame_ns);
        assert_eq!((spent.silent_ns, spent.rest_ns(now_ns)), (silent_ns, 0), "{what}: {spent:?}");
        assert_eq!(spent.up_ns(), spent.trusted_ns - spent.behind_ns - silent_ns, "{what}");
    }
}

#[test]
fn a_gap_that_does_not_follow_is_found() {
    let trusted = || Told::new().tell(1, &Trust::zeroed());
    let in_gap = || trusted().tell(2, &opened(1, Cause::Crossed));
    let wrong = [
        ("trusted twice", trusted().tell(2, &Trust::zeroed())),
        ("a number left out", trusted().tell(2, &opened(2, Cause::Crossed))),
        ("no cause", trusted().tell(2, &GapOpen { number: 1, ..GapOpen::zeroed() })),
        ("opened twice", in_gap().tell(3, &opened(2, Cause::Crossed))),
        ("closed and never opened", trusted().tell(3, &closed(1, Cause::Crossed, 2, 1))),
        ("another number", in_gap().tell(3, &closed(2, Cause::Crossed, 2, 1))),
        ("another cause", in_gap().tell(3, &closed(1, Cause::Stale, 2, 1))),
        ("another time", in_gap().tell(3, &closed(1, Cause::Crossed, 1, 2))),
        ("another duration", in_gap().tell(3, &closed(1, Cause::Crossed, 2, 5))),
        ("trusted out of a gap", in_gap().tell(3, &Trust::zeroed())),
    ];
    for (what, Told(_, faults)) in wrong {
        assert_eq!(faults.count, 1, "{what}");
        assert!(faults.first.is_some_and(|first| first.starts_with("journal.bin, byte 640: a ")), "{what}");
    }
}

/// Connections, books and what did not fit.
struct Wired(Links, Books, Faults);

impl Wired {
    fn new() -> Self {
        let mut books = Books::default();
        books.begin((0, 0), "BTC/EUR", &hotpath::trust::Trust::zeroed(), 0);
        Self(Links::of(vec![0], true), books, Faults::default())
    }

    fn tell<B: Body>(mut self, body: &B) -> Self {
        let (head, bytes) = record(7, body);
        self.0.note(at(), &head, &bytes, &self.1, &mut self.2);
        self.1.note(at(), &head, &bytes, &mut Faults::default());
        self
    }

    fn asked(self) -> Self {
        self.tell(&Request { action: action::CONNECT, ..Request::zeroed() })
    }

    fn up(self) -> Self {
        self.tell(&Link { up: 1, cause: link::CONNECTED, ..Link::zeroed() })
    }

    fn down(self) -> Self {
        self.tell(&Link { cause: link::BROKEN, ..Link::zeroed() })
    }

    fn next(self) -> Self {
        self.tell(&Timer::zeroed())
    }
}

#[test]
fn connections_that_come_and_go_in_turn_are_counted() {
    let up = Wired::new().asked().up().tell(&Frame::zeroed()).tell(&Trust::zeroed());
    let wired = up.down().tell(&opened(1, Cause::LinkDown)).next().asked().down().asked().up().tell(&Frame::zeroed());
    let Wired(links, _, faults) = wired;
    assert_eq!(faults, Faults::default());
    assert_eq!((links.made, links.lost, links.failed), (2, 1, 1));
}

/// The first connect of a run that failed was counted nowhere: five names that were not resolved were four connections not made.
#[test]
fn a_first_connect_that_fails_is_a_connection_not_made() {
    let Wired(links, _, faults) = Wired::new().asked().down().asked().down().asked().up().tell(&Frame::zeroed());
    assert_eq!(faults, Faults::default());
    assert_eq!((links.made, links.lost, links.failed), (1, 0, 2));
}

#[test]
fn a_connection_that_does_not_fit_is_found() {
    let trusted = || Wired::new().asked().up().tell(&Trust::zeroed());
    let stop = Command { code: command::STOP, ..Command::zeroed() };
    let cases = [
        ("up twice", trusted().up(), 1),
        ("a frame of one that is down", trusted().down().tell(&opened(1, Cause::LinkDown)).tell(&Frame::zeroed()), 1),
        ("lost, and no gap", trusted().down().next(), 1),
        ("lost, and another gap", trusted().down().tell(&opened(1, Cause::Stale)).next(), 0),
        ("made, and nobody asked", trusted().down().tell(&opened(1, Cause::LinkDown)).next().up(), 1),
        ("let go at the end", trusted().tell(&stop).down().next(), 0),
        ("no cause", Wired::new().tell(&Link::zeroed()), 1),
    ];
    for (what, Wired(_, _, faults), wanted) in cases {
        assert_eq!(faults.count, wanted, "{what}: {faults:?}");
    }
}

#[test]
fn heartbeats_are_there_or_told() {
    let missing = Feed { code: feed::HEARTBEAT_MISSING, ..Feed::zeroed() };
    let back = Feed { code: feed::HEARTBEAT_BACK, ..Feed::zeroed() };
    let up = Link { up: 1, cause: link::CONNECTED, ..Link::zeroed() };
    let beat = |second: u64| (second, record(second * S, &Heartbeat::zeroed()));
    let of = |second: u64, body: &Feed| (second, record(second * S, body));
    let timer = |second: u64| (second, record(second * S, &Timer::zeroed()));
    let asked = |second| (second, record(second * S, &Request { action: action::SUBSCRIBE, ..Request::zeroed() }));
    let cases = [
        ("in time", vec![beat(1), beat(2), beat(4)], 0),
        ("late, and told", vec![beat(1), of(4, &missing), beat(6), of(6, &back)], 0),
        ("late, and not told", vec![beat(1), timer(5), timer(6), beat(7)], 1),
        ("the thread did not run", vec![beat(1), timer(6), beat(6), timer(7)], 0),
        ("late, when something is asked", vec![beat(1), asked(2), timer(5), timer(6), beat(7)], 0),
        ("back, and not missed", vec![beat(1), of(2, &back)], 1),
        ("late by another connection", vec![beat(1), (5, record(5 * S, &up)), beat(6)], 0),
    ];
    for (what, records, wanted) in cases {
        let mut faults = Faults::default();
        let mut beats = Beats::of(vec![0], 3 * S, true);
        for (_, (head, bytes)) in &records {
            beats.note(at(), head, bytes, &mut faults);
        }
        assert_eq!(faults.count, wanted, "{what}: {faults:?}");
        assert_eq!(beats.count, records.iter().filter(|(_, (head, _))| head.kind == Kind::HEARTBEAT).count() as u64);
    }
}

#[test]
fn a_row_says_how_many_do_not_fit_and_which_first() {
    let mut faults = Faults::default();
    assert!(Check::agreement("gaps", "all", "no gap".into(), &faults).holds);
    (1..=3).for_each(|number| faults.note(|| format!("number {number}")));
    let check = Check::agreement("gaps", "all", "2 stale".into(), &faults);
    assert_eq!((check.found.as_str(), check.holds), ("2 stale; 3 do not fit, the first: number 1", false));
}

/// UTC that was set back by 20 s shortened the time by which trusted time was divided: 157 % of it.
#[test]
fn a_clock_that_is_set_moves_no_end_of_a_run() {
    let mut run = RunLedger::default();
    let clock = |mono_ns: u64, utc_ns: u64| Clock { mono_ns, utc_ns, ..Clock::zeroed() };
    let mut take = |taken_ns: u64, clock: Option<Clock>| {
        let (head, bytes) = match clock {
            Some(clock) => record(taken_ns, &clock),
            None => record(taken_ns, &Frame::zeroed()),
        };
        run.time(&head, &bytes);
    };
    take(S, Some(clock(S, 1_000 * S)));
    take(2 * S, None);
    take(30 * S, Some(clock(30 * S, 1_009 * S)));
    take(40 * S, None);
    assert_eq!(run.utc_ns(), Some((1_001 * S, 1_039 * S)));
}

/// A feed that was lost for two thirds of a run was trusted for 99.66 % of the time, which ended with its last frame.
#[test]
fn a_feed_that_is_lost_until_the_end_counts_to_the_end() {
    for is_lost in [false, true] {
        let mut run = RunLedger::default();
        run.books.begin((0, 0), "BTC/EUR", &hotpath::trust::Trust::zeroed(), S);
        let clock = Clock { mono_ns: S, utc_ns: 1_000 * S, ..Clock::zeroed() };
        let mut faults = Faults::default();
        let mut take = |(head, bytes): (Head, Vec<u8>)| {
            run.time(&head, &bytes);
            run.books.note(at(), &head, &bytes, &mut faults);
        };
        take(record(S, &clock));
        take(record(2 * S, &Frame::zeroed()));
        take(record(2 * S, &Trust::zeroed()));
        take(record(15 * S, &Frame::zeroed()));
        if is_lost {
            take(record(16 * S, &opened(1, Cause::LinkDown)));
        }
        take(record(45 * S, &Timer::zeroed()));
        assert_eq!(run.utc_ns(), Some((1_001 * S, if is_lost { 1_044 * S } else { 1_014 * S })));
        assert_eq!(faults, Faults::default());
    }
}

/// A run that never got a FRAME was no time at all.
#[test]
fn a_run_without_a_frame_counts_from_its_first_record_to_its_last() {
    let mut run = RunLedger::default();
    let clock = |mono_ns| record(mono_ns, &Clock { mono_ns, utc_ns: 1_000 * S + mono_ns, ..Clock::zeroed() });
    let timer = |at_ns| record(at_ns, &Timer::zeroed());
    for (head, bytes) in [timer(S), timer(3 * S)] {
        run.time(&head, &bytes);
    }
    assert_eq!(run.utc_ns(), None, "no reading of the clocks");
    for (head, bytes) in [clock(4 * S), timer(50 * S), timer(60 * S)] {
        run.time(&head, &bytes);
    }
    assert_eq!(run.utc_ns(), Some((1_001 * S, 1_060 * S)));
    let (head, bytes) = record(61 * S, &Frame::zeroed());
    run.time(&head, &bytes);
    assert_eq!(run.utc_ns(), Some((1_061 * S, 1_061 * S)), "the book is not trusted, but nothing came behind it");
}
