//! What is due on one connection: to make it, to tell of it, to watch it, to keep it awake, to part from it.

use super::link::{CONNECTING, PARTING, STOPPED, UP, WAITING};
use super::retry::CONNECTS;
use super::subscription::{Step, Subscription};
use super::{CHANNELS, Session, Turn, WHOLE, plain};
use crate::halt::Halt;
use crate::lines::Place;
use crate::record::{Feed, Request, action, feed};
use bytemuck::Zeroable;

impl Session {
    /// Does what is due on one connection.
    pub(super) fn tend(&mut self, connection: u16, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let Some(state) = self.links.get(usize::from(connection)).copied() else { return Ok(()) };
        turn.out.set_connection(connection);
        let config = turn.around.config.session;
        match state.phase {
            WAITING => self.connect(connection, turn),
            CONNECTING => {
                let slow_ns = state.since_ns.saturating_add(config.connect_ns_max);
                let expected = config.connect_ns_max.cast_signed();
                self.tell_once(connection, slow_ns, Feed { code: feed::CONNECT_SLOW, expected, ..Feed::zeroed() }, turn)
            }
            UP => self.tend_up(connection, turn),
            STOPPED => {
                let body = Feed { code: feed::LINK_STOPPED, ..Feed::zeroed() };
                self.tell_once(connection, state.since_ns, body, turn)
            }
            _ => Ok(()),
        }
    }

    fn connect(&mut self, connection: u16, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let free_ns = self.connects.free_ns(&CONNECTS);
        let Some(state) = self.links.get_mut(usize::from(connection)) else { return Ok(()) };
        let due_ns = state.due_ns.max(free_ns);
        if turn.now_ns < due_ns {
            self.wake(due_ns);
            return Ok(());
        }
        state.phase = CONNECTING;
        state.since_ns = turn.now_ns;
        state.is_told = 0;
        state.tries = state.tries.saturating_add(1);
        let attempt = state.tries;
        self.connects.spend(&CONNECTS, turn.now_ns);
        self.wake(turn.now_ns.saturating_add(turn.around.config.session.connect_ns_max));
        self.request(WHOLE, plain(action::CONNECT, attempt), turn.out).map(drop)
    }

    /// Tells of a phase that has lasted until `at_ns`, once.
    fn tell_once(&mut self, connection: u16, at_ns: u64, body: Feed, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let Some(state) = self.links.get_mut(usize::from(connection)).filter(|state| state.is_told == 0) else {
            return Ok(());
        };
        if turn.now_ns < at_ns {
            self.wake(at_ns);
            return Ok(());
        }
        state.is_told = 1;
        let found = turn.now_ns.saturating_sub(state.since_ns).cast_signed();
        self.tell(WHOLE, Feed { found, ..body }, turn.out)
    }

    /// Silence, heartbeats, subscriptions, then the ping.
    fn tend_up(&mut self, connection: u16, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let must_part = self.links.get(usize::from(connection)).is_some_and(|state| state.must_part != 0);
        if must_part || self.is_silent(connection, turn)? {
            return self.part(connection, turn);
        }
        self.watch_heartbeat(connection, turn)?;
        self.forget_tries(connection, turn);
        for (index, _, _) in turn.around.carried(connection) {
            for channel in CHANNELS {
                match self.subscribe(connection, index, channel, turn)? {
                    Step::Wait(at_ns) => self.wake(at_ns),
                    Step::Part => return self.part(connection, turn),
                    Step::Nothing => {}
                }
            }
        }
        self.ping(connection, turn)
    }

    fn is_silent(&mut self, connection: u16, turn: &mut Turn<'_, '_>) -> Result<bool, Halt> {
        let Some(state) = self.links.get(usize::from(connection)).copied() else { return Ok(false) };
        let bounds = turn.around.carried(connection).map(|(_, row, _)| row.stale_ns_max);
        let stale_ns = bounds.min().unwrap_or(u64::MAX);
        let heard_ns = turn.around.connection(connection).heard_ns.max(state.since_ns);
        let silent_ns = turn.now_ns.saturating_sub(heard_ns);
        if silent_ns < stale_ns {
            self.wake(heard_ns.saturating_add(stale_ns));
            return Ok(false);
        }
        let (expected, found) = (stale_ns.cast_signed(), silent_ns.cast_signed());
        self.tell(WHOLE, Feed { code: feed::SILENT, expected, found, ..Feed::zeroed() }, turn.out)?;
        Ok(true)
    }

