//! Which faults happen, how often, and the dice.

use crate::exchange::dialect::Sort;
use crate::market::Random;
use anyhow::{Context, Result, bail};
use serde::{Serialize, Serializer};
use std::collections::VecDeque;
use std::str::FromStr;

const NS_PER_S: f64 = 1e9;
/// Latest second of a scripted fault: a year.
const SECONDS_MAX: f64 = 31_536_000.0;

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident => $name:literal,)*) => {
        /// One fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Fault {
            $($(#[$doc])* $fault,)*
        }

        impl Fault {
            /// All of them, in the order in which dice are thrown.
            pub const ALL: &[Self] = &[$(Self::$fault,)*];

            /// Its name on command lines and in logs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$fault => $name,)*
                }
            }
        }
    };
}

faults! {
    /// An update's checksum is another number.
    Checksum => "checksum",
    /// An update is left out.
    Drop => "drop",
    /// An update comes twice.
    Duplicate => "duplicate",
    /// An update comes behind the next one.
    Reorder => "reorder",
    /// An update comes a second late; others do not wait for it.
    Delay => "delay",
    /// Text that is no JSON comes in the place of a message.
    Garbage => "garbage",
    /// A message ends too early.
    Truncate => "truncate",
    /// A message of more than 4 MiB comes in the place of one.
    Oversize => "oversize",
    /// A message has a byte that is not UTF-8.
    Utf8 => "utf8",
    /// A message comes as a binary one.
    Binary => "binary",
    /// A message comes in continuation frames.
    Fragment => "fragment",
    /// Many messages are held back and come in one write.
    Coalesce => "coalesce",
    /// The first bytes of a message come one at a time.
    Drip => "drip",
    /// Heartbeats go on, everything else waits for 10 seconds.
    Stall => "stall",
    /// Nothing comes for 15 seconds.
    Silence => "silence",
    /// The connection is neither read nor written any more, and nobody says so.
    HalfOpen => "half-open",
    /// The exchange closes the connection.
    Close => "close",
    /// The exchange resets the connection.
    Reset => "reset",
    /// TLS fails: while the connection is made, or in a record.
    Tls => "tls",
    /// The upgrade to a WebSocket is refused with HTTP 429.
    Refuse429 => "refuse-429",
    /// The same with 503.
    Refuse503 => "refuse-503",
    /// The exchange's stamps step by 5 seconds, and back 30 seconds later.
    Clock => "clock",
    /// A message has fields that nobody knows.
    Field => "field",
    /// A message of a channel that nobody knows.
    Channel => "channel",
    /// A message is spelled in another way: exponents, spaces, another order of keys.
    Spell => "spell",
    /// A snapshot that nobody asked for.
    Resnapshot => "resnapshot",
    /// The exchange says that it is in maintenance, and 20 seconds later that it is not.
    Maintenance => "maintenance",
}

impl Fault {
    /// The fault of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }

    /// Whether Binance's protocol has what it is about.
    #[must_use]
    pub const fn is_of_binance(self) -> bool {
        !matches!(self, Self::Checksum | Self::Resnapshot | Self::Maintenance)
    }

    /// Whether a message that it befalls cannot be read any more.
    pub(super) const fn is_unreadable(self) -> bool {
        matches!(self, Self::Garbage | Self::Truncate | Self::Oversize | Self::Utf8 | Self::Binary)
    }

    /// Whether it can befall a message of a sort.
    pub(super) const fn befalls(self, sort: Sort) -> bool {
        match self {
            Self::Checksum | Self::Drop | Self::Duplicate | Self::Reorder | Self::Delay => matches!(sort, Sort::Update),
            Self::Refuse429 | Self::Refuse503 => false,
            Self::Field | Self::Spell | Self::Fragment => !matches!(sort, Sort::Control),
            _ => matches!(sort, Sort::Update | Sort::Market),
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// When a fault happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// With this probability, of 0 to 1, at each chance.
    Rate(f64),
    /// Once, at the first chance from this instant of the market's time on, nanoseconds.
    At(u64),
}

/// Which faults happen, and the seed of their dice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultPlan {
    rules: Vec<(Fault, When)>,
    seed: u64,
    /// From this instant of the market's time on, nanoseconds, no die is thrown any more.
    until_ns: Option<u64>,
}

impl FaultPlan {
    /// A plan without a fault.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { rules: Vec::new(), seed, until_ns: None }
    }

