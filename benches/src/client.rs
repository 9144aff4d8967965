//! A whole market maker's tick as a client would write it: typed JSON, a book, floats.
//!
//! The same features, fair mid, checks and quote as ours, in floats instead of binary fixed point: a
//! quote may lie a tick from ours. The table of ticks counts those that do and refuses more.

use crate::books::{Book, Glance};
use crate::decoders::{Decoder, Number};
use hotpath::config::Config;
use std::hint::black_box;

/// A wanted quote, ticks and lots; sizes of 0 when none is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quote {
    /// Bid, ticks.
    pub bid_ticks: i64,
    /// Ask, ticks.
    pub ask_ticks: i64,
    /// Size of both, lots.
    pub qty_lots: i64,
}

/// What a decision saw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// Best bid and ask: ticks, lots.
    pub touch: [(i64, i64); 2],
    /// Size-weighted mid, ticks.
    pub micro: f64,
    /// (bids - asks) / (bids + asks).
    pub imbalance: f64,
    /// Ticks per square root of a second.
    pub vol: f64,
    /// The model's mid, ticks.
    pub fair: f64,
}

/// A decision.
#[derive(Clone, Copy, Debug, Default)]
pub struct Decision {
    /// What it saw.
    pub seen: Seen,
    /// What it wants.
    pub quote: Quote,
    /// Whether that is new.
    pub is_new: bool,
}

/// Realised volatility that forgets by halves.
#[derive(Default)]
struct Vol {
    rate: f64,
    mid: f64,
    changed_ns: u64,
}

impl Vol {
    fn observe(&mut self, mid: f64, now_ns: u64, half_life_ns: f64) -> f64 {
        if mid != self.mid {
            if self.mid != 0.0 {
                let moved = mid - self.mid;
                let gain = std::f64::consts::LN_2 * 1e9 / half_life_ns;
                self.rate = self.decayed(now_ns, half_life_ns) + moved * moved * gain;
            }
            (self.mid, self.changed_ns) = (mid, now_ns);
        }
        self.decayed(now_ns, half_life_ns).sqrt()
    }

    fn decayed(&self, now_ns: u64, half_life_ns: f64) -> f64 {
        self.rate * (-((now_ns - self.changed_ns) as f64) / half_life_ns).exp2()
    }
}

/// Decoder, book and strategy of one client.
pub struct Client<D, B> {
    decoder: D,
    book: B,
    config: Config,
    vol: Vol,
    quote: Quote,
    decided_mid: f64,
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Client<D, B> {
    /// A client with an empty book.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let quote = Quote::default();
        Self {
            decoder: D::default(),
            book: B::default(),
            config: *config,
            vol: Vol::default(),
            quote,
            decided_mid: 0.0,
        }
    }

    /// Forgets everything and loads a snapshot.
    pub fn restart(&mut self, snapshot: &[u8]) {
        self.vol = Vol::default();
        self.decided_mid = 0.0;
        self.quote = Quote::default();
        black_box(self.take(snapshot, 0));
    }

    /// Takes one frame at `now_ns`.
    pub fn take(&mut self, frame: &[u8], now_ns: u64) -> Decision {
        self.take_with(frame, now_ns, |_, _, _, _| {}, |_, _| {})
    }

    /// Takes one frame; tells every level with the exchange's time, then the checksum with it.
    pub fn take_with(
        &mut self,
        frame: &[u8],
        now_ns: u64,
        mut level: impl FnMut(bool, i64, i64, u64),
        end: impl FnOnce(u32, u64),
    ) -> Decision {
        let Self { decoder, book, config, .. } = self;
        let market = &config.markets[0];
        let verified = decoder.decode(frame, |message, exch_ns| {
            assert!(message.channel == "book", "only book messages are given");
            let row = &message.data[0];
            assert!(row.symbol.as_bytes() == market.symbol.as_bytes(), "one market is given");
            if message.kind == "snapshot" {
                book.clear();
            }
            let bids = row.bids.iter().map(|level| (false, level));
            for (ask, from) in bids.chain(row.asks.iter().map(|level| (true, level))) {
                let price_ticks = from.price.scaled(market.price_precision);
                let qty_lots = from.qty.scaled(market.qty_precision);
                book.set(ask, price_ticks, qty_lots);
                level(ask, price_ticks, qty_lots, exch_ns);
            }
            book.cut(market.depth as usize);
            end(row.checksum, exch_ns);
            book.checksum() == Some(row.checksum)
        });
        assert!(verified, "every checksum given is valid");
        self.decide(now_ns)
    }

    fn decide(&mut self, now_ns: u64) -> Decision {
        let market = &self.config.markets[0];
        let touch @ [bid, ask] = self.book.touch().expect("both sides have levels");
        let (bid_price, ask_price) = (bid.0 as f64, ask.0 as f64);
        let (spread, mid) = (ask_price - bid_price, (bid_price + ask_price) / 2.0);
        let micro = bid_price + spread * bid.1 as f64 / (bid.1 + ask.1) as f64;
        let [bids, asks] = self.book.lots(market.imbalance_levels as usize).map(|lots| lots as f64);
        let imbalance = (bids - asks) / (bids + asks);
        let vol = self.vol.observe(mid, now_ns, market.vol_half_life_ns as f64);
        let before = std::mem::replace(&mut self.decided_mid, mid);
        let jump = if before == 0.0 { 0.0 } else { (mid - before).abs() };
        let fair = self.fair(mid, micro, imbalance, spread);
        let bounds = &self.config.quality;
        let believed = bid.0 < ask.0
            && spread <= bounds.spread_ticks_max as f64
            && vol <= bounds.vol_ticks_max as f64
            && jump <= bounds.jump_ticks_max as f64;
        let quote = if believed { self.around(fair, touch) } else { Quote::default() };
        let is_new = quote != std::mem::replace(&mut self.quote, quote);
        Decision { seen: Seen { touch, micro, imbalance, vol, fair }, quote, is_new }
    }

    fn fair(&self, mid: f64, micro: f64, imbalance: f64, spread: f64) -> f64 {
        let model = &self.config.model;
        let share = |weight: i64| weight as f64 / 65_536.0;
        let lean = share(model.micro_q16) * (micro - mid);
        let pressure = share(model.imbalance_q16) * imbalance * spread / 2.0;
        let bound = model.clamp_ticks as f64;
        mid + (lean + pressure).clamp(-bound, bound)
    }

    fn around(&self, fair: f64, [bid, ask]: [(i64, i64); 2]) -> Quote {
        let step = self.config.markets[0].price_increment_ticks;
        let floor = |value: i64| value - value.rem_euclid(step);
        let half = self.config.quote.half_spread_ticks as f64;
        let bid_ticks = floor((fair - half).floor() as i64).min(floor(ask.0 - 1));
        let ask_ticks = (-floor((-(fair + half)).floor() as i64)).max(-floor(-bid.0 - 1));
        Quote { bid_ticks, ask_ticks, qty_lots: self.config.quote.qty_lots }
    }
}
