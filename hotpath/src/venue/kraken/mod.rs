//! Kraken spot, WebSocket v2, public side.
//!
//! One JSON object a frame. [`fast`] takes the one shape that nearly every frame has, a book message
//! byte for byte as the exchange writes it today; [`general`] takes any legal JSON that means the
//! same, and gives every verdict. Where the fast path accepts, the general one gives the same records:
//! tests hold them equal.

pub mod fast;
pub mod general;
#[cfg(target_arch = "x86_64")]
pub mod wide;

mod answer;
mod book;
mod instrument;
mod request;
mod session;
mod ticker;
mod trade;

pub(super) use session::status_code;

use crate::config::Config;
use crate::lines::Lines;
use crate::simd::Simd;
use crate::venue::Wanted;
use crate::venue::{Frame, Refused, Venue};

/// The codec. It has no state: what a frame means depends on the market table alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kraken;

impl Venue for Kraken {
    fn decode(&self, config: &Config, frame: Frame<'_>, simd: Simd, events: &mut Lines<'_>) -> Result<(), Refused> {
        #[cfg(target_arch = "x86_64")]
        if wide::decode_wide(config, frame, simd, events) {
            return Ok(());
        }
        if fast::decode_fast(config, frame, events) {
            return Ok(());
        }
        general::decode_general(config, frame, events)
    }

    fn encode(&self, config: &Config, wanted: &Wanted, out: &mut [u8]) -> Option<usize> {
        request::write(config, wanted, out)
    }
}
