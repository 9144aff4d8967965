//! Frames as the exchange writes them: key order, fixed decimals, microseconds.

use super::exchange::Trade;
use super::side::{Row, Way};
use crate::config::Loaded;
use crate::utc::rfc3339;
use std::fmt::Write;

/// Levels a side under the checksum.
const CHECKSUM_LEVELS: usize = 10;

/// What the text of a market's messages depends on.
#[derive(Clone, Debug)]
pub(super) struct Market {
    pub symbol: String,
    pub depth: usize,
    pub price_precision: usize,
    pub qty_precision: usize,
    /// Ticks of one step of the price increment.
    pub step_ticks: i64,
}

impl Market {
    /// The market that trades.
    pub fn of(loaded: &Loaded) -> Self {
        let row = &loaded.config.markets[0];
        Self {
            symbol: loaded.symbol.clone(),
            depth: row.depth as usize,
            price_precision: row.price_precision.into(),
            qty_precision: row.qty_precision.into(),
            step_ticks: row.price_increment_ticks,
        }
    }

    fn price(&self, price_steps: i64) -> String {
        decimal(price_steps * self.step_ticks, self.price_precision)
    }

    fn qty(&self, qty_lots: i64) -> String {
        decimal(qty_lots, self.qty_precision)
    }

    /// Rows as a JSON array of levels.
    fn levels(&self, rows: &[Row]) -> String {
        let mut text = String::from("[");
        for (index, row) in rows.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let (price, qty) = (self.price(row.price_steps), self.qty(row.qty_lots));
            put(&mut text, format_args!(r#"{comma}{{"price":{price},"qty":{qty}}}"#));
        }
        text + "]"
    }

    /// CRC-32 of the ten best asks, then bids, each as the digits of its price and its size.
    pub fn checksum(&self, asks: impl Iterator<Item = Row>, bids: impl Iterator<Item = Row>) -> u32 {
        let best = asks.take(CHECKSUM_LEVELS).chain(bids.take(CHECKSUM_LEVELS));
        let digits = best.flat_map(|row| [digits(&self.price(row.price_steps)), digits(&self.qty(row.qty_lots))]);
        crc32fast::hash(digits.collect::<String>().as_bytes())
    }

    /// A book message; `kind` is `snapshot` or `update`.
    pub fn book(&self, kind: &str, bids: &[Row], asks: &[Row], checksum: u32, at_us: u64) -> String {
        let (symbol, bids, asks, time) = (&self.symbol, self.levels(bids), self.levels(asks), rfc3339(at_us));
        format!(
            r#"{{"channel":"book","type":"{kind}","data":[{{"symbol":"{symbol}","bids":{bids},"asks":{asks},"checksum":{checksum},"timestamp":"{time}"}}]}}"#
        )
    }

    /// A trade message; trades get the numbers from `first_id` on.
    pub fn trades(&self, trades: &[Trade], first_id: u64, at_us: u64) -> String {
        let mut text = String::from(r#"{"channel":"trade","type":"update","data":["#);
        let (symbol, time) = (&self.symbol, rfc3339(at_us));
        for (trade, id) in trades.iter().zip(first_id..) {
            let comma = if id == first_id { "" } else { "," };
            let side = if trade.taker == Way::Bid { "buy" } else { "sell" };
            let (price, qty) = (self.price(trade.price_steps), self.qty(trade.qty_lots));
            put(
                &mut text,
                format_args!(
                    r#"{comma}{{"symbol":"{symbol}","side":"{side}","price":{price},"qty":{qty},"ord_type":"market","trade_id":{id},"timestamp":"{time}"}}"#
                ),
            );
        }
        text + "]}"
    }

    /// The ack of the book's subscription.
    pub fn book_ack(&self, at_us: u64) -> String {
        self.ack(&format!(r#""channel":"book","depth":{},"snapshot":true"#, self.depth), at_us)
    }

    /// The ack of the trades' subscription.
    pub fn trade_ack(&self, at_us: u64) -> String {
        self.ack(r#""channel":"trade","snapshot":false"#, at_us)
    }

    fn ack(&self, subject: &str, at_us: u64) -> String {
        let (symbol, time_in, time_out) = (&self.symbol, rfc3339(at_us), rfc3339(at_us + 39));
        format!(
            r#"{{"method":"subscribe","result":{{{subject},"symbol":"{symbol}"}},"success":true,"time_in":"{time_in}","time_out":"{time_out}"}}"#
        )
    }
}

/// The first frame of a connection.
pub(super) fn status(connection_id: u64) -> String {
    format!(
        r#"{{"channel":"status","type":"update","data":[{{"version":"2.0.10","system":"online","api_version":"v2","connection_id":{connection_id}}}]}}"#
    )
}

/// The frame of each second.
pub(super) fn heartbeat() -> String {
    r#"{"channel":"heartbeat"}"#.into()
}

/// `value` / 10^`precision` with exactly that many decimals; not negative.
fn decimal(value: i64, precision: usize) -> String {
    let digits = format!("{value:0>width$}", width = precision + 1);
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    if fraction.is_empty() { whole.into() } else { format!("{whole}.{fraction}") }
}

/// A number's digits as the checksum wants them: without the point, then without leading zeros.
fn digits(number: &str) -> String {
    number.replace('.', "").trim_start_matches('0').into()
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("a String takes any text");
}

#[cfg(test)]
mod tests {
    use super::{decimal, digits};

    #[test]
    fn decimals_keep_their_zeros() {
        assert_eq!(decimal(540_000, 1), "54000.0");
        assert_eq!(decimal(100_000, 8), "0.00100000");
        assert_eq!(decimal(0, 8), "0.00000000");
        assert_eq!(decimal(17, 0), "17");
        assert_eq!(digits("0.00100000"), "100000");
        assert_eq!(digits("54000.0"), "540000");
    }
}
