//! One run, record by record.

use super::arrivals::Arrivals;
use super::period::{Periods, Trusted};
use super::split::Place;
use super::stage::Stage;
use super::waiting::{Message, Waiting};
use crate::delay::Pings;
use crate::gaps::{Gap, Gaps};
use crate::memory::Memory;
use crate::report::ClockFigures;
use crate::report::stamps::{Arrival, Clocks, Measured, Stamps};
use crate::tie::Tie;
use crate::uptime::Uptime;
use hotpath::progress::DAY_NS;
use hotpath::record::{Frame, Head, Kind, Regime, Stamps as StampsBody, body_of};
use hotpath::regime::AXES;
use hotpath::websocket::{BINARY, TEXT};
use std::collections::BTreeMap;

/// A stamp of the kernel that lies no further behind our read is one whose clocks were tied a little wrong, nanoseconds.
const AHEAD_NS_MAX: i64 = 1_000_000;

/// No run and no gap lasts longer: its times are wrong, and a day is no place for it.
const DAYS_MAX: u64 = 3_660;

/// A run that is read.
pub struct Run<'a> {
    run_id: u64,
    /// A run that was imported repeats recorded times: nothing of ours took any.
    is_recording: bool,
    memory: &'a mut Memory,
    periods: &'a mut Periods,
    gaps: Gaps,
    stamps: Stamps,
    clocks: Clocks,
    pings: Pings,
    levels: [Option<u16>; AXES.len()],
    waiting: Waiting,
    arrivals: BTreeMap<u16, Arrivals>,
    /// The message whose events come now, and how long it waited in the kernel.
    open: Option<(Place, Option<u64>)>,
    /// Times of the first and of the last frame.
    frames_ns: Option<(u64, u64)>,
    first_ns: Option<u64>,
    last_ns: u64,
}

/// What is known of the clocks of a run.
#[derive(Clone, Debug)]
pub struct RunClocks {
    /// The run.
    pub run_id: u64,
    /// Readings that tie our monotonic clock to UTC.
    pub host: Clocks,
    /// The exchange's clock, by connection.
    pub exchange: Vec<ClockFigures>,
}

impl<'a> Run<'a> {
    /// Nothing yet.
    pub fn new(run_id: u64, is_recording: bool, memory: &'a mut Memory, periods: &'a mut Periods) -> Self {
        Self {
            run_id,
            is_recording,
            memory,
            periods,
            gaps: Gaps::default(),
            stamps: Stamps::default(),
            clocks: Clocks::default(),
            pings: Pings::default(),
            levels: [None; AXES.len()],
            waiting: Waiting::default(),
            arrivals: BTreeMap::new(),
            open: None,
            frames_ns: None,
            first_ns: None,
            last_ns: 0,
        }
    }

    /// A part of a file that is whole begins with this state of the engine; `is_first` of the file.
    pub fn state(&mut self, state: &[u8], is_first: bool) {
        if is_first {
            self.gaps.note_state(state, self.memory);
        }
        self.stamps.resume(state);
        self.open = None;
        let market = self.memory.load(state).ok().and_then(|engine| engine.markets().first());
        self.levels = AXES.map(|axis| market.map(|market| market.state.regimes.level(axis)));
    }

    /// The next record of it.
    pub fn record(&mut self, offset: u64, head: &Head, record: &[u8]) {
        self.first_ns.get_or_insert(head.taken_ns);
        self.last_ns = self.last_ns.max(head.taken_ns);
        self.gaps.note(offset, head, record);
        self.clocks.take(record);
        let Measured { arrival, .. } = self.stamps.take(head, record);
        if let Some((connection, round_trip_ns)) = self.pings.take(head, record) {
            self.arrivals.entry(connection).or_default().differences.add_round_trip(round_trip_ns);
        }
        if let Some(arrival) = arrival {
            self.arrive(&arrival);
        }
        match head.kind {
            Kind::FRAME => self.frame(head, record),
            Kind::STAMPS => self.told(head, record),
            Kind::REGIME if head.instrument == 0 => self.enter(record),
            _ => {}
        }
    }

