//! The engine from the outside: frames and other inputs in, records out.

mod feed;
mod regimes;
mod segments;
mod session;
mod silent;

use feed::{Bench, Exchange, SECOND_NS, bodies, config, kinds, market};
use hotpath::input::Input;
use hotpath::quote::Reason;
use hotpath::record::{Command, Features, GapClose, GapOpen, Health, Kind, Link, Quality, Quote, Timer, command, link};
use hotpath::trust::Cause;
use hotpath::venue::Frame;

fn usual() -> (Bench, Exchange) {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    let records = bench.frame(&exchange.snapshot());
    assert_eq!(bodies::<Quote>(&records).len(), 1, "a good snapshot is quoted on");
    assert!(bench.trusted());
    (bench, exchange)
}

/// Loses trust through `input`, checks what is recorded, and regains it.
fn loses_trust(cause: Cause, lose: impl FnOnce(&mut Bench, &mut Exchange) -> Vec<Vec<u8>>) {
    let (mut bench, mut exchange) = usual();
    let records = lose(&mut bench, &mut exchange);
    let gaps: Vec<GapOpen> = bodies(&records);
    assert_eq!(gaps.iter().map(|gap| (gap.cause, gap.number)).collect::<Vec<_>>(), [(cause as u16, 1)], "{cause:?}");
    let quotes: Vec<Quote> = bodies(&records);
    assert_eq!(
        quotes.last().map(|quote| (quote.bid_lots, quote.ask_lots, quote.reason)),
        Some((0, 0, Reason::Gap as u16))
    );
    assert!(!bench.trusted());
    // A silence that was noticed late is a gap from its deadline on.
    let late_ns = if cause == Cause::Stale { gaps[0].found - gaps[0].expected } else { 0 };
    let opened_ns = bench.now_ns - late_ns;
    bench.frame(&exchange.update(&[(false, 1_000, 5)]));
    assert!(!bench.trusted(), "only a snapshot restores trust");
    let records = bench.frame(&exchange.snapshot());
    let closed: Vec<GapClose> = bodies(&records);
    assert_eq!(closed.iter().map(|gap| (gap.cause, gap.number)).collect::<Vec<_>>(), [(cause as u16, 1)]);
    assert_eq!((closed[0].opened_ns, closed[0].duration_ns), (opened_ns, bench.now_ns - opened_ns));
    assert!(kinds(&records).contains(&Kind::CHECKPOINT), "a checkpoint follows a gap");
    assert_eq!(bench.reason(), Reason::Quoting as u16);
}

#[test]
fn a_wrong_checksum_opens_a_gap() {
    loses_trust(Cause::Checksum, |bench, exchange| {
        exchange.update(&[(true, 1_001, 77)]);
        bench.frame(&exchange.update(&[(true, 1_002, 78)]))
    });
}

#[test]
fn a_crossed_book_opens_a_gap() {
    loses_trust(Cause::Crossed, |bench, exchange| {
        let records = bench.frame(&exchange.update(&[(false, 1_001, 9)]));
        exchange.update(&[(false, 1_001, 0)]);
        records
    });
}

#[test]
fn a_frame_that_is_not_json_opens_a_gap() {
    loses_trust(Cause::Refused, |bench, _| bench.frame("{\"channel\":\"book\","));
}

#[test]
fn silence_opens_a_gap_through_the_timer_that_was_asked_for() {
    loses_trust(Cause::Stale, |bench, _| {
        let due_ns = bench.core.engine().deadline_ns();
        assert_eq!(due_ns, bench.now_ns + 5 * SECOND_NS);
        bench.now_ns = due_ns;
        bench.take(Input::Timer(Timer { due_ns, spare: [0; 2] }))
    });
}

/// A stalled thread reads the late frame before its timer: the silence still counts.
#[test]
fn silence_opens_a_gap_even_when_a_frame_comes_before_the_timer() {
    loses_trust(Cause::Stale, |bench, _| {
        bench.now_ns += 6 * SECOND_NS;
        bench.frame("{\"channel\":\"heartbeat\"}")
    });
}

#[test]
fn an_unsubscribe_opens_a_gap() {
    let ack = "{\"method\":\"unsubscribe\",\"result\":{\"channel\":\"book\",\"depth\":10,\"symbol\":\"BTC/EUR\"},\"success\":true,\
               \"time_in\":\"2026-08-01T02:53:56.345070Z\",\"time_out\":\"2026-08-01T02:53:56.345138Z\"}";
    loses_trust(Cause::Unsubscribed, |bench, _| bench.frame(ack));
}

