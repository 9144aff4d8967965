//! What a subscriber of a depth is told: the book's changes, cut to a window.

use super::event::{Change, Side};
use std::collections::BTreeMap;

/// A subscriber's window on the whole book.
///
/// A message's rows are told in the order of events. When a visible level vanishes, the level that comes into
/// sight is told right behind it; a level that falls out is not told, the subscriber cuts to the depth after
/// each message.
#[derive(Clone, Debug)]
pub struct Window {
    depth: usize,
    bids: Half,
    asks: Half,
}

/// One side of it.
#[derive(Clone, Debug)]
struct Half {
    side: Side,
    /// The whole side by rank, lots.
    levels: BTreeMap<i64, i64>,
    /// Levels that the subscriber holds: the best of `levels`. Above the depth only within a message.
    told: usize,
    /// No level behind this rank is told, all before it and at it are.
    last: i64,
}

impl Window {
    /// A window of `depth` levels a side on an empty book; `depth` is above 0.
    pub const fn new(depth: usize) -> Self {
        Self { depth, bids: Half::new(Side::Bid), asks: Half::new(Side::Ask) }
    }

    /// Takes the changes of one message and appends what of them is told to `rows`.
    pub fn apply(&mut self, changes: &[Change], rows: &mut Vec<Change>) {
        for change in changes {
            let depth = self.depth;
            self.half_mut(change.side).set(*change, depth, rows);
        }
        self.bids.cut(self.depth);
        self.asks.cut(self.depth);
    }

    /// Levels within the depth, best first.
    pub fn visible(&self, side: Side) -> impl Iterator<Item = Change> {
        let half = if side == Side::Bid { &self.bids } else { &self.asks };
        half.levels.iter().take(half.told).map(move |(rank, lots)| half.row(*rank, *lots))
    }

    const fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        }
    }
}

impl Half {
    const fn new(side: Side) -> Self {
        Self { side, levels: BTreeMap::new(), told: 0, last: i64::MIN }
    }

    const fn row(&self, rank: i64, qty_lots: i64) -> Change {
        Change { side: self.side, price_ticks: self.side.rank(rank), qty_lots }
    }

    fn set(&mut self, change: Change, depth: usize, rows: &mut Vec<Change>) {
        let rank = self.side.rank(change.price_ticks);
        let was_held = if change.qty_lots == 0 {
            self.levels.remove(&rank).is_some()
        } else {
            self.levels.insert(rank, change.qty_lots).is_some()
        };
        let is_news = was_held || change.qty_lots != 0;
        if is_news && rank <= self.last {
            rows.push(change);
            self.told -= usize::from(was_held);
            self.told += usize::from(change.qty_lots != 0);
        }
        self.fill_up(depth, rows);
    }

    /// Tells the levels that came into sight.
    fn fill_up(&mut self, depth: usize, rows: &mut Vec<Change>) {
        while self.told < depth
            && let Some((rank, qty_lots)) = self.levels.range(self.last.saturating_add(1)..).next()
        {
            rows.push(self.row(*rank, *qty_lots));
            self.last = *rank;
            self.told += 1;
        }
    }

    /// The subscriber forgets what fell out.
    fn cut(&mut self, depth: usize) {
        while self.told > depth
            && let Some((rank, _)) = self.levels.range(..=self.last).next_back()
        {
            self.last = *rank - 1;
            self.told -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use crate::market::{Change, Side};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const fn bid(price_ticks: i64, qty_lots: i64) -> Change {
        Change { side: Side::Bid, price_ticks, qty_lots }
    }

    fn told(window: &mut Window, changes: &[Change]) -> Vec<Change> {
        let mut rows = Vec::new();
        window.apply(changes, &mut rows);
        rows
    }

    #[test]
    fn a_level_leaves_in_silence_and_comes_back_in_words() {
        let mut window = Window::new(2);
        told(&mut window, &[bid(100, 7), bid(99, 7)]);
        assert_eq!(told(&mut window, &[bid(101, 5)]), [bid(101, 5)], "99 falls out");
        assert_eq!(told(&mut window, &[bid(99, 8)]), [], "and changes unseen");
        assert_eq!(told(&mut window, &[bid(101, 0)]), [bid(101, 0), bid(99, 8)], "and comes back as it is now");
    }

    #[test]
    fn within_a_message_the_subscriber_has_not_cut_yet() {
        let mut window = Window::new(1);
        told(&mut window, &[bid(10, 7)]);
        let rows = [bid(11, 1), bid(10, 6), bid(11, 0)];
        assert_eq!(told(&mut window, &rows), rows, "10 was never lost");
    }

    /// A client as the exchange's documentation describes it: applies rows, then cuts to the depth.
    #[derive(Default)]
    struct Client([BTreeMap<i64, i64>; 2]);

    impl Client {
        fn apply(&mut self, rows: &[Change], depth: usize) -> Result<(), TestCaseError> {
            for row in rows {
                let levels = &mut self.0[row.side as usize];
                let rank = row.side.rank(row.price_ticks);
                if row.qty_lots == 0 {
                    prop_assert!(levels.remove(&rank).is_some(), "removes what is not held: {row:?}");
                } else {
                    levels.insert(rank, row.qty_lots);
                }
            }
            for levels in &mut self.0 {
                while levels.len() > depth {
                    levels.pop_last();
                }
            }
            Ok(())
        }
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let change = (any::<bool>(), 0..12_i64, 0..4_i64).prop_map(|(is_bid, price_ticks, qty_lots)| Change {
            side: if is_bid { Side::Bid } else { Side::Ask },
            price_ticks,
            qty_lots,
        });
        proptest::collection::vec(change, 0..8)
    }

    proptest! {
        /// What the client holds is the top of the whole book, and it is never told to remove what it lacks.
        #[test]
        fn a_naive_client_holds_the_top_of_the_book(
            depth in 1..6_usize,
            messages in proptest::collection::vec(changes(), 1..40),
        ) {
            let (mut window, mut client) = (Window::new(depth), Client::default());
            let mut whole: [BTreeMap<i64, i64>; 2] = Default::default();
            for changes in &messages {
                for change in changes {
                    whole[change.side as usize].insert(change.side.rank(change.price_ticks), change.qty_lots);
                }
                client.apply(&told(&mut window, changes), depth)?;
                for side in Side::BOTH {
                    let held = |(rank, lots): (&i64, &i64)| (side.rank(*rank), *lots);
                    let whole = whole[side as usize].iter().filter(|(_, lots)| **lots > 0);
                    let top: Vec<_> = whole.map(held).take(depth).collect();
                    let client: Vec<_> = client.0[side as usize].iter().map(held).collect();
                    let visible: Vec<_> = window.visible(side).map(|row| (row.price_ticks, row.qty_lots)).collect();
                    prop_assert_eq!(&client, &top);
                    prop_assert_eq!(&visible, &top);
                }
            }
        }
    }
}
