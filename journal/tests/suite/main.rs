//! Tests of the journal through its public interface.

mod make;

mod compress;
mod damage;
mod dependence;
mod follow;
mod follow_folder;
mod format;
mod hostile;
mod index;
mod interleave;
mod live;
mod other_language;
mod power;
mod recover;
mod switch;
mod tail;
mod twin;
mod write;
