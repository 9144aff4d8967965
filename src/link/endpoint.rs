//! Where an exchange is: the URL of a configuration, taken apart.

use anyhow::{Result, anyhow, bail};
use std::net::{SocketAddr, ToSocketAddrs};
use tungstenite::http::Uri;

/// Host, port and path of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The key of the configuration that says so.
    pub key: String,
    /// The URL as the configuration writes it.
    pub url: String,
    /// Name or address of the host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it speaks TLS.
    pub is_tls: bool,
    /// The path, `/` at least.
    pub path: String,
}

impl Endpoint {
    /// Takes `ws://HOST[:PORT]/PATH` or `wss://...` apart, `url` in this section.
    ///
    /// # Errors
    /// When it is no such URL.
    pub fn parse(section: &str, url: &str) -> Result<Self> {
        Self::take_apart(url, format!("{section}.url"), ["ws", "wss"])
    }

    /// Takes `http://HOST[:PORT]/PATH` or `https://...` apart, `rest_url` in this section.
    ///
    /// # Errors
    /// When it is no such URL.
    pub fn parse_rest(section: &str, url: &str) -> Result<Self> {
        Self::take_apart(url, format!("{section}.rest_url"), ["http", "https"])
    }

    fn take_apart(url: &str, key: String, [plain, sealed]: [&str; 2]) -> Result<Self> {
        let uri: Uri = url.parse().map_err(|error| anyhow!("`{key}` {url:?} is no URL: {error}"))?;
        let is_tls = match uri.scheme_str() {
            Some(scheme) if scheme == sealed => true,
            Some(scheme) if scheme == plain => false,
            _ => bail!("`{key}` {url:?} begins with neither {plain}:// nor {sealed}://"),
        };
        let host = uri.host().ok_or_else(|| anyhow!("`{key}` {url:?} names no host"))?;
        let port = match (uri.port_u16(), uri.authority().is_some_and(|authority| names_port(authority.as_str()))) {
            (Some(port @ 1..), _) => port,
            (None, false) if is_tls => 443,
            (None, false) => 80,
            _ => bail!("`{key}` {url:?} has a port that is not between 1 and 65535"),
        };
        // An address of six bytes and more stands in brackets in a URL, and nowhere else.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { key, url: url.to_owned(), host, port, is_tls, path: uri.path().to_owned() })
    }

    /// Addresses of the host, in the order of preference of the system.
    ///
    /// # Errors
    /// Those of the resolver.
    pub fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }
}

/// Whether something stands behind a colon that is not inside the brackets of an address.
fn names_port(authority: &str) -> bool {
    authority.rsplit(']').next().is_some_and(|rest| rest.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn urls_are_taken_apart() {
        let parse = |url| Endpoint::parse("venue", url).map(|found| (found.host, found.port, found.is_tls));
        assert_eq!(parse("wss://ws.kraken.com/v2").expect("a URL"), ("ws.kraken.com".to_owned(), 443, true));
        assert_eq!(parse("ws://127.0.0.1:8080/v2").expect("a URL"), ("127.0.0.1".to_owned(), 8080, false));
        assert_eq!(parse("wss://[::1]:9/v2").expect("a URL"), ("::1".to_owned(), 9, true));
        let rest = Endpoint::parse_rest("venue", "https://api.binance.com").expect("a URL");
        assert_eq!((&*rest.host, rest.port, rest.is_tls, &*rest.path), ("api.binance.com", 443, true, "/"));
        assert!(
            Endpoint::parse_rest("leader.1", "wss://a")
                .is_err_and(|error| error.to_string().contains("`leader.1.rest_url`"))
        );
        for wrong in [
            "http://ws.kraken.com",
            "ws.kraken.com",
            "wss:///v2",
            "wss://a b",
            "ws://a:99999/v2",
            "ws://a:0/v2",
            "wss://[::1]:x/v2",
        ] {
            assert!(parse(wrong).is_err_and(|error| error.to_string().contains("`venue.url`")), "{wrong}");
        }
    }
}