    /// One of these faults each `mean_ns` or so of the market's time, all alike often; but each tenth request to connect is
    /// refused, since those are few.
    #[must_use]
    pub fn spread(seed: u64, faults: &[Fault], mean_ns: u64) -> Self {
        /// Messages of a made-up market in a second, about: so many chances has each fault.
        const CHANCES_PER_S: f64 = 15.0;
        const REFUSED: f64 = 0.1;
        let usual = (NS_PER_S / (mean_ns as f64 * CHANCES_PER_S * faults.len() as f64)).min(1.0);
        let rate = |fault| if matches!(fault, Fault::Refuse429 | Fault::Refuse503) { REFUSED } else { usual };
        let rules = faults.iter().map(|fault| (*fault, When::Rate(rate(*fault)))).collect();
        Self { rules, ..Self::new(seed) }
    }

    /// Rates hold up to this instant of the market's time, nanoseconds, and scripted faults alone behind it.
    #[must_use]
    pub fn until(self, until_ns: u64) -> Self {
        Self { until_ns: Some(until_ns), ..self }
    }

    /// Adds a rule: `NAME=RATE`, a probability from 0 to 1 at each chance, or `NAME@SECONDS`, once at that second of the
    /// market's time.
    ///
    /// # Errors
    /// When the name is not one of [`Fault::ALL`], or the number is out of range.
    pub fn add(&mut self, rule: &str) -> Result<()> {
        let Rule { fault, when } = rule.parse()?;
        self.rules.push((fault, when));
        Ok(())
    }

    /// The faults that it names.
    pub fn faults(&self) -> impl Iterator<Item = Fault> {
        self.rules.iter().map(|(fault, _)| *fault)
    }
}

/// One rule.
struct Rule {
    fault: Fault,
    when: When,
}

impl FromStr for Rule {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let Some(at) = text.find(['=', '@']) else {
            bail!("write NAME=RATE, as drop=0.001, or NAME@SECONDS, as drop@30");
        };
        let (name, number) = (&text[..at], &text[at + 1..]);
        let all = || Fault::ALL.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(", ");
        let fault = Fault::named(name).with_context(|| format!("no such fault; there are {}", all()))?;
        let value: f64 = number.parse().with_context(|| format!("{number} is not a number"))?;
        let when = if text.as_bytes()[at] == b'=' {
            if !(0.0..=1.0).contains(&value) {
                bail!("a rate is a probability from 0 to 1");
            }
            When::Rate(value)
        } else {
            if !(0.0..=SECONDS_MAX).contains(&value) {
                bail!("a second is from 0 to {SECONDS_MAX}");
            }
            When::At((value * NS_PER_S) as u64)
        };
        Ok(Self { fault, when })
    }
}

/// One fault's own dice: what happens of one fault changes nothing of another.
#[derive(Debug)]
struct Die {
    fault: Fault,
    random: Random,
    rate: f64,
    /// Instants of the market's time, the earliest first.
    at_ns: VecDeque<u64>,
}

/// The dice of a plan.
#[derive(Debug)]
pub(super) struct Dice {
    dice: Vec<Die>,
    until_ns: u64,
    /// How a fault that happens looks.
    pub choice: Random,
}