    /// Heartbeats are due once anything is subscribed.
    fn watch_heartbeat(&mut self, connection: u16, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let served = self.served_since_ns(connection, turn);
        let bound_ns = turn.around.config.session.heartbeat_ns_max;
        let Some(state) = self.links.get_mut(usize::from(connection)) else { return Ok(()) };
        let has_heartbeats = turn.around.carried(connection).any(|(_, row, _)| row.heartbeats != 0);
        let Some(served_ns) = served.filter(|_| has_heartbeats) else { return Ok(()) };
        let last_ns = state.heartbeat_ns.max(served_ns);
        let age_ns = turn.now_ns.saturating_sub(last_ns);
        let is_missed = age_ns >= bound_ns;
        if is_missed == (state.is_heartbeat_missed != 0) {
            if !is_missed {
                self.wake(last_ns.saturating_add(bound_ns));
            }
            return Ok(());
        }
        state.is_heartbeat_missed = u32::from(is_missed);
        let code = if is_missed { feed::HEARTBEAT_MISSING } else { feed::HEARTBEAT_BACK };
        let (expected, found) = (bound_ns.cast_signed(), age_ns.cast_signed());
        self.tell(WHOLE, Feed { code, expected, found, ..Feed::zeroed() }, turn.out)?;
        if !is_missed {
            self.wake(last_ns.saturating_add(bound_ns));
        }
        Ok(())
    }

    /// Since when something has been subscribed on a connection.
    fn served_since_ns(&self, connection: u16, turn: &Turn<'_, '_>) -> Option<u64> {
        let carried = turn.around.carried(connection).filter_map(|(index, _, _)| self.subscriptions.get(index));
        carried.flatten().filter_map(Subscription::served_since_ns).min()
    }

    /// A connection all of whose books have been trusted for long enough starts afresh: it is the first try.
    fn forget_tries(&mut self, connection: u16, turn: &Turn<'_, '_>) {
        let stable_ns = turn.around.config.session.stable_ns;
        let Some(steady_ns) = self.steady_since_ns(connection, turn) else { return };
        let Some(state) = self.links.get_mut(usize::from(connection)).filter(|state| state.tries > 1) else { return };
        let at_ns = steady_ns.saturating_add(stable_ns);
        if turn.now_ns < at_ns {
            self.wake(at_ns);
        } else {
            state.tries = 1;
        }
    }

    /// Since when all books of a connection have been served and trusted, those aside that the exchange
    /// does not serve.
    fn steady_since_ns(&self, connection: u16, turn: &Turn<'_, '_>) -> Option<u64> {
        let mut steady_ns = None;
        for (index, _, market) in turn.around.carried(connection) {
            let book = self.book(index)?;
            if book.is_refused() {
                continue;
            }
            let since_ns = book.settled_since_ns().filter(|_| market.state.trust.is_trusted())?;
            steady_ns = steady_ns.max(Some(since_ns));
        }
        steady_ns
    }

    fn ping(&mut self, connection: u16, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let config = turn.around.config.session;
        let Some(state) = self.links.get(usize::from(connection)).copied() else { return Ok(()) };
        let due_ns = state.ping_due_ns.max(state.paced_ns);
        if turn.now_ns < due_ns {
            self.wake(due_ns);
            return Ok(());
        }
        let req_id = self.ask(connection, WHOLE, plain(action::PING, 1), turn)?;
        let Some(state) = self.links.get_mut(usize::from(connection)) else { return Ok(()) };
        let due_ns = turn.now_ns.saturating_add(config.ping_ns);
        state.ping_due_ns = due_ns;
        state.ping_id = req_id;
        state.ping_sent_ns = 0;
        self.wake(due_ns);
        Ok(())
    }

    /// Asks the shell to drop the connection.
    fn part(&mut self, connection: u16, turn: &mut Turn<'_, '_>) -> Result<(), Halt> {
        let Some(state) = self.links.get_mut(usize::from(connection)) else { return Ok(()) };
        state.phase = PARTING;
        state.since_ns = turn.now_ns;
        let attempt = state.tries;
        self.request(WHOLE, plain(action::DISCONNECT, attempt), turn.out).map(drop)
    }

    /// When the connection may be asked for something more.
    pub(super) fn paced_ns(&self, connection: u16) -> u64 {
        self.links.get(usize::from(connection)).map_or(0, |state| state.paced_ns)
    }

    /// Sends a request over the connection; the next one keeps its distance.
    pub(super) fn ask(
        &mut self,
        connection: u16,
        place: Place,
        body: Request,
        turn: &mut Turn<'_, '_>,
    ) -> Result<u64, Halt> {
        if let Some(state) = self.links.get_mut(usize::from(connection)) {
            state.paced_ns = turn.now_ns.saturating_add(turn.around.config.session.pace_ns);
        }
        self.request(place, body, turn.out)
    }
}
