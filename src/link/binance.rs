//! What Binance is asked before a connection is used: how it describes the pairs, over HTTP.

use super::failure::Failure;
use super::{Access, ColdStart, http};
use hotpath::config::{Config, MarketConfig};
use hotpath::decimal::scaled_padded;
use hotpath::record::link;
use serde::Deserialize;
use std::borrow::Cow;

/// Where the pairs of one side of the exchange are described.
#[derive(Clone, Copy, Debug)]
pub struct Pairs {
    path: &'static str,
    /// Whether one pair can be asked for; else all are described.
    takes_symbol: bool,
}

impl Pairs {
    /// Spot.
    pub const SPOT: Self = Self { path: "/api/v3/exchangeInfo", takes_symbol: true };
    /// The perpetual in USD.
    pub const PERP: Self = Self { path: "/fapi/v1/exchangeInfo", takes_symbol: false };
}

#[derive(Deserialize)]
struct Info {
    symbols: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    symbol: String,
    filters: Vec<Filter>,
}

/// A rule of orders. Those that are not looked at have other fields.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter_type: String,
    tick_size: Option<String>,
    step_size: Option<String>,
}

impl ColdStart for Pairs {
    fn check(&self, access: &Access, config: &Config, connection: u16) -> Result<(), Failure> {
        let rows: Vec<_> = access.rows(config, connection).collect();
        let rest = access.rest.as_ref().ok_or_else(|| {
            let what = format!("{} is off: give the address of the exchange", keys(&rows, "rest_url"));
            Failure::new(link::INSTRUMENT, what)
        })?;
        let mut described = Vec::new();
        for (target, of) in self.targets(&rows) {
            let answer = http::get(rest, &target)?;
            let doing = format!("{}{target}", rest.endpoint.url);
            described.extend(pairs(&answer, (&rest.endpoint.key, &keys(of, "symbol")), &doing)?);
        }
        rows.into_iter().try_for_each(|(section, row)| agree(section, row, &described))
    }
}

/// A market, and the section of its keys.
type Row<'a> = (&'a str, &'a MarketConfig);

/// A key of these markets, as the configuration has it.
fn keys(rows: &[Row<'_>], name: &str) -> String {
    rows.iter().map(|(section, _)| format!("`{section}.{name}`")).collect::<Vec<_>>().join(", ")
}

impl Pairs {
    /// What to ask for, each with the markets that the answer describes.
    fn targets<'a, 'b>(&self, rows: &'b [Row<'a>]) -> Vec<(String, &'b [Row<'a>])> {
        let one = |of: &'b [Row<'a>]| (format!("{}?symbol={}", self.path, text_of(of[0].1)), of);
        if self.takes_symbol { rows.chunks(1).map(one).collect() } else { vec![(self.path.to_owned(), rows)] }
    }
}

/// The pairs of an answer. Where it is none, the key of the address, or those of the symbols, are told.
fn pairs(answer: &http::Answer, (url_key, symbol_keys): (&str, &str), doing: &str) -> Result<Vec<Pair>, Failure> {
    /// A request that the exchange does not understand: of the fields here, only the symbol is ours.
    const BAD_REQUEST: u16 = 400;
    match answer.status {
        200 => serde_json::from_slice(&answer.body).map(|info: Info| info.symbols).map_err(|error| {
            let what = format!("{doing}: the description of the pairs is not understood ({error}): it is tried again; where it comes back, this program is too old for the exchange");
            Failure::new(link::PROTOCOL, what)
        }),
        BAD_REQUEST => {
            let what = format!("{doing}: the exchange does not list the pair: check {symbol_keys}");
            Err(Failure::new(link::INSTRUMENT, what))
        }
        code => {
            let then = match code {
                401 | 403 | 404 | 451 => format!("check `{url_key}`, and whether the exchange serves this place"),
                _ => "it is asked again later".to_owned(),
            };
            let what = format!("{doing}: the exchange answered HTTP {code}: {then}");
            Err(Failure { cause: link::NOT_UPGRADED, code, what })
        }
    }
}

/// Orders must lie on the ticks, and their sizes on the lots, that the configuration has.
fn agree(section: &str, row: &MarketConfig, described: &[Pair]) -> Result<(), Failure> {
    let symbol = text_of(row);
    let failure = |what| Err(Failure::new(link::INSTRUMENT, what));
    let Some(pair) = described.iter().find(|pair| pair.symbol == symbol) else {
        return failure(format!("the exchange does not list {symbol}: check `{section}.symbol`"));
    };
    let of = |kind: &str| pair.filters.iter().find(|filter| filter.filter_type == kind);
    let tick = of("PRICE_FILTER").and_then(|filter| filter.tick_size.as_deref()).unwrap_or("nothing");
    let step = of("LOT_SIZE").and_then(|filter| filter.step_size.as_deref()).unwrap_or("nothing");
    let tick_fits = scaled_padded(tick.as_bytes(), row.price_precision) == Ok(row.price_increment_ticks);
    let step_fits = scaled_padded(step.as_bytes(), row.qty_precision).is_ok_and(|lots| lots > 0);
    if tick_fits && step_fits {
        return Ok(());
    }
    failure(format!(
        "the exchange describes {symbol} with a price step of {tick} and a size step of {step}; the configuration has price \
         precision {}, an increment of {} ticks and quantity precision {}: change `{section}.price_precision`, \
         `{section}.price_increment`, `{section}.qty_precision`",
        row.price_precision, row.price_increment_ticks, row.qty_precision
    ))
}

