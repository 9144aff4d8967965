//! Frames as the exchange sent them, recorded or documented; not one byte is ours.

/// The first frame of a connection.
pub const STATUS: &str =
    r#"{"connectionID":17843232920108168701,"event":"systemStatus","status":"online","version":"1.8.3"}"#;

/// Once a second.
pub const HEARTBEAT: &str = r#"{"event":"heartbeat"}"#;

/// The answer to a ping.
pub const PONG: &str = r#"{"event":"pong","reqid":42}"#;

/// A ping, as if it came back.
pub const PING: &str = r#"{"event":"ping","reqid":42}"#;

/// A subscription was granted.
pub const SUBSCRIBED: &str = r#"{"channelID":336,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD","status":"subscribed","subscription":{"depth":10,"name":"book"}}"#;

/// Another one, of trades.
pub const SUBSCRIBED_TRADES: &str = r#"{"channelID":2497,"channelName":"trade","event":"subscriptionStatus","pair":"ALGO/XBT","status":"subscribed","subscription":{"name":"trade"}}"#;

/// A subscription ended.
pub const UNSUBSCRIBED: &str = r#"{"channelID":10001,"channelName":"ohlc-5","event":"subscriptionStatus","pair":"XBT/USD","reqid":42,"status":"unsubscribed","subscription":{"interval":5,"name":"ohlc"}}"#;

/// A subscription was refused for its depth.
pub const UNKNOWN_DEPTH: &str = r#"{"errorMessage":"Subscription depth not supported","event":"subscriptionStatus","pair":"XBT/USD","status":"error","subscription":{"depth":42,"name":"book"}}"#;

/// A request was not understood.
pub const MALFORMED: &str = r#"{"errorMessage":"Malformed request","event":"error"}"#;

/// Book messages: a snapshot; one side; both sides in two objects; rows that come back with old times.
pub const BOOK: [&str; 8] = [
    r#"[0,{"as":[["5541.30000","2.50700000","1534614248.123678"],["5542.50000","0.40100000","1534614248.456738"]],"bs":[["5541.20000","1.52900000","1534614248.765567"]]},"book-100","XBT/USD"]"#,
    r#"[1234,{"a":[["5541.30000","2.50700000","1534614248.456738"]],"c":"974942666"},"book-10","XBT/USD"]"#,
    r#"[1234,{"b":[["5541.30000","0.00000000","1534614335.345903"]],"c":"974942666"},"book-10","XBT/USD"]"#,
    r#"[1234,{"a":[["5541.30000","2.50700000","1534614248.456738"]]},{"b":[["5541.30000","0.00000000","1534614335.345903"]],"c":"974942666"},"book-10","XBT/USD"]"#,
    r#"[320,{"b":[["58724.80000","0.36000000","1617666423.690142"]],"c":"1611137690"},"book-1000","XBT/USD"]"#,
    r#"[320,{"b":[["58719.70000","0.00000000","1617666423.693648"],["55225.00000","0.50000000","1617640142.435065","r"]],"c":"226497374"},"book-1000","XBT/USD"]"#,
    r#"[320,{"a":[["58810.30000","2.00000000","1617666423.714230"]],"c":"821599009"},"book-1000","XBT/USD"]"#,
    r#"[320,{"a":[["61308.50000","0.00000000","1617666539.868687"],["61800.00000","1.48600534","1617648977.752138","r"],["61206.90000","0.00000000","1617666539.869073"],["61813.60000","0.00500000","1617566855.844121","r"],["61410.20000","0.00000000","1617666539.870038"],["61816.40000","0.12983051","1617666288.174674","r"]]},{"b":[["56123.40000","0.06137256","1617666539.870272"]],"c":"1768150633"},"book-1000","XBT/USD"]"#,
];

/// Trades: the first sold at a limit, the second bought at one.
pub const TRADES: &str = r#"[0,[["5541.20000","0.15850568","1534614057.321597","s","l",""],["6060.00000","0.02455000","1534614057.324998","b","l",""]],"trade","XBT/USD"]"#;

/// Best bid and ask, with the time of the touch.
pub const SPREAD: &str =
    r#"[0,["5698.40000","5700.00000","1542057299.545897","1.01234567","0.98765432"],"spread","XBT/USD"]"#;

/// Best bid and ask, with the last trade.
pub const TICKER: &str = r#"[324,{"a":["58729.00000",0,"0.03666000"],"b":["58728.90000",0,"0.54319600"],"c":["58729.00000","0.00026141"],"v":["3397.78162464","3403.55795458"],"p":["58348.14828","58347.95004"],"t":[48667,48898],"l":["56820.00000","56820.00000"],"h":["59278.10000","59278.10000"],"o":["58195.10000","58229.70000"]},"ticker","XBT/USD"]"#;

/// A channel that is not used.
pub const OHLC: &str = r#"[327,["1621988141.603324","1621988160.000000","38220.70000","38348.80000","38220.70000","38320.40000","38330.59222","3.23539643",42],"ohlc-1","XBT/USD"]"#;
