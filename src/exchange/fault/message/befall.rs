//! What each fault does to a message, to those around it, or to the connection behind it.

use super::Faulty;
use crate::exchange::dialect::Outbox;
use crate::exchange::fault::alter::altered;
use crate::exchange::fault::client::{Hold, Item};
use crate::exchange::fault::form::Form;
use crate::exchange::fault::plan::Fault;
use crate::exchange::parcel::{Break, Delivery, Handed};

const SECOND_NS: u64 = 1_000_000_000;
/// How long things last, nanoseconds of the market's time.
const DELAY_NS: u64 = SECOND_NS;
const GATHER_NS: u64 = SECOND_NS;
const DRIP_NS: u64 = SECOND_NS / 1_000;
const STALL_NS: u64 = 10 * SECOND_NS;
const SILENCE_NS: u64 = 15 * SECOND_NS;
const HALF_OPEN_NS: u64 = 60 * SECOND_NS;
const CLOCK_NS: u64 = 30 * SECOND_NS;
const MAINTENANCE_NS: u64 = 20 * SECOND_NS;
/// By how much stamps step, milliseconds.
const CLOCK_MS: i64 = 5_000;
/// Messages that come in one write.
const GATHERED: usize = 16;
/// Codes with which connections are closed; 1006 is an end without a word.
const CODES: [u16; 6] = [1001, 1006, 1008, 1011, 1012, 1013];
/// Bytes of a message that leave one at a time, at most: the loop sleeps a millisecond between two at any speed.
const DRIPPED_BYTES_MAX: usize = 64;

impl Faulty {
    /// A fault happens at a message.
    pub(super) fn befall(&mut self, client: u64, fault: Fault, mut item: Item, now_ns: u64, to: &mut Delivery) {
        match fault {
            Fault::Drop | Fault::Delay | Fault::Reorder | Fault::Coalesce => {
                return self.hold_back(client, fault, item, now_ns, to);
            }
            Fault::Duplicate => {
                self.queue(client, item.clone(), now_ns, to);
                item.notes.push((fault, "the message before it, again".into()));
            }
            Fault::Clock => {
                let by_ms = if self.dice.choice.chance(50) { CLOCK_MS } else { -CLOCK_MS };
                let until_ns = self.after(now_ns, CLOCK_NS);
                self.listeners.entry(client).or_default().clock = Some((until_ns, by_ms));
                self.restamp(client, &mut item, now_ns);
                item.notes.push((fault, format!("stamps step by {by_ms} ms")));
            }
            Fault::Channel | Fault::Resnapshot | Fault::Maintenance => {
                self.queue(client, item, now_ns, to);
                return self.add(client, fault, now_ns, to);
            }
            Fault::Stall | Fault::Silence | Fault::HalfOpen | Fault::Close | Fault::Reset | Fault::Tls => {
                self.queue(client, item, now_ns, to);
                return self.interrupt(client, fault, now_ns, to);
            }
            Fault::Drip => {
                if let Form::Text(text, _) = &item.form {
                    let (bytes, each_ns) = (text.len().min(DRIPPED_BYTES_MAX), self.after(0, DRIP_NS));
                    item.notes.push((fault, format!("{bytes} bytes, one at a time")));
                    to.handed.push(Handed::line(client, Break::Drip { bytes, each_ns }));
                }
            }
            _ => {
                if let Form::Text(text, _) = &item.form
                    && let Some((form, detail)) = altered(fault, text, &mut self.dice.choice)
                {
                    // Of a message that cannot be read nobody learns a book.
                    if fault.is_unreadable() {
                        item.truth = None;
                    }
                    item.form = form;
                    item.notes.push((fault, detail));
                }
            }
        }
        self.queue(client, item, now_ns, to);
    }

