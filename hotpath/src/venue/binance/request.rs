//! Requests as Binance wants them.
//!
//! An answer repeats the number of its request and nothing else, so the number says what was asked.

use super::Side;
use crate::config::{Config, MarketConfig};
use crate::record::{NO_INSTRUMENT, action, channel};
use crate::text::Text;
use crate::venue::Wanted;

/// In the place of a market: none.
const NO_MARKET: u64 = 0xff;
/// Requests whose numbers can be told apart.
const REQ_ID_MAX: u64 = (1 << 47) - 1;

/// What the number of a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub req_id: u64,
    /// The market, or [`NO_INSTRUMENT`].
    pub instrument: u16,
    /// One of [`channel`].
    pub channel: u8,
    /// One of [`action`].
    pub action: u16,
}

impl Asked {
    /// The number: request, market, channel, action from the top.
    const fn number(self) -> u64 {
        let market = if self.instrument == NO_INSTRUMENT { NO_MARKET } else { self.instrument as u64 & 0xff };
        (self.req_id & REQ_ID_MAX) << 16 | market << 8 | (self.channel as u64 & 0xf) << 4 | self.action as u64 & 0xf
    }

    /// What a number says; none when no request has it.
    pub fn of(number: u64) -> Option<Self> {
        let part = |shift: u32, mask: u64| number.checked_shr(shift).unwrap_or(0) & mask;
        let asked = Self {
            req_id: part(16, REQ_ID_MAX),
            instrument: match part(8, 0xff) {
                NO_MARKET => NO_INSTRUMENT,
                market => u16::try_from(market).ok()?,
            },
            channel: u8::try_from(part(4, 0xf)).ok()?,
            action: u16::try_from(part(0, 0xf)).ok()?,
        };
        (asked.number() == number && asked.req_id != 0).then_some(asked)
    }
}

/// Writes one request; a fetch's is path and query. A connect or a parting has no text.
pub(super) fn write(config: &Config, wanted: &Wanted, side: Side, out: &mut [u8]) -> Option<usize> {
    let mut text = Text::new(out);
    let request = &wanted.request;
    let row = config.markets().get(usize::from(wanted.instrument));
    let method: &[u8] = match request.action {
        action::FETCH => {
            write_target(row?, side, &mut text);
            return text.finish();
        }
        action::SUBSCRIBE => b"SUBSCRIBE",
        action::UNSUBSCRIBE => b"UNSUBSCRIBE",
        action::PING => b"LIST_SUBSCRIPTIONS",
        _ => return None,
    };
    text.put(br#"{"method":""#);
    text.put(method);
    text.put(b"\"");
    let code = u8::try_from(request.channel).ok()?;
    if request.action != action::PING {
        text.put(br#","params":[""#);
        put_lower(row?, &mut text);
        text.put(match code {
            channel::BOOK => b"@depth@100ms",
            channel::TRADE => b"@trade",
            channel::TICKER => b"@bookTicker",
            _ => return None,
        });
        text.put(br#""]"#);
    }
    let asked = Asked { req_id: request.req_id, instrument: wanted.instrument, channel: code, action: request.action };
    text.put(br#","id":"#);
    text.number(asked.number());
    text.put(b"}");
    text.finish()
}

fn write_target(row: &MarketConfig, side: Side, text: &mut Text<'_>) {
    text.put(match side {
        Side::Spot => b"/api/v3/depth?symbol=",
        Side::Perp => b"/fapi/v1/depth?symbol=",
    });
    text.put(row.symbol.as_bytes());
    text.put(b"&limit=");
    text.number(row.depth.into());
}

/// Streams are named in lower case.
fn put_lower(row: &MarketConfig, text: &mut Text<'_>) {
    for byte in row.symbol.as_bytes() {
        text.put(&[byte.to_ascii_lowercase()]);
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;
    use crate::record::NO_INSTRUMENT;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_number_says_what_was_asked(req_id in 1_u64..1 << 47, market in prop::option::of(0_u16..255), channel in 0_u8..16, action in 0_u16..16) {
            let asked = Asked { req_id, instrument: market.unwrap_or(NO_INSTRUMENT), channel, action };
            prop_assert_eq!(Asked::of(asked.number()), Some(asked));
            prop_assert!(asked.number() < 1 << 63, "it is a signed number on the other side");
        }
    }

    #[test]
    fn no_request_has_the_number_zero() {
        assert_eq!(Asked::of(0), None);
        assert_eq!(Asked::of(u64::MAX), None);
    }
}
