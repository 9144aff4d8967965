//! Requests as Kraken wants them.

use crate::config::Config;
use crate::record::{action, channel};
use crate::text::Text;
use crate::venue::Wanted;

/// Writes one request; a connect or a parting has no text.
pub(super) fn write(config: &Config, wanted: &Wanted, out: &mut [u8]) -> Option<usize> {
    let mut text = Text::new(out);
    let request = &wanted.request;
    let method: &[u8] = match request.action {
        action::SUBSCRIBE => b"subscribe",
        action::UNSUBSCRIBE => b"unsubscribe",
        action::PING => b"ping",
        _ => return None,
    };
    text.put(br#"{"method":""#);
    text.put(method);
    text.put(b"\"");
    if request.action != action::PING {
        write_subject(config, wanted, &mut text)?;
    }
    text.put(br#","req_id":"#);
    text.number(request.req_id);
    text.put(b"}");
    text.finish()
}

/// Channel, symbol, and what tells subscriptions of a channel apart: the end of one must repeat it.
fn write_subject(config: &Config, wanted: &Wanted, text: &mut Text<'_>) -> Option<()> {
    let request = &wanted.request;
    let code = u8::try_from(request.channel).ok()?;
    let subscribes = request.action == action::SUBSCRIBE;
    text.put(br#","params":{"channel":""#);
    text.put(match code {
        channel::BOOK => b"book",
        channel::TRADE => b"trade",
        channel::TICKER => b"ticker",
        channel::INSTRUMENT => b"instrument",
        _ => return None,
    });
    text.put(b"\"");
    if code != channel::INSTRUMENT {
        // A symbol holds no quote and no backslash: `Symbol::new` sees to it.
        text.put(br#","symbol":[""#);
        text.put(config.markets().get(usize::from(wanted.instrument))?.symbol.as_bytes());
        text.put(br#""]"#);
    }
    match code {
        channel::BOOK => {
            text.put(br#","depth":"#);
            text.number(request.depth.into());
        }
        channel::TICKER => text.put(br#","event_trigger":"bbo""#),
        _ => {}
    }
    if subscribes {
        // Past trades are no events of this run, and the instruments were read when the connection was made.
        let wants_snapshot = matches!(code, channel::BOOK | channel::TICKER);
        text.put(if wants_snapshot { br#","snapshot":true"# } else { br#","snapshot":false"# });
    }
    text.put(b"}");
    Some(())
}