#[test]
fn a_lost_connection_opens_a_gap() {
    let down = Link { up: 0, cause: link::BROKEN, close_code: 0, spare: 0, recv_ns: 0, spare_tail: 0 };
    loses_trust(Cause::LinkDown, |bench, _| bench.take(Input::Link(0, down)));
}

/// A connection that could not be made once counted as a gap of a book that had never been there.
#[test]
fn no_book_is_lost_before_the_first_one() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    let down = Link { up: 0, cause: link::NOT_REACHED, close_code: 0, spare: 0, recv_ns: 0, spare_tail: 0 };
    assert!(bodies::<GapOpen>(&bench.take(Input::Link(0, down))).is_empty());
    let records = bench.frame(&exchange.snapshot());
    assert!(bench.trusted() && bodies::<GapClose>(&records).is_empty());
    assert_eq!(bodies::<GapOpen>(&bench.take(Input::Link(0, down))).len(), 1);
}

fn instrument(price_precision: u8) -> String {
    format!(
        "{{\"channel\":\"instrument\",\"type\":\"update\",\"data\":{{\"assets\":[],\"pairs\":[{{\"symbol\":\"BTC/EUR\",\
         \"status\":\"online\",\"qty_precision\":8,\"qty_increment\":0.00000001,\"price_precision\":{price_precision},\
         \"cost_precision\":5,\"cost_min\":0.5,\"price_increment\":0.1,\"qty_min\":0.00005}}]}}}}"
    )
}

/// While the exchange describes another instrument, not even a snapshot restores trust.
#[test]
fn another_precision_bars_the_book_until_it_is_taken_back() {
    let (mut bench, mut exchange) = usual();
    let records = bench.frame(&instrument(2));
    assert_eq!(bodies::<GapOpen>(&records)[0].cause, Cause::Instrument as u16);
    bench.frame(&exchange.snapshot());
    assert!(!bench.trusted());
    bench.frame(&instrument(1));
    assert!(!bench.trusted());
    bench.frame(&exchange.snapshot());
    assert!(bench.trusted());
}

#[test]
fn an_update_before_any_snapshot_is_not_applied() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    let records = bench.frame(&exchange.update(&[(true, 1_001, 7)]));
    assert_eq!(bodies::<GapOpen>(&records)[0].cause, Cause::NoSnapshot as u16);
    let state = &bench.core.engine().markets()[0];
    assert_eq!((state.book.asks.len(), state.state.counts.unverifiable), (0, 1));
}

/// A mismatch and a good snapshot in one read: the quote is withdrawn in between all the same.
#[test]
fn a_quote_is_withdrawn_at_once_and_placed_only_at_the_end_of_a_read() {
    let (mut bench, mut exchange) = usual();
    exchange.update(&[(true, 1_001, 77)]);
    let bad = exchange.update(&[(true, 1_002, 78)]);
    let withdrawn = bench.frame_of_read(&bad, false);
    assert_eq!(bodies::<Quote>(&withdrawn)[0].reason, Reason::Gap as u16);
    let snapshot = exchange.snapshot();
    let regained = bench.frame_of_read(&snapshot, false);
    assert_eq!(bodies::<GapClose>(&regained).len(), 1);
    assert_eq!((bodies::<Quote>(&regained).len(), bodies::<Features>(&regained).len()), (0, 0));
    let decided = bench.frame("{\"channel\":\"heartbeat\"}");
    assert_eq!((bodies::<Quote>(&decided)[0].reason, bodies::<Features>(&decided).len()), (Reason::Quoting as u16, 1));
}

#[test]
fn an_operator_pauses_and_resumes() {
    let (mut bench, _) = usual();
    let order = |code| Input::Command(Command { code, source: 0, spare: [0; 2], argument: 0, serial: 1 });
    bench.take(order(command::PAUSE));
    assert_eq!(bench.reason(), Reason::Paused as u16);
    bench.take(order(command::RESUME));
    assert_eq!(bench.reason(), Reason::Quoting as u16);
}

#[test]
fn no_diary_no_trading() {
    let (mut bench, _) = usual();
    let fit =
        Health { ring_lines_free: 64, disk_mib_free: 100, journal_lag_ns: SECOND_NS, round_trip_ns: 0, spare: [0; 8] };
    let unfit = [
        Health { ring_lines_free: 63, ..fit },
        Health { disk_mib_free: 99, ..fit },
        Health { journal_lag_ns: SECOND_NS + 1, ..fit },
    ];
    for health in unfit {
        bench.take(Input::Health(health));
        assert_eq!(bench.reason(), Reason::Health as u16);
        bench.take(Input::Health(fit));
        assert_eq!(bench.reason(), Reason::Quoting as u16);
    }
}