fn text_of(row: &MarketConfig) -> Cow<'_, str> {
    String::from_utf8_lossy(row.symbol.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Pair, Pairs, agree, http, keys, pairs};
    use bytemuck::Zeroable;
    use hotpath::config::{MarketConfig, Symbol};
    use hotpath::record::link;

    const INFO: &str = r#"{"timezone":"UTC","symbols":[{"symbol":"BTCUSDT","status":"TRADING","filters":[
        {"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"1000000.00000000","tickSize":"0.01000000"},
        {"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000","stepSize":"0.00001000"},
        {"filterType":"ICEBERG_PARTS","limit":10}]}]}"#;

    fn described() -> Vec<Pair> {
        pairs(&http::Answer { status: 200, body: INFO.as_bytes().to_vec() }, ("venue.rest_url", "`venue.symbol`"), "x")
            .expect("a description")
    }

    fn row(symbol: &str, price_precision: u8, price_increment_ticks: i64, qty_precision: u8) -> MarketConfig {
        let symbol = Symbol::new(symbol).expect("a symbol");
        MarketConfig { symbol, price_precision, price_increment_ticks, qty_precision, ..Zeroable::zeroed() }
    }

    #[test]
    fn only_what_the_exchange_describes_is_used() {
        let fits = |row: &MarketConfig| agree("venue", row, &described()).map_err(|failure| failure.cause);
        assert_eq!(fits(&row("BTCUSDT", 2, 1, 5)), Ok(()));
        // Finer ticks and lots of our own change nothing but their count.
        assert_eq!(fits(&row("BTCUSDT", 4, 100, 8)), Ok(()));
        for wrong in
            [row("BTCUSDT", 2, 2, 5), row("BTCUSDT", 1, 1, 5), row("BTCUSDT", 2, 1, 4), row("ETHUSDT", 2, 1, 5)]
        {
            assert_eq!(fits(&wrong), Err(link::INSTRUMENT));
        }
    }

    #[test]
    fn an_error_is_told_as_what_it_means() {
        let cause = |status, body: &str| {
            let answer = http::Answer { status, body: body.as_bytes().to_vec() };
            let pairs = pairs(&answer, ("leader.1.rest_url", "`leader.1.symbol`"), "x").map(|pairs| pairs.len());
            pairs.map_err(|failure| (failure.cause, failure.code, failure.what.contains("check `leader.1.rest_url`")))
        };
        assert_eq!(cause(400, r#"{"code":-1121,"msg":"Invalid symbol."}"#), Err((link::INSTRUMENT, 0, false)));
        assert_eq!(cause(451, "{}"), Err((link::NOT_UPGRADED, 451, true)));
        assert_eq!(cause(404, ""), Err((link::NOT_UPGRADED, 404, true)));
        assert_eq!(cause(503, ""), Err((link::NOT_UPGRADED, 503, false)));
        assert_eq!(cause(200, "[]"), Err((link::PROTOCOL, 0, false)));
        assert_eq!(cause(200, INFO), Ok(1));
    }

    /// Who has three markets was told to look at `symbol`.
    #[test]
    fn keys_are_named_as_the_configuration_has_them() {
        let said = |row: &MarketConfig| agree("leader.2", row, &described()).expect_err("a difference").what;
        let unknown = said(&row("ETHUSDT", 2, 1, 5));
        assert!(unknown.ends_with("does not list ETHUSDT: check `leader.2.symbol`"), "{unknown}");
        let coarse = said(&row("BTCUSDT", 1, 1, 5));
        for key in ["`leader.2.price_precision`", "`leader.2.price_increment`", "`leader.2.qty_precision`"] {
            assert!(coarse.contains(key), "{coarse}");
        }
        let (btc, eth) = (row("BTCUSDT", 2, 1, 5), row("ETHUSDT", 2, 1, 5));
        let rows = [("venue", &btc), ("leader.3", &eth)];
        let told = |pairs: Pairs| -> Vec<_> {
            pairs.targets(&rows).into_iter().map(|(target, of)| (target, keys(of, "symbol"))).collect()
        };
        let asked = |symbol: &str| format!("/api/v3/exchangeInfo?symbol={symbol}");
        let each =
            [(asked("BTCUSDT"), "`venue.symbol`".to_owned()), (asked("ETHUSDT"), "`leader.3.symbol`".to_owned())];
        assert_eq!(told(Pairs::SPOT), each);
        let both = "`venue.symbol`, `leader.3.symbol`".to_owned();
        assert_eq!(told(Pairs::PERP), [("/fapi/v1/exchangeInfo".to_owned(), both)]);
        let refused = http::Answer { status: 400, body: Vec::new() };
        let refused = pairs(&refused, ("venue.rest_url", "`leader.3.symbol`"), "x").map(|pairs| pairs.len());
        assert!(refused.is_err_and(|failure| failure.what.ends_with("check `leader.3.symbol`")));
    }
}
