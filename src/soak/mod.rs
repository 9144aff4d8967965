//! A run over real sockets against an exchange that does everything wrong, and a judge that holds the journal against the
//! exchange's own log.
//!
//! The engine is a process of its own, as in earnest, so that its memory can be watched. The exchange tells what it did to
//! each connection and the whole book beside each message; afterwards each fault must have left its sign in the journal,
//! there must be no sign without a fault, and every trusted book must have been the exchange's.

pub mod books;
mod engine;
mod evidence;
mod expected;
mod judge;
mod paced;
mod reading;
mod run;

pub use engine::MemoryUse;
pub use evidence::{Evidence, Place, Recorder, Told, faults_of};
pub use judge::{ensure_messages_show, ensure_outdated_told, judge};
pub use paced::Paced;
pub use reading::{Reader, Reading};
pub use run::{FLAT_FROM_S, Plan, SPEED_MAX, Soak, Soaked, Stage, Venue};
