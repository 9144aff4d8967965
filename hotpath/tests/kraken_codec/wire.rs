//! Frames as the exchange sent them, recorded or documented; not one byte is ours.

/// The first frame of a connection.
pub const STATUS: &str = r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":15113583034416118705}]}"#;

/// Once a second.
pub const HEARTBEAT: &str = r#"{"channel":"heartbeat"}"#;

/// The answer to a ping.
pub const PONG: &str = r#"{"method":"pong","req_id":101,"time_in":"2023-09-24T14:10:23.799685Z","time_out":"2023-09-24T14:10:23.799703Z"}"#;

/// A subscription was granted.
pub const SUBSCRIBED: &str = r#"{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2026-08-02T03:35:50.983359Z","time_out":"2026-08-02T03:35:50.983398Z"}"#;

/// A subscription ended.
pub const UNSUBSCRIBED: &str = r#"{"method":"unsubscribe","result":{"channel":"book","depth":10,"symbol":"BTC/USD"},"success":true,"time_in":"2026-08-01T02:53:56.345070Z","time_out":"2026-08-01T02:53:56.345138Z"}"#;

/// A subscription was refused for its symbol.
pub const UNKNOWN_SYMBOL: &str = r#"{"error":"Currency pair not supported XBT/EUR","method":"subscribe","success":false,"symbol":"XBT/EUR","time_in":"2026-01-19T15:05:26.339692Z","time_out":"2026-01-19T15:05:26.339722Z"}"#;

/// A subscription was refused for its depth.
pub const UNKNOWN_DEPTH: &str = r#"{"error":"Subscription depth not supported","method":"subscribe","success":false,"time_in":"2026-01-19T15:05:26.339692Z","time_out":"2026-01-19T15:05:26.339722Z"}"#;

/// A request was not understood.
pub const MALFORMED: &str = r#"{"error":"Malformed request","method":"error","success":false,"time_in":"2026-01-19T15:05:26.339692Z","time_out":"2026-01-19T15:05:26.339722Z"}"#;

/// An error without a method.
pub const NOT_FOUND: &str = r#"{"error":"Symbol(s) not found","success":false}"#;

/// An error with a capital letter.
pub const EXCEEDED: &str = r#"{"Error":"Exceeded msg rate"}"#;

/// Book messages: a snapshot and its next five; two sides at once; one price again and again.
pub const BOOK: [&str; 10] = [
    r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":63004.9,"qty":0.01876947},{"price":63003.3,"qty":0.00005100},{"price":63002.6,"qty":0.01602600},{"price":63000.2,"qty":0.00005100},{"price":63000.0,"qty":0.08325683},{"price":62997.0,"qty":0.09705100},{"price":62993.9,"qty":0.00005100},{"price":62991.8,"qty":0.00158700},{"price":62991.6,"qty":0.11000000},{"price":62988.9,"qty":0.10000000}],"asks":[{"price":63005.0,"qty":2.07265551},{"price":63005.1,"qty":0.55006860},{"price":63005.2,"qty":0.79358539},{"price":63005.8,"qty":0.01537966},{"price":63005.9,"qty":0.11835139},{"price":63006.0,"qty":0.04761452},{"price":63006.3,"qty":0.23809955},{"price":63006.5,"qty":0.79356896},{"price":63007.3,"qty":0.06000000},{"price":63008.4,"qty":0.00057100}],"checksum":2531248887,"timestamp":"2026-08-01T02:53:53.398143Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63005.0,"qty":2.08665551}],"checksum":2532652056,"timestamp":"2026-08-01T02:53:53.646219Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63005.9,"qty":0.00000000},{"price":63008.6,"qty":0.00039677}],"checksum":3629011692,"timestamp":"2026-08-01T02:53:54.966086Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63008.4,"qty":0.00000000},{"price":63009.2,"qty":0.28207838}],"checksum":1024595226,"timestamp":"2026-08-01T02:53:55.137815Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63005.0,"qty":2.14864105}],"checksum":1198578833,"timestamp":"2026-08-01T02:53:55.223312Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63005.0,"qty":2.13464105}],"checksum":2220311411,"timestamp":"2026-08-01T02:53:55.229516Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":63388.9,"qty":0.24178972}],"asks":[{"price":63388.8,"qty":0.02760887},{"price":63388.8,"qty":0.02721447},{"price":63388.8,"qty":0.00100000},{"price":63388.8,"qty":0.00000000},{"price":63428.9,"qty":0.10202812}],"checksum":591913347,"timestamp":"2026-08-02T03:36:11.993912Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63405.1,"qty":0.00197145},{"price":63405.1,"qty":0.00157716},{"price":63405.1,"qty":0.00118287},{"price":63405.1,"qty":0.00078858},{"price":63405.1,"qty":0.00039429},{"price":63405.1,"qty":0.00000074}],"checksum":4287261323,"timestamp":"2026-08-02T03:36:12.422469Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[{"price":63398.7,"qty":0.22121007}],"asks":[{"price":63397.4,"qty":0.00000000},{"price":63434.5,"qty":0.05500000},{"price":63398.5,"qty":0.00000000},{"price":63434.7,"qty":2.36463754}],"checksum":2392906461,"timestamp":"2026-08-02T03:36:12.006867Z"}]}"#,
    r#"{"channel":"book","type":"update","data":[{"symbol":"BTC/USD","bids":[],"asks":[{"price":63005.0,"qty":2.00825935},{"price":63005.0,"qty":1.99103002},{"price":63005.0,"qty":1.98023002},{"price":63005.0,"qty":1.94923002},{"price":63005.0,"qty":1.56873940}],"checksum":345451028,"timestamp":"2026-08-01T02:53:58.864981Z"}]}"#,
];

