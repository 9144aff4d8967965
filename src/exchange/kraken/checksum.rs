//! The checksum of a book, from its text as the exchange describes it.

use crate::exchange::decimal::Decimal;

/// Levels a side under the checksum.
const LEVELS: usize = 10;

/// CRC-32 of the ten best asks, then the ten best bids, each as the digits of its price and of its size.
pub(super) fn checksum(
    asks: impl Iterator<Item = (Decimal, Decimal)>,
    bids: impl Iterator<Item = (Decimal, Decimal)>,
) -> u32 {
    let best = asks.take(LEVELS).chain(bids.take(LEVELS));
    let digits: String = best.flat_map(|(price, qty)| [digits(price), digits(qty)]).collect();
    crc32fast::hash(digits.as_bytes())
}

/// A number's text without its point, then without leading zeros.
fn digits(number: Decimal) -> String {
    number.to_string().replace('.', "").trim_start_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::checksum;
    use crate::exchange::decimal::Decimal;
    use crate::exchange::ladder::Ladder;
    use crate::market::Side;

    /// Books of Kraken's documentation and of live connections with the checksums that the exchange gave:
    /// asks, bids and what was applied after, `price:qty` each.
    const VECTORS: &str = include_str!("checksum/vectors.txt");

    #[derive(Clone)]
    struct Book {
        decimals: [u8; 2],
        depth: usize,
        asks: Ladder,
        bids: Ladder,
    }

    impl Book {
        fn set(&mut self, side: Side, level: &str) {
            let (price, qty) = level.split_once(':').unwrap();
            let [price, qty] = [(price, 0), (qty, 1)].map(|(text, which)| {
                let number = Decimal::parse(text, self.decimals[which]).unwrap();
                assert_eq!(number.to_string(), text, "the encoder writes what the exchange wrote");
                number.units
            });
            let ladder = if side == Side::Ask { &mut self.asks } else { &mut self.bids };
            ladder.set(ladder.turned(price), qty);
        }

        fn checksum(&mut self) -> u32 {
            let [price_decimals, qty_decimals] = self.decimals;
            self.asks.cut(self.depth);
            self.bids.cut(self.depth);
            let [asks, bids] = [&self.asks, &self.bids].map(|ladder| {
                ladder.rows().map(|row| {
                    (Decimal::new(row.price_ticks, price_decimals), Decimal::new(row.qty_lots, qty_decimals))
                })
            });
            checksum(asks, bids)
        }
    }

    fn number<T: std::str::FromStr>(words: &[&str], key: &str) -> T {
        let value = words.iter().find_map(|word| word.strip_prefix(key)).unwrap();
        value.parse().ok().unwrap()
    }

    #[test]
    fn every_checksum_of_the_exchange_is_ours() {
        let empty = |side| Ladder::new(side);
        let mut book = Book { decimals: [0; 2], depth: 0, asks: empty(Side::Ask), bids: empty(Side::Bid) };
        let mut checked = 0;
        for line in VECTORS.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[0] {
                "VECTOR" => {
                    let decimals = [number(&words, "pp="), number(&words, "qp=")];
                    book = Book {
                        decimals,
                        depth: number(&words, "depth="),
                        asks: empty(Side::Ask),
                        bids: empty(Side::Bid),
                    };
                }
                "asks" => words[1..].iter().for_each(|level| book.set(Side::Ask, level)),
                "bids" => words[1..].iter().for_each(|level| book.set(Side::Bid, level)),
                _ => {
                    for pair in words[..words.len() - 2].chunks(2).filter(|pair| pair.len() == 2) {
                        book.set(if pair[0] == "a" { Side::Ask } else { Side::Bid }, pair[1]);
                    }
                    assert_eq!(book.checksum().to_string(), words[words.len() - 1], "{line}");
                    checked += 1;
                }
            }
        }
        assert_eq!(checked, 8 + 10, "books, and updates of them");
    }
}
