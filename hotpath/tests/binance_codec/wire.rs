//! Frames as the exchange writes them.

/// Spot: changes of a book.
pub const SPOT_DEPTH: &str = r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1672515782136,"s":"BTCUSDT","U":157,"u":160,"b":[["24.00000000","10.00000000"],["23.99000000","0.00000000"]],"a":[["26.01000000","0.00000001"],["26.50000000","100.00000000"],["26.50000000","0.00000000"]]}}"#;

/// The perpetual's.
pub const PERP_DEPTH: &str = r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1571889248277,"T":1571889248276,"s":"BTCUSDT","U":390497796,"u":390497878,"pu":390497794,"b":[["7403.80","0.002"],["7403.90","3.906"]],"a":[["7405.90","3.340"],["7405.30","0.000"]]}}"#;

/// A book that was fetched from spot.
pub const SPOT_SNAPSHOT: &str = r#"{"lastUpdateId":1027024,"bids":[["4.00000000","431.00000000"],["3.99000000","1.50000000"]],"asks":[["4.02000000","12.00000000"]]}"#;

/// From the perpetual.
pub const PERP_SNAPSHOT: &str = r#"{"lastUpdateId":1027024,"E":1589436922972,"T":1589436922959,"bids":[["4.0","431.000"]],"asks":[["4.2","12.000"]]}"#;

/// A trade on spot: the buyer's order was there before.
pub const SPOT_TRADE: &str = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1672515782137,"s":"BTCUSDT","t":12345,"p":"16850.01000000","q":"0.00100000","T":1672515782136,"m":true,"M":true}}"#;

/// On the perpetual.
pub const PERP_TRADE: &str = r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}"#;

/// Best levels on spot.
pub const SPOT_TICKER: &str = r#"{"stream":"btcusdt@bookTicker","data":{"u":400900217,"s":"BTCUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}}"#;

/// On the perpetual.
pub const PERP_TICKER: &str = r#"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":400900217,"s":"BTCUSDT","b":"25.30","B":"31.210","a":"25.40","A":"40.660","T":1568014460891,"E":1568014460893}}"#;

/// Streams that are not used.
pub const OTHER_STREAMS: [&str; 6] = [
    r#"{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}}"#,
    r#"{"stream":"btcusdt@depth5","data":{"lastUpdateId":160,"bids":[],"asks":[]}}"#,
    r#"{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1672515782136,"s":"BTCUSDT","a":12345,"p":"0.001","q":"100","f":100,"l":105,"T":1672515782136,"m":true,"M":true}}"#,
    r#"{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1672515782136,"s":"BTCUSDT","k":{"t":1672515780000}}}"#,
    r#"{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker","s":"BTCUSDT"}]}"#,
    r#"{"stream":"btcusdt","data":{}}"#,
];

/// It will close the connection soon.
pub const SHUTDOWN: &str = r#"{"e":"serverShutdown","E":1770123456789}"#;

/// An event without its stream: the address is that of raw streams.
pub const RAW_STREAM: &str = r#"{"e":"trade","E":1672515782136,"s":"BTCUSDT","t":12345,"p":"0.01","q":"100","T":1672515782136,"m":true,"M":true}"#;