#[test]
fn maintenance_withdraws_the_quote() {
    let status = |system: &str| {
        format!(
            "{{\"channel\":\"status\",\"type\":\"update\",\"data\":[{{\"version\":\"2.0.10\",\"system\":\"{system}\",\"api_version\":\"v2\",\"connection_id\":15113583034416118705}}]}}"
        )
    };
    let (mut bench, _) = usual();
    for (system, reason) in [
        ("maintenance", Reason::VenueStatus),
        ("post_only", Reason::Quoting),
        ("cancel_only", Reason::VenueStatus),
        ("online", Reason::Quoting),
    ] {
        bench.frame(&status(system));
        assert_eq!(bench.reason(), reason as u16, "{system}");
    }
}

#[test]
fn an_empty_side_withdraws_the_quote() {
    let (mut bench, mut exchange) = usual();
    let all: Vec<_> = exchange.asks.keys().map(|price| (true, *price, 0)).collect();
    bench.frame(&exchange.update(&all));
    assert!(bench.trusted());
    assert_eq!(bench.reason(), Reason::OneSided as u16);
    bench.frame(&exchange.update(&[(true, 1_004, 8)]));
    assert_eq!(bench.reason(), Reason::Quoting as u16);
}

/// A range that fails withdraws the quote; the first failure and the burst are journaled, not each.
#[test]
fn a_spread_beyond_its_bound_is_counted_and_not_quoted() {
    let (mut bench, mut exchange) = usual();
    let mut all: Vec<_> = exchange.asks.keys().map(|price| (true, *price, 0)).collect();
    all.push((true, 2_100, 5));
    let mut told = Vec::new();
    for step in 0..5 {
        let changes = if step == 0 { all.clone() } else { vec![(true, 2_100, 5 + step)] };
        let records = bench.frame(&exchange.update(&changes));
        told.extend(
            bodies::<Quality>(&records).iter().filter(|body| body.check == 0).map(|body| (body.run, body.found)),
        );
        assert_eq!(bench.reason(), Reason::Quality as u16);
    }
    assert_eq!(told, [(1, 1_100), (3, 1_100)]);
    bench.frame(&exchange.update(&[(true, 1_001, 5)]));
    bench.frame(&exchange.update(&[(true, 1_001, 6)]));
    assert_eq!(bench.reason(), Reason::Quoting as u16);
}

/// One stamp that runs backwards is counted; a row of them withdraws the quote until time goes on.
#[test]
fn time_that_keeps_running_backwards_is_not_quoted_on() {
    let (mut bench, mut exchange) = usual();
    exchange.micros = 1_000;
    bench.frame(&exchange.update(&[(true, 1_001, 5)]));
    let mut told = Vec::new();
    for (step, reason) in [(1, Reason::Quoting), (2, Reason::Quoting), (3, Reason::Quality), (4, Reason::Quality)] {
        exchange.micros = 500 - step;
        let records = bench.frame(&exchange.update(&[(true, 1_001, 5 + i64::from(step))]));
        told.extend(bodies::<Quality>(&records).iter().map(|body| (body.check, body.run)));
        assert_eq!(bench.reason(), reason as u16, "{step}");
    }
    assert_eq!(told, [(3, 1), (3, 3)]);
    exchange.micros = 2_000;
    bench.frame(&exchange.update(&[(true, 1_001, 77)]));
    assert_eq!(bench.reason(), Reason::Quoting as u16);
    assert!(bench.trusted());
}

/// The exchange says what it sends: its depth holds from the next snapshot.
#[test]
fn the_depth_that_the_exchange_confirms_is_the_one_that_cuts() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    let mut exchange = Exchange::new("BTC/EUR", 25, 1, 8);
    bench.frame(
        "{\"method\":\"subscribe\",\"result\":{\"channel\":\"book\",\"depth\":25,\"snapshot\":true,\"symbol\":\"BTC/EUR\"},\
         \"success\":true,\"time_in\":\"2026-08-02T03:35:50.983359Z\",\"time_out\":\"2026-08-02T03:35:50.983398Z\"}",
    );
    bench.frame(&exchange.snapshot());
    for price in 1_001..1_020 {
        bench.frame(&exchange.update(&[(true, price, 0)]));
        assert!(bench.trusted());
    }
    assert_eq!(bench.core.engine().markets()[0].book.asks.len(), 6);
}