impl Dice {
    pub fn new(plan: &FaultPlan) -> Self {
        let mut seeds = Random::new(plan.seed);
        let choice = Random::new(seeds.next());
        let dice = Fault::ALL.iter().map(|fault| {
            let rules = || plan.rules.iter().filter(|(of, _)| of == fault).map(|(_, when)| *when);
            let rate = rules().filter_map(|when| if let When::Rate(rate) = when { Some(rate) } else { None }).sum();
            let mut at_ns: Vec<u64> =
                rules().filter_map(|when| if let When::At(at_ns) = when { Some(at_ns) } else { None }).collect();
            at_ns.sort_unstable();
            Die { fault: *fault, random: Random::new(seeds.next()), rate, at_ns: at_ns.into() }
        });
        let dice = dice.collect::<Vec<_>>();
        let dice = dice.into_iter().filter(|die| die.rate > 0.0 || !die.at_ns.is_empty()).collect();
        Self { dice, until_ns: plan.until_ns.unwrap_or(u64::MAX), choice }
    }

    /// The fault that happens at a chance of those that `may` happen, if one does.
    pub fn throw(&mut self, market_ns: u64, may: impl Fn(Fault) -> bool) -> Option<Fault> {
        let has_rates = market_ns < self.until_ns;
        let mut dice = self.dice.iter_mut().filter(|die| may(die.fault));
        dice.find_map(|die| die.throw(market_ns, has_rates).then_some(die.fault))
    }
}

impl Die {
    fn throw(&mut self, market_ns: u64, has_rates: bool) -> bool {
        let is_scripted = self.at_ns.front().is_some_and(|at_ns| *at_ns <= market_ns);
        if is_scripted {
            self.at_ns.pop_front();
        }
        // 53 bits are what a float holds exactly.
        let drawn = (self.random.next() >> 11) as f64 / (1_u64 << 53) as f64;
        is_scripted || (has_rates && drawn < self.rate)
    }
}

#[cfg(test)]
mod tests {
    use super::{Dice, Fault, FaultPlan};

    fn plan(rules: &[&str]) -> FaultPlan {
        let mut plan = FaultPlan::new(7);
        rules.iter().for_each(|rule| plan.add(rule).unwrap());
        plan
    }

    #[test]
    fn a_rule_that_is_none_is_refused_in_a_sentence() {
        for (rule, sentence) in [
            ("drop", "write NAME=RATE"),
            ("fire=0.1", "no such fault; there are checksum, drop,"),
            ("drop=1.1", "a probability from 0 to 1"),
            ("drop=x", "x is not a number"),
            ("drop=nan", "a probability"),
            ("drop@-1", "a second is from 0"),
        ] {
            let error = FaultPlan::new(1).add(rule).unwrap_err().to_string();
            assert!(error.contains(sentence), "{rule}: {error}");
        }
    }

    /// A rate is met, a script happens once and in its time, and one fault's dice do not move another's.
    #[test]
    fn dice_are_the_plans() {
        let hits = |rules: &[&str]| {
            let mut dice = Dice::new(&plan(rules));
            (0..100_000_u64).filter(|_| dice.throw(0, |fault| fault == Fault::Drop).is_some()).collect::<Vec<_>>()
        };
        let mut ending = Dice::new(&plan(&["drop=1", "drop@7"]).until(5));
        let thrown: Vec<_> = [0, 4, 5, 6_999_999_999, 7_000_000_000, 7_000_000_001]
            .map(|at| ending.throw(at, |_| true).is_some())
            .into();
        assert_eq!(thrown, [true, true, false, false, true, false]);
        let alone = hits(&["drop=0.01"]);
        assert!((800..1_200).contains(&alone.len()), "{}", alone.len());
        assert_eq!(alone, hits(&["checksum=0.5", "drop=0.01", "tls=1"]));
        let mut dice = Dice::new(&plan(&["drop@2", "drop@1"]));
        let thrown: Vec<_> = [0, 999_999_999, 1_500_000_000, 1_600_000_000, 2_000_000_000, 9_000_000_000]
            .into_iter()
            .map(|market_ns| dice.throw(market_ns, |_| true).is_some())
            .collect();
        assert_eq!(thrown, [false, false, true, false, true, false]);
    }
}
