//! Draws what was counted as SVG, in tenths of a point: panels over one axis of time, and curves of percentiles.
//!
//! No plotting library: those that write SVG write colours into it, so a page would need one drawing for light, one for
//! dark and one for paper, and they write a point for each value. Here colours are classes of the style sheet, and a
//! path holds its horizontal and vertical moves only.

mod curve;
mod delay;
mod frame;
mod lanes;
mod path;
mod price;
mod rates;
mod rungs;
mod scale;
mod time;

pub use curve::{Curve, curves};
pub use delay::delay;
pub use lanes::lanes;
pub use price::{basis, price, quote, quote_fits, spread};
pub use rates::{bursts, rates};
pub use rungs::{Rung, rungs};
pub use time::TimeAxis;