/// A second pair is a configuration: other decimals, the same engine.
#[test]
fn pairs_with_two_and_five_decimals_verify() {
    for (symbol, price_precision, qty_precision) in [("ETH/USD", 2, 8), ("XRP/USD", 5, 8), ("XYZ/EUR", 0, 3)] {
        let mut bench = Bench::new(&config(&[market(symbol, price_precision, qty_precision, 10)]));
        let mut exchange = Exchange::new(symbol, 10, usize::from(price_precision), usize::from(qty_precision));
        bench.frame(&exchange.snapshot());
        for step in 0..40 {
            bench.frame(&exchange.update(&[(step % 2 == 0, 985 + step, 50 + step), (step % 2 == 1, 1_000 + step, 0)]));
        }
        let counts = bench.core.engine().markets()[0].state.counts;
        assert_eq!((counts.checksums_ok, counts.checksums_bad), (41, 0), "{symbol}");
    }
}

/// Market 1 is a read-only leader: its gap says nothing about market 0's quote.
#[test]
fn a_leader_in_a_gap_does_not_withdraw_the_quote() {
    let mut bench = Bench::new(&config(&[market("BTC/EUR", 1, 8, 10), market("BTC/USD", 1, 8, 10)]));
    let (mut eur, mut usd) = (Exchange::new("BTC/EUR", 10, 1, 8), Exchange::new("BTC/USD", 10, 1, 8));
    bench.frame(&eur.snapshot());
    let records = bench.frame(&usd.snapshot());
    assert_eq!(bodies::<Features>(&records).len(), 1);
    usd.update(&[(true, 1_001, 77)]);
    let records = bench.frame(&usd.update(&[(true, 1_002, 78)]));
    assert_eq!((bodies::<GapOpen>(&records).len(), bodies::<Quote>(&records).len()), (1, 0));
    assert_eq!(bench.reason(), Reason::Quoting as u16);
    assert!(bench.trusted() && !bench.core.engine().markets()[1].state.trust.is_trusted());
}

#[test]
fn quotes_stand_on_whole_increments_outside_the_touch() {
    let mut row = market("BTC/EUR", 1, 8, 10);
    row.price_increment_ticks = 5;
    let mut bench = Bench::new(&config(&[row]));
    let mut exchange = Exchange::new("BTC/EUR", 10, 1, 8);
    let records = bench.frame(&exchange.snapshot());
    let quote: Quote = bodies(&records)[0];
    let fair = quote.fair_q16 as f64 / 65_536.0;
    assert!((1_000.0..1_001.0).contains(&fair));
    assert_eq!((quote.bid_ticks, quote.ask_ticks), (995, 1_005));
    assert_eq!((quote.bid_lots, quote.ask_lots), (1_000, 1_000));
}

/// A frame longer than one record's payload is continued, and decoded as one.
#[test]
fn a_long_frame_is_recorded_in_parts() {
    let (mut bench, mut exchange) = usual();
    let spaces = " ".repeat(150_000);
    let records = bench.frame(&exchange.update(&[(true, 1_001, 3)]).replacen("{", &format!("{{{spaces}"), 1));
    let parts = kinds(&records).iter().filter(|kind| **kind == Kind::FRAME).count();
    assert_eq!(parts, 3);
    assert!(bench.trusted());
}

/// A ping of the connection at the end of a read left the read without an end: what the frames before it had
/// changed was decided on a second later.
#[test]
fn a_control_frame_ends_a_read_and_is_not_decoded() {
    for opcode in [8, 9, 10, 16] {
        let (mut bench, mut exchange) = usual();
        let records = bench.frame_of_read(&exchange.update(&[(true, 1_001, 3)]), false);
        assert_eq!(bodies::<Features>(&records).len(), 0);
        let frame = Frame::received(0, opcode, b"{");
        let recv_ns = bench.now_ns;
        let records = bench.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
        assert_eq!(bodies::<Features>(&records).len(), 1, "{opcode}");
        assert!(bench.trusted() && kinds(&records).contains(&Kind::IGNORED), "{opcode}");
    }
}

#[test]
fn a_binary_frame_is_refused() {
    let (mut bench, mut exchange) = usual();
    let text = exchange.snapshot();
    let frame = Frame::received(0, 2, text.as_bytes());
    let recv_ns = bench.now_ns;
    let records = bench.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
    assert_eq!(bodies::<GapOpen>(&records)[0].cause, Cause::Refused as u16);
}