    /// An update does not come, or not in its turn.
    fn hold_back(&mut self, client: u64, fault: Fault, mut item: Item, now_ns: u64, to: &mut Delivery) {
        let (late_ns, gather_ns) = (self.after(now_ns, DELAY_NS), self.after(now_ns, GATHER_NS));
        let listener = self.listeners.entry(client).or_default();
        let next = listener.messages + 1;
        match fault {
            Fault::Drop => {
                self.note(client, now_ns, (fault, "the update before this message is left out".into()), next)
            }
            Fault::Delay => {
                item.notes.push((fault, "comes late".into()));
                listener.late.push_back((late_ns, item));
                self.note(client, now_ns, (fault, "the update before this message is late".into()), next);
            }
            Fault::Reorder => {
                item.notes.push((fault, "comes behind the update that follows it".into()));
                listener.swapped = Some(item);
            }
            _ => {
                item.notes.push((fault, format!("the first of {GATHERED} that come together")));
                listener.hold = Some(Hold::Gather { until_ns: gather_ns, messages: GATHERED });
                self.queue(client, item, now_ns, to);
            }
        }
    }

    /// A message comes that nobody asked for.
    fn add(&mut self, client: u64, fault: Fault, now_ns: u64, to: &mut Delivery) {
        let mut out = Outbox::default();
        let detail = match fault {
            Fault::Channel => {
                self.inner.babble(client, &mut out);
                "a channel that nobody knows"
            }
            Fault::Resnapshot => {
                self.inner.resnapshot(client, &mut out);
                "a snapshot that nobody asked for"
            }
            _ => {
                let until_ns = self.after(now_ns, MAINTENANCE_NS);
                self.listeners.entry(client).or_default().maintenance = Some(until_ns);
                self.inner.announce(client, false, &mut out);
                "maintenance"
            }
        };
        self.hand_noted(client, out, (fault, detail), now_ns, to);
    }

    /// Hands over what the exchange says because of a fault.
    pub(super) fn hand_noted(
        &mut self,
        client: u64,
        out: Outbox,
        (fault, detail): (Fault, &str),
        now_ns: u64,
        to: &mut Delivery,
    ) {
        for outgoing in out.outgoing {
            let mut item = self.item(outgoing);
            item.notes.push((fault, detail.into()));
            self.restamp(client, &mut item, now_ns);
            self.queue(client, item, now_ns, to);
        }
    }

    /// Something happens to the connection behind a message.
    fn interrupt(&mut self, client: u64, fault: Fault, now_ns: u64, to: &mut Delivery) {
        let (stall_ns, silence_ns) = (self.after(now_ns, STALL_NS), self.after(now_ns, SILENCE_NS));
        let half_open_ns = self.after(now_ns, HALF_OPEN_NS);
        let code = CODES[self.dice.choice.below(CODES.len() as u64) as usize];
        let listener = self.listeners.entry(client).or_default();
        let (happens, detail) = match fault {
            Fault::Stall => {
                listener.hold = Some(Hold::Stall { until_ns: stall_ns });
                (None, "only heartbeats from here on".into())
            }
            Fault::Silence => {
                listener.quiet_ns = silence_ns;
                (Some(Break::Silence { until_ns: silence_ns }), "nothing from here on".into())
            }
            Fault::HalfOpen => (Some(Break::HalfOpen { until_ns: half_open_ns }), "neither read nor written".into()),
            Fault::Close => (Some(Break::Close { code }), format!("{code}")),
            Fault::Tls => {
                listener.quiet_ns = u64::MAX;
                (Some(Break::Spoil), "the next record is broken".into())
            }
            _ => (Some(Break::Reset), "reset".into()),
        };
        listener.is_over = matches!(fault, Fault::HalfOpen | Fault::Close | Fault::Reset);
        let (messages, is_over) = (listener.messages, listener.is_over);
        to.handed.extend(happens.map(|happens| Handed::line(client, happens)));
        self.note(client, now_ns, (fault, detail), messages);
        if is_over {
            self.inner.left(client);
        }
    }
}
