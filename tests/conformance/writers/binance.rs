//! Recordings of Binance's combined streams that are written here, spot and perpetual.

use crate::market::{Change, Shown, Walk, decimal};
use fathom::config::Loaded;
use fathom::import::Recorded;

const START_NS: u64 = 1_723_161_253_937_085_768;
/// Of the exchange's clock, before the recorder's.
const AHEAD_MS: u64 = 1_270;

/// What differs between the two sides.
#[derive(Clone, Copy)]
struct Form {
    is_perp: bool,
    /// Decimals of prices and sizes, and zeros that are written behind a price.
    price: usize,
    zeros: usize,
    qty: usize,
}

const SPOT: Form = Form { is_perp: false, price: 2, zeros: 6, qty: 8 };
const PERP: Form = Form { is_perp: true, price: 1, zeros: 1, qty: 3 };

impl Form {
    fn level(self, price_ticks: i64, qty_lots: i64) -> String {
        let [price, qty] = self.texts(price_ticks, qty_lots);
        format!(r#"["{price}","{qty}"]"#)
    }

    fn texts(self, price_ticks: i64, qty_lots: i64) -> [String; 2] {
        [decimal(price_ticks, self.price, self.zeros), decimal(qty_lots, self.qty, 0)]
    }

    fn snapshot(self, shown: &Shown) -> String {
        let rows = |levels: Vec<(&i64, &i64)>| {
            levels.into_iter().map(|(price, qty)| self.level(*price, *qty)).collect::<Vec<_>>().join(",")
        };
        let (bids, asks) = (rows(shown.bids.iter().rev().collect()), rows(shown.asks.iter().collect()));
        let ms = shown.recv_ns / 1_000_000;
        let time = if self.is_perp { format!(r#""E":{ms},"T":{ms},"#) } else { String::new() };
        format!(r#"{{"lastUpdateId":{},{time}"bids":[{bids}],"asks":[{asks}]}}"#, shown.update_id)
    }
}

pub fn spot_snapshot(shown: &Shown) -> Recorded {
    Recorded { recv_ns: shown.recv_ns, is_fetched: true, bytes: SPOT.snapshot(shown).into_bytes() }
}

pub fn perp_snapshot(shown: &Shown) -> Recorded {
    Recorded { recv_ns: shown.recv_ns, is_fetched: true, bytes: PERP.snapshot(shown).into_bytes() }
}

pub fn spot(seed: u64, _: &Loaded) -> Vec<Recorded> {
    Tape::written(SPOT, seed)
}

pub fn perp(seed: u64, _: &Loaded) -> Vec<Recorded> {
    Tape::written(PERP, seed)
}

struct Tape {
    form: Form,
    walk: Walk,
    told_id: u64,
    now_ns: u64,
    messages: Vec<Recorded>,
}

impl Tape {
    /// A few updates, a snapshot whose last update lies within one, then updates, touches and trades.
    fn written(form: Form, seed: u64) -> Vec<Recorded> {
        let mut walk = Walk::new(seed, 618_003, 1_000);
        walk.shown.update_id = 50_093_239_188;
        let mut tape = Self { form, told_id: walk.shown.update_id, walk, now_ns: START_NS, messages: Vec::new() };
        (0..4).for_each(|_| tape.diff());
        let mut changes = tape.happen();
        tape.walk.shown.recv_ns = tape.now_ns;
        let text = form.snapshot(&tape.walk.shown);
        tape.keep(true, text);
        changes.extend(tape.happen());
        tape.tell(&changes);
        for number in 0..200 {
            tape.diff();
            if number % 4 == 0 {
                tape.trade(number);
            }
        }
        tape.messages
    }

    fn happen(&mut self) -> Vec<Change> {
        let changes = self.walk.changes();
        // The perpetual's ids count over all pairs.
        let others = if self.form.is_perp { self.walk.chance.below(1_000) } else { 0 };
        self.walk.shown.update_id += others + (changes.len() as u64).max(1);
        changes
    }

    fn diff(&mut self) {
        let changes = self.happen();
        // A touch is told before the book is, and one in three again behind it.
        self.touch();
        self.tell(&changes);
        if self.walk.chance.below(3) == 0 {
            self.touch();
        }
    }

    fn tell(&mut self, changes: &[Change]) {
        let form = self.form;
        let side = |is_ask: bool| {
            let rows = changes.iter().filter(|change| change.is_ask == is_ask);
            rows.map(|change| form.level(change.price_ticks, change.qty_lots)).collect::<Vec<_>>().join(",")
        };
        let (bids, asks) = (side(false), side(true));
        let (last, ms) = (self.walk.shown.update_id, self.now_ns / 1_000_000 + AHEAD_MS);
        let told = self.told_id;
        let text = if form.is_perp {
            let first = told + 1 + self.walk.chance.below(last - told);
            format!(
                r#"{{"stream":"btcusdt@depth@0ms","data":{{"e":"depthUpdate","E":{ms},"T":{ms},"s":"BTCUSDT","U":{first},"u":{last},"pu":{told},"b":[{bids}],"a":[{asks}]}}}}"#
            )
        } else {
            let first = told + 1;
            format!(
                r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":{ms},"s":"BTCUSDT","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}}}}"#
            )
        };
        self.told_id = last;
        self.keep(false, text);
    }

    fn touch(&mut self) {
        let [bid, ask] = self.walk.touch().map(|(price, qty)| self.form.texts(price, qty));
        let (id, ms) = (self.walk.shown.update_id, self.now_ns / 1_000_000 + AHEAD_MS);
        let ([bid, bids], [ask, asks]) = (bid, ask);
        let time = if self.form.is_perp { format!(r#","T":{ms},"E":{ms}"#) } else { String::new() };
        let text = format!(
            r#"{{"stream":"btcusdt@bookTicker","data":{{"u":{id},"s":"BTCUSDT","b":"{bid}","B":"{bids}","a":"{ask}","A":"{asks}"{time}}}}}"#
        );
        self.keep(false, text);
    }

    fn trade(&mut self, number: u64) {
        let [_, (price, qty)] = self.walk.touch();
        let [price, qty] = self.form.texts(price, qty);
        let ms = self.now_ns / 1_000_000 + AHEAD_MS;
        let origin = if self.form.is_perp { r#""X":"MARKET","# } else { "" };
        let text = format!(
            r#"{{"stream":"btcusdt@trade","data":{{"e":"trade","E":{ms},"s":"BTCUSDT","t":{number},"p":"{price}","q":"{qty}","T":{ms},{origin}"m":false}}}}"#
        );
        self.keep(false, text);
    }

    fn keep(&mut self, is_fetched: bool, text: String) {
        self.now_ns += 1_000_000 + self.walk.chance.below(50_000_000);
        self.messages.push(Recorded { recv_ns: self.now_ns, is_fetched, bytes: text.into_bytes() });
    }
}
