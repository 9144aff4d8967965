//! The last part of a message's way: it waits, is handed over, and has its number and its line in the log.

use super::Faulty;
use crate::exchange::dialect::{Outbox, Sort};
use crate::exchange::fault::client::Item;
use crate::exchange::fault::log::FaultLine;
use crate::exchange::fault::plan::Fault;
use crate::exchange::parcel::{Delivery, Handed};

impl Faulty {
    /// Has a message wait if others wait, and hands it over otherwise.
    pub(super) fn queue(&mut self, client: u64, item: Item, now_ns: u64, to: &mut Delivery) {
        let Some(listener) = self.listeners.get_mut(&client).filter(|listener| !listener.is_over) else { return };
        if listener.must_wait(item.sort) {
            listener.backlog.push_back(item);
            return self.release(client, now_ns, to);
        }
        let swapped = if item.sort == Sort::Update { listener.swapped.take() } else { None };
        self.hand(client, item, now_ns, to);
        if let Some(swapped) = swapped {
            self.hand(client, swapped, now_ns, to);
        }
    }

    /// Hands over what was held back long enough.
    pub(super) fn release(&mut self, client: u64, now_ns: u64, to: &mut Delivery) {
        let Some(listener) = self.listeners.get_mut(&client) else { return };
        if listener.is_released(now_ns) {
            listener.hold = None;
            for item in std::mem::take(&mut listener.backlog) {
                self.hand(client, item, now_ns, to);
            }
        }
        let Some(listener) = self.listeners.get_mut(&client) else { return };
        if listener.late.front().is_some_and(|(due_ns, _)| *due_ns <= now_ns)
            && let Some((_, item)) = listener.late.pop_front()
        {
            self.queue(client, item, now_ns, to);
        }
        let Some(listener) = self.listeners.get_mut(&client) else { return };
        if listener.maintenance.is_some_and(|until_ns| until_ns <= now_ns) {
            listener.maintenance = None;
            let mut out = Outbox::default();
            self.inner.announce(client, true, &mut out);
            self.hand_noted(client, out, (Fault::Maintenance, "online"), now_ns, to);
        }
    }

    /// Hands a message over: it has its number from here on.
    fn hand(&mut self, client: u64, item: Item, now_ns: u64, to: &mut Delivery) {
        let Item { form, truth, notes, .. } = item;
        let Some(listener) = self.listeners.get_mut(&client).filter(|listener| !listener.is_over) else { return };
        let (parcels, crc32) = form.parcels();
        let truth = truth.map(|truth| listener.newest(truth));
        if let Some(crc32) = crc32 {
            listener.messages += 1;
            let messages = listener.messages;
            if messages == 1 {
                self.note_of(client, now_ns, None, (messages, Some(crc32)), String::new());
            }
            for (fault, detail) in notes {
                self.note_of(client, now_ns, Some(fault), (messages, Some(crc32)), detail);
            }
        }
        let message = self.listeners.get(&client).map_or(0, |listener| listener.messages);
        let truth = truth.map(|mut truth| {
            truth.message = message;
            truth
        });
        let mut handed = parcels.into_iter().map(|parcel| Handed { client, parcel, truth: None, is_message: false });
        let first = handed.next().map(|first| Handed { truth, is_message: crc32.is_some(), ..first });
        to.handed.extend(first.into_iter().chain(handed));
    }

    /// Tells of a fault that is not about one message that was handed.
    pub(super) fn note(&mut self, client: u64, now_ns: u64, (fault, detail): (Fault, String), message: u64) {
        self.note_of(client, now_ns, Some(fault), (message, None), detail);
    }

    fn note_of(
        &mut self,
        connection: u64,
        now_ns: u64,
        fault: Option<Fault>,
        (message, crc32): (u64, Option<u32>),
        detail: String,
    ) {
        if !self.is_logged {
            return;
        }
        let line = FaultLine {
            utc_ns: self.clock.utc_ns(now_ns),
            market_ns: self.market_ns(now_ns),
            connection,
            fault,
            message,
            crc32,
            symbol: self.inner.symbol().to_owned(),
            detail,
        };
        (self.log)(&line);
    }
}