    /// There is no more.
    pub fn finish(mut self) -> RunClocks {
        for arrivals in self.arrivals.values_mut() {
            for (place, ns) in arrivals.settle() {
                self.periods.add(&place, Stage::ExchangeToHost, ns);
            }
        }
        self.cover();
        let figures = |(connection, arrivals): (&u16, &Arrivals)| ClockFigures::of(*connection, &arrivals.differences);
        let exchange = self.arrivals.iter().filter_map(figures).collect();
        RunClocks { run_id: self.run_id, host: self.clocks, exchange }
    }

    /// The first record of a frame is all of it as far as times go.
    fn frame(&mut self, head: &Head, record: &[u8]) {
        let Some(frame) = body_of::<Frame>(record) else { return };
        let first_ns = self.frames_ns.map_or(head.taken_ns, |(first_ns, _)| first_ns);
        self.frames_ns = Some((first_ns, head.taken_ns));
        if frame.chunk != 0 {
            return;
        }
        let tie = self.stamps.tie();
        let utc_ns = tie.map(|tie| tie.utc_ns(head.taken_ns));
        let place = Place { connection: head.connection, levels: self.levels, utc_ns };
        if !matches!(frame.opcode, TEXT | BINARY) {
            self.open = None;
            self.periods.each(place.day(), |period| period.counts.other_frames += 1);
            return;
        }
        self.periods.arrive(&place, self.run_id);
        let kernel_ns = self.kernel_ns(&place, &frame);
        self.open = Some((place, kernel_ns));
        if self.is_recording {
            return;
        }
        let message = Message { seq: head.seq, place, kernel_ns, recv_ns: frame.recv_ns, taken_ns: head.taken_ns };
        message.before().for_each(|(stage, ns)| self.periods.add(&place, stage, ns));
        self.waiting.push(message);
    }

    /// How long a frame waited for our read.
    fn kernel_ns(&mut self, place: &Place, frame: &Frame) -> Option<u64> {
        let tie = self.stamps.tie().filter(|_| frame.kernel_utc_ns != 0)?;
        let waited_ns = tie.since_utc_ns(frame.kernel_utc_ns, frame.recv_ns);
        let (is_ahead, is_refused) = (waited_ns < 0, waited_ns < -AHEAD_NS_MAX);
        self.periods.each(place.day(), |period| {
            period.counts.kernel_stamped += u64::from(!is_refused);
            period.counts.kernel_ahead += u64::from(is_ahead && !is_refused);
            period.counts.kernel_refused += u64::from(is_refused);
        });
        (!is_refused).then(|| u64::try_from(waited_ns).unwrap_or(0))
    }

    /// Turns are told of.
    fn told(&mut self, head: &Head, record: &[u8]) {
        let Some(stamps) = body_of::<StampsBody>(record) else { return };
        let day = self.stamps.tie().map(|tie| tie.utc_ns(head.taken_ns) / DAY_NS);
        self.periods.each(day, |period| period.counts.lost += u64::from(stamps.lost));
        for (message, turn) in self.waiting.take(head.seq, &stamps) {
            let stages: Vec<_> = message.behind(turn).collect();
            let is_whole = stages.iter().any(|(stage, _)| *stage == Stage::Total);
            self.periods.each(message.place.day(), |period| {
                period.counts.stamped += 1;
                period.counts.too_long += u64::from(!is_whole);
            });
            stages.into_iter().for_each(|(stage, ns)| self.periods.add(&message.place, stage, ns));
        }
    }

    fn enter(&mut self, record: &[u8]) {
        let Some(Regime { axis, to, .. }) = body_of(record) else { return };
        if let Some(level) = self.levels.get_mut(usize::from(axis)) {
            *level = Some(to);
        }
    }

    /// An update with a time of the exchange on it was read.
    fn arrive(&mut self, arrival: &Arrival) {
        let Arrival { connection, recv_ns, difference_ns, .. } = *arrival;
        let Some((place, kernel_ns)) = self.open.filter(|(place, _)| place.connection == connection) else { return };
        let waited_ns = i64::try_from(kernel_ns.unwrap_or(0)).unwrap_or(i64::MAX);
        let arrivals = self.arrivals.entry(connection).or_default();
        for (place, ns) in arrivals.add(place, recv_ns, difference_ns.saturating_sub(waited_ns)) {
            self.periods.add(&place, Stage::ExchangeToHost, ns);
        }
    }