/// Best bid and ask.
pub const TICKER: &str = r#"{"channel":"ticker","type":"update","data":[{"symbol":"ETH/USD","bid":3215.88,"bid_qty":3.64088999,"ask":3215.89,"ask_qty":70.24300000,"last":3215.88,"volume":25414.76429817,"vwap":3240.91,"low":3174.44,"high":3367.00,"change":-109.77,"change_pct":-3.30,"volume_usd":81730832.21,"timestamp":"2026-01-19T15:05:26.339692Z"}]}"#;

/// A trade.
pub const TRADE: &str = r#"{"channel":"trade","type":"update","data":[{"symbol":"ETH/USD","side":"buy","price":3213.89,"qty":0.02315574,"ord_type":"market","trade_id":59874571,"timestamp":"2026-01-19T15:36:48.413515Z"}]}"#;

/// Instruments.
pub const INSTRUMENT: &str = r#"{"channel":"instrument","type":"snapshot","data":{"assets":[{"id":"EUR","status":"enabled","precision":4,"precision_display":2,"borrowable":true,"collateral_value":1.000,"class":"currency","margin_rate":0.025000}],"pairs":[{"symbol":"EUR/USD","base":"EUR","quote":"USD","status":"online","qty_precision":8,"qty_increment":0.00000001,"price_precision":5,"cost_precision":5,"marginable":false,"has_index":true,"ws_display_price_precision":5,"cost_min":0.50,"tick_size":0.00001,"price_increment":0.00001,"qty_min":0.50000000}]}}"#;

/// Channels that the engine does not use.
pub const OTHER_CHANNELS: [&str; 3] = [
    r#"{"channel":"level3","type":"snapshot","data":[{"symbol":"BTC/USD","checksum":0,"bids":[{"order_id":"OAAAAA-BBBBB-CCCCCC","limit_price":63004.9,"order_qty":0.01876947,"timestamp":"2026-08-01T02:53:51.123456789Z"}],"asks":[]}]}"#,
    r#"{"channel":"level3","type":"update","data":[{"symbol":"BTC/USD","checksum":0,"bids":[{"event":"delete","order_id":"OAAAAA-BBBBB-CCCCCC","limit_price":63004.9,"order_qty":0.01876947,"timestamp":"2026-08-01T02:53:55.123456789Z"}],"asks":[]}]}"#,
    r#"{"channel":"ohlc","type":"update","timestamp":"2023-10-04T16:26:30.524394914Z","data":[{"symbol":"MATIC/USD","open":0.5624,"high":0.5628,"low":0.5622,"close":0.5627,"trades":12,"volume":30927.68066226,"vwap":0.5626,"interval_begin":"2023-10-04T16:25:00.000000000Z","interval":5,"timestamp":"2023-10-04T16:30:00.000000Z"}]}"#,
];

/// Requests, as if they came back: no answer, though they name a method.
pub const PING: &str = r#"{"method":"ping","req_id":101}"#;
