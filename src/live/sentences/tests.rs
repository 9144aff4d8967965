use super::*;
use bytemuck::Zeroable;
use hotpath::config::{Symbol, venue_id};
use hotpath::record::{Body, NO_INSTRUMENT, channel};

fn row(venue: u16, connection: u16, symbol: &str) -> MarketConfig {
    let rule = if venue == venue_id::KRAKEN { snapshot_rule::PUSHED } else { snapshot_rule::FETCHED };
    let symbol = Symbol::new(symbol).expect("a symbol");
    MarketConfig { symbol, venue, connection, snapshot_rule: rule, ..MarketConfig::zeroed() }
}

fn pair() -> Sentences {
    let rows = [row(venue_id::BINANCE_SPOT, 0, "BTCUSDT"), row(venue_id::BINANCE_PERP, 1, "BTCUSDT")];
    Sentences::of(&rows, &["venue".to_owned(), "leader.3".to_owned()])
}

fn alone() -> Sentences {
    Sentences::of(&[row(venue_id::KRAKEN, 0, "BTC/EUR")], &["venue".to_owned()])
}

fn say<B: Body>(sentences: &mut Sentences, instrument: u16, connection: u16, body: &B) -> Option<String> {
    let len = (B::LINES * 64) as u32;
    let head = Head { len, kind: B::KIND, instrument, connection, ..Head::zeroed() };
    let mut bytes = bytemuck::bytes_of(&head).to_vec();
    bytes.extend(bytemuck::bytes_of(body));
    sentences.sentence(&head, &bytes)
}

#[test]
fn gaps_name_their_market_and_what_to_do() {
    let gap = |cause| GapOpen { cause: cause as u16, expected: 7, found: 9, ..GapOpen::zeroed() };
    let said = |of: &mut Sentences, market, cause| say(of, market, 0, &gap(cause)).expect("a sentence");
    let mut both = pair();
    let sequence = said(&mut both, 1, Cause::Sequence);
    assert!(
        sequence
            .starts_with("the book of market 1 (binance-perp BTCUSDT, leads) is not trusted (sequence): an update ")
    );
    assert!(sequence.contains("between 7 and 9 is missing, its snapshot is fetched anew"), "{sequence}");
    // A snapshot that is ahead of all updates for a while: nothing is missing.
    let ahead = GapOpen { cause: Cause::Sequence as u16, expected: 9, found: 7, ..GapOpen::zeroed() };
    let ahead = say(&mut both, 1, 1, &ahead).expect("a sentence");
    assert!(
        ahead.contains("updates follow 7, which is before the book's own 9: its snapshot is of a later time"),
        "{ahead}"
    );
    assert!(
        ahead.contains("check that `leader.3.rest_url` and `leader.3.url` are of") && !ahead.contains("missing"),
        "{ahead}"
    );
    let touch = said(&mut both, 0, Cause::Touch);
    assert!(touch.starts_with("the book of market 0 (binance-spot BTCUSDT, trades) is not trusted (touch): its best"));
    assert!(touch.contains("is 9 ticks where the exchange states 7") && touch.contains("`journal verify`"), "{touch}");
    let sizes = GapOpen { cause: Cause::Touch as u16, expected: 7, found: 7, ..GapOpen::zeroed() };
    let sizes = say(&mut both, 0, 0, &sizes).expect("a sentence");
    assert!(sizes.contains("the size of its best level, at 7 ticks, is not what the exchange states"), "{sizes}");
    let behind = said(&mut both, 1, Cause::Behind);
    assert!(
        behind.contains("(behind): best levels are stated of states that no update leads to (`leader.3.stale_ms`)"),
        "{behind}"
    );
    assert!(said(&mut both, 0, Cause::LinkDown).ends_with("(link-down): its snapshot is fetched anew"));
    let mut alone = alone();
    let told = "the book of market 0 is not trusted (checksum): it is asked for anew";
    assert_eq!(said(&mut alone, 0, Cause::Checksum), told);
    let close = GapClose { duration_ns: 1_500_000_000, ..GapClose::zeroed() };
    let told = "the book of market 1 (binance-perp BTCUSDT, leads) is trusted again, after 1.500 s";
    assert_eq!(say(&mut both, 1, 1, &close).as_deref(), Some(told));
}