    /// How long books were trusted, and the gaps, by day.
    fn cover(&mut self) {
        let (tie, last_ns) = (self.stamps.tie(), self.last_ns);
        // As of uptime: a run without a frame has the time of its records.
        let (first_ns, end_ns) = self.frames_ns.unwrap_or((self.first_ns.unwrap_or(last_ns), last_ns));
        for (instrument, uptime) in self.gaps.trusted() {
            let Uptime { symbol, span_ns, trusted_ns, spans } = uptime;
            let whole = self.periods.whole.trusted.entry(instrument).or_default();
            whole.add(&symbol, span_ns, trusted_ns);
            let mut of_day = |day, span_ns, trusted_ns| {
                if let Some(period) = self.periods.day(day) {
                    period.trusted.entry(instrument).or_default().add(&symbol, span_ns, trusted_ns);
                }
            };
            days(tie, first_ns, end_ns).into_iter().for_each(|(day, ns)| of_day(day, ns, 0));
            for (from_ns, to_ns) in spans {
                let within = (from_ns.clamp(first_ns, end_ns), to_ns.clamp(first_ns, end_ns));
                days(tie, within.0, within.1).into_iter().for_each(|(day, ns)| of_day(day, 0, ns));
            }
        }
        for gap in std::mem::take(&mut self.gaps.gaps) {
            self.list(gap, last_ns);
        }
    }

    /// A gap stands in every day in which it was open.
    fn list(&mut self, gap: Gap, last_ns: u64) {
        let lasted_ns = gap.duration_ns.unwrap_or_else(|| last_ns.saturating_sub(gap.opened_ns));
        if let Some(opened_utc_ns) = gap.opened_utc_ns {
            let (first, last) = (opened_utc_ns / DAY_NS, opened_utc_ns.saturating_add(lasted_ns) / DAY_NS);
            for day in first..=last.min(first + DAYS_MAX) {
                self.periods.day(day).into_iter().for_each(|period| period.gaps.push(gap.clone()));
            }
        }
        self.periods.whole.gaps.push(gap);
    }
}

impl Trusted {
    fn add(&mut self, symbol: &str, span_ns: u64, trusted_ns: u64) {
        symbol.clone_into(&mut self.symbol);
        self.span_ns = self.span_ns.saturating_add(span_ns);
        self.trusted_ns = self.trusted_ns.saturating_add(trusted_ns);
    }
}

/// The days of a span of monotonic time, and how much of it lies in each, nanoseconds. None without a
/// reading of the clocks.
fn days(tie: Option<Tie>, from_ns: u64, to_ns: u64) -> Vec<(u64, u64)> {
    let is_believed = from_ns < to_ns && (to_ns - from_ns) / DAY_NS < DAYS_MAX;
    let Some(tie) = tie.filter(|_| is_believed) else { return Vec::new() };
    let (from_ns, to_ns) = (tie.utc_ns(from_ns), tie.utc_ns(to_ns));
    let within = |day: u64| {
        let (start_ns, end_ns) = (day.saturating_mul(DAY_NS), day.saturating_add(1).saturating_mul(DAY_NS));
        (day, to_ns.min(end_ns).saturating_sub(from_ns.max(start_ns)))
    };
    (from_ns / DAY_NS..=to_ns / DAY_NS).map(within).filter(|(_, ns)| *ns > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::{DAY_NS, Tie, days};

    #[test]
    fn a_span_over_midnight_is_of_both_days() {
        let tie = Tie { mono_ns: 100, utc_ns: 3 * DAY_NS };
        assert_eq!(days(Some(tie), 93, 104), [(2, 7), (3, 4)]);
        assert_eq!(days(Some(tie), 100, 104), [(3, 4)]);
        assert_eq!(days(Some(tie), 50, 100 + DAY_NS + 6), [(2, 50), (3, DAY_NS), (4, 6)]);
        assert_eq!(days(Some(tie), 93, 100), [(2, 7)]);
        assert_eq!(days(Some(tie), 7, 7), []);
        assert_eq!(days(None, 1, 9), []);
    }
}
