//! What is traded and in which steps: the answer `exchangeInfo`.

use super::book::{Book, Scale};
use super::section::Section;
use crate::exchange::decimal::Decimal;
use crate::market::Side;
use serde_json::{Value, json};

/// Assets in which others are quoted.
const QUOTES: [&str; 9] = ["FDUSD", "USDT", "USDC", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY"];
/// Most decimals of a step.
const STEP_DECIMALS_MAX: u32 = 18;

/// The steps of prices and sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    scale: Scale,
    price: i64,
    qty: i64,
}

impl Steps {
    /// Steps in the smallest units of a scale.
    pub const fn new(scale: Scale, price: i64, qty: i64) -> Self {
        Self { scale, price, qty }
    }

    /// The coarsest powers of ten that all numbers of a book are multiples of: a recording does not say more.
    pub fn of(book: &Book) -> Self {
        let rows = || book.rows(Side::Bid).chain(book.rows(Side::Ask));
        let price = power_of_ten(&rows().map(|row| row.price_ticks).collect::<Vec<_>>());
        Self { scale: book.scale, price, qty: power_of_ten(&rows().map(|row| row.qty_lots).collect::<Vec<_>>()) }
    }

    /// A number of prices as text.
    fn price(self, units: i64) -> String {
        Decimal::new(units, self.scale.price_decimals).to_string()
    }

    /// A number of sizes as text.
    fn qty(self, units: i64) -> String {
        Decimal::new(units, self.scale.qty_decimals).to_string()
    }
}

/// The largest power of ten that divides all numbers.
fn power_of_ten(numbers: &[i64]) -> i64 {
    let divides = |power: &i64| numbers.iter().all(|number| number % power == 0);
    (1..=STEP_DECIMALS_MAX).map(|zeros| 10_i64.pow(zeros)).take_while(divides).last().unwrap_or(1)
}

/// Base and quote of a symbol.
fn assets(symbol: &str) -> (&str, &str) {
    let quote = QUOTES.into_iter().find(|quote| symbol.len() > quote.len() && symbol.ends_with(quote));
    symbol.split_at(symbol.len() - quote.map_or(0, str::len))
}

/// The answer's text.
pub(super) fn exchange_info(section: Section, symbol: &str, steps: Steps, now_ms: u64) -> String {
    let answer = match section {
        Section::Spot => json!({
            "timezone": "UTC",
            "serverTime": now_ms,
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [spot(symbol, steps)],
        }),
        Section::Perpetual => json!({
            "timezone": "UTC",
            "serverTime": now_ms,
            "futuresType": "U_MARGINED",
            "rateLimits": [],
            "exchangeFilters": [],
            "assets": [],
            "symbols": [perpetual(symbol, steps)],
        }),
    };
    answer.to_string()
}

fn spot(symbol: &str, steps: Steps) -> Value {
    let (base, quote) = assets(symbol);
    let notional = json!({
        "filterType": "NOTIONAL",
        "minNotional": "5.00000000",
        "applyMinToMarket": true,
        "maxNotional": "9000000.00000000",
        "applyMaxToMarket": false,
        "avgPriceMins": 5,
    });
    json!({
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": base,
        "baseAssetPrecision": 8,
        "quoteAsset": quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": false,
        "ocoAllowed": false,
        "isSpotTradingAllowed": true,
        "isMarginTradingAllowed": false,
        "filters": [price_filter(steps), lot_size(steps), notional],
        "permissions": [],
        "permissionSets": [["SPOT"]],
    })
}

fn perpetual(symbol: &str, steps: Steps) -> Value {
    let (base, quote) = assets(symbol);
    json!({
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4_133_404_800_000_u64,
        "onboardDate": 1_569_398_400_000_u64,
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": quote,
        "marginAsset": quote,
        "pricePrecision": steps.scale.price_decimals,
        "quantityPrecision": steps.scale.qty_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "filters": [
            price_filter(steps),
            lot_size(steps),
            json!({ "filterType": "MIN_NOTIONAL", "notional": "100" }),
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    })
}

fn price_filter(steps: Steps) -> Value {
    let (least, most) = (steps.price(steps.price), steps.price(steps.price.saturating_mul(100_000_000)));
    json!({ "filterType": "PRICE_FILTER", "minPrice": least, "maxPrice": most, "tickSize": least })
}

fn lot_size(steps: Steps) -> Value {
    let (least, most) = (steps.qty(steps.qty), steps.qty(steps.qty.saturating_mul(1_000_000)));
    json!({ "filterType": "LOT_SIZE", "minQty": least, "maxQty": most, "stepSize": least })
}