/// The refusal itself names no market: the request does.
#[test]
fn a_refused_fetch_names_the_market_that_it_was_for() {
    let mut both = pair();
    for (req_id, market) in [(11, 0), (12, 1)] {
        let request = Request { req_id, action: action::FETCH, ..Request::zeroed() };
        assert_eq!(say(&mut both, market, market, &request), None);
    }
    for (status, words) in [
        (429, "make `leader.3.depth` larger"),
        (418, "banned"),
        (451, "check `leader.3.rest_url`, and whether the exchange serves this place"),
        (404, "check `leader.3.rest_url`, `leader.3.symbol` and `leader.3.depth` in"),
        (503, "it is fetched again"),
    ] {
        let code = feed::REQUEST_REFUSED;
        let body = Feed { code, channel: channel::BOOK, expected: status, found: 12, ..Feed::zeroed() };
        let said = say(&mut both, NO_INSTRUMENT, 1, &body).expect("a sentence");
        let start = format!("the snapshot of market 1 (binance-perp BTCUSDT, leads) was refused (HTTP {status}): ");
        assert!(said.starts_with(&start) && said.contains(words), "{said}");
    }
    let unknown = Feed { code: feed::REQUEST_REFUSED, expected: 429, found: 99, ..Feed::zeroed() };
    let said = say(&mut both, NO_INSTRUMENT, 0, &unknown).expect("a sentence");
    assert!(
        said.starts_with("the snapshot was refused (HTTP 429)") && said.contains("make `venue.depth` larger"),
        "{said}"
    );
}

#[test]
fn what_is_wrong_with_the_feed_says_where_and_what_to_do() {
    let mut both = pair();
    let feed = |code, of| Feed { code, channel: of, expected: 5_000_000_000, found: 6_000_000_000, ..Feed::zeroed() };
    let missing = feed(feed::SNAPSHOT_MISSING, channel::BOOK);
    let said = say(&mut both, 1, 1, &missing).expect("a sentence");
    assert!(said.starts_with("market 1 (binance-perp BTCUSDT, leads): no snapshot within 5.0 s"), "{said}");
    assert!(said.contains("check that `leader.3.rest_url` can be reached"), "{said}");
    let unproven = Feed { found: 60_000_000_000, ..feed(feed::PROOF_MISSING, channel::BOOK) };
    let said = say(&mut both, 1, 1, &unproven).expect("a sentence");
    assert!(
        said.contains("nothing proved the book for 60 s") && said.contains("`leader.3.rest_url` and `leader.3.url`"),
        "{said}"
    );
    let silent = feed(feed::SILENT, channel::UNKNOWN);
    let said = say(&mut both, NO_INSTRUMENT, 1, &silent).expect("a sentence");
    assert!(said.starts_with("connection 1 (binance-perp): no message for 6.0 s (`leader.3.stale_ms`): "), "{said}");
    let mut alone = alone();
    let told = "no snapshot within 5.0 s (`session.snapshot_ms_max`): it is asked for anew";
    assert_eq!(say(&mut alone, 0, 0, &missing).as_deref(), Some(told));
    let up = Link { up: 1, cause: link::CONNECTED, ..Link::zeroed() };
    let closed = Link { cause: link::BROKEN, ..Link::zeroed() };
    assert_eq!(say(&mut alone, NO_INSTRUMENT, 0, &up), None);
    assert_eq!(say(&mut both, NO_INSTRUMENT, 1, &up), None);
    assert_eq!(say(&mut alone, NO_INSTRUMENT, 0, &closed).as_deref(), Some("connection 0 broke off: it is made again"));
    let told = "connection 1 (binance-perp) broke off: it is made again";
    assert_eq!(say(&mut both, NO_INSTRUMENT, 1, &closed).as_deref(), Some(told));
    // What keeps a connection from being made is told by the thread that tries, in words of its own: the description of the
    // pairs was not understood, say, which is no rule of WebSocket.
    let protocol = Link { cause: link::PROTOCOL, ..Link::zeroed() };
    assert_eq!(say(&mut both, NO_INSTRUMENT, 1, &protocol), None);
    assert_eq!(say(&mut both, NO_INSTRUMENT, 1, &up), None);
    assert!(say(&mut both, NO_INSTRUMENT, 1, &protocol).is_some_and(|said| said.contains("a rule of WebSocket")));
}

/// Answers came, and none of them was a book, or fitted: nobody was told.
#[test]
fn snapshots_that_are_fetched_in_vain_are_told_ever_more_seldom() {
    let mut both = pair();
    let told: Vec<_> = (1..=20)
        .filter(|attempt| {
            let request = Request { action: action::FETCH, attempt: *attempt, ..Request::zeroed() };
            let said = say(&mut both, 1, 1, &request);
            let start = "the snapshot of market 1 (binance-perp BTCUSDT, leads) was fetched ";
            said.is_some_and(|said| said.starts_with(start) && said.contains(&format!("{} times in vain", attempt - 1)))
        })
        .collect();
    assert_eq!(told, [4, 8, 16]);
    // A book that is trusted says that the two belong together.
    let trust = hotpath::record::Trust::zeroed();
    assert!(say(&mut both, 1, 1, &trust).is_some());
    let request = Request { action: action::FETCH, attempt: 4, ..Request::zeroed() };
    let said = say(&mut both, 1, 1, &request).expect("a sentence");
    assert!(said.contains("the book goes on") && !said.contains("same market"), "{said}");
}
