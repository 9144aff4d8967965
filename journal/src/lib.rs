//! The diary of the engine: memory-mapped binary segments.
//!
//! Runs lie in a folder as segment files; a segment is a [`Header`] that stands twice, records, and,
//! once it is closed, an [`Index`]. The layout of a record belongs to `hotpath::record`; this crate
//! knows no venue and no strategy. `README.md` in this folder specifies the format.
//!
//! A live journal is made of [`Parts`]: the hot thread pushes records into its [`Feed`], and [`Live`] runs a
//! [`Scribe`], which commits them, and a [`Keeper`], which does everything that calls the system. Inside, a
//! growing file has a pen, which stores, and a ground, which grows and syncs; a blank is a segment that
//! is prepared and not begun.
//!
//! [`Writer`] appends on one thread, [`Segment`] opens a file that nobody writes to any more, [`Follower`] reads
//! one that grows, [`FolderFollower`] a run that grows, and [`Items`] walks bytes of any origin, damaged ones too.

#![deny(unsafe_code)]

mod archivist;
mod compress;
mod draft;
mod error;
mod event;
mod expand;
pub mod faults;
mod file;
mod folder;
mod follow;
mod follow_folder;
mod frames;
mod handover;
mod index;
mod keeper;
mod live;
mod map;
mod open;
mod reader;
mod recover;
mod retention;
mod ring;
mod scribe;
mod segment;
mod settings;
mod status;
mod tail;
mod tail_file;
mod whole;
mod writer;

pub use compress::{Compressed, compress};
pub use error::{Error, Fault, Result};
pub use event::Event;
pub use file::Segment;
pub use folder::{Folder, is_unbegun, segments};
pub use follow::{Follower, Poll};
pub use follow_folder::{FolderFollower, FolderPoll};
pub use index::{CHECKPOINTS_MAX, Entry, Index, IndexBody, index_holds};
pub use keeper::{Keeper, Tick, Totals};
pub use live::{Live, Parts, Role};
pub use map::Caveat;
pub use reader::{Cause, Damage, End, Item, Items, Record, valid_prefix};
pub use recover::{Passed, Recovered, recover};
pub use retention::Retention;
pub use ring::{Feed, Refused};
pub use scribe::{Commit, Scribe, Step};
pub use segment::{CAPACITY_BYTES_MAX, HEADER_BYTES, Header, MAGIC, Opened, RECORDS_AT, Run, origin, segment_path};
pub use settings::LiveSettings;
pub use tail::{TailSlot, tail_path};
pub use whole::record_crc;
pub use writer::{Place, Settings, Writer};

// Records are cast, not converted: the bytes of a big-endian machine would not be the format.
const _: () = assert!(cfg!(target_endian = "little") && usize::BITS == 64);
