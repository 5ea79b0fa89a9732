//! `host:port` as users write it. Resolves nothing.

use std::fmt;
use std::str::FromStr;

/// A host and a port; an IPv6 address stands in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Name or IP address, without brackets.
    pub(super) host: String,
    /// Port.
    pub(super) port: u16,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad =
            || format!("`{text}` is not an address; addresses are written `host:443`, `10.0.0.1:443`, `[::1]:443`");
        let (host, port) = text.rsplit_once(':').ok_or_else(bad)?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let odd = |c: char| c.is_whitespace() || "/@[]".contains(c);
        if bare.unwrap_or(host).is_empty()
            || bare.unwrap_or(host).contains(odd)
            || (bare.is_none() && host.contains(':'))
        {
            return Err(bad());
        }
        let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(bad)?;
        Ok(Self { host: bare.unwrap_or(host).to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(out, "[{}]:{}", self.host, self.port),
            false => write!(out, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_addresses() {
        for fine in ["localhost:443", "10.0.0.1:9093", "[::1]:443", "kafka-bootstrap.kafka.svc:9093"] {
            assert_eq!(fine.parse::<Address>().unwrap().to_string(), fine);
        }
        for wrong in
            ["", "host", "host:", ":443", "host:0", "host:70000", "::1:443", "https://host:443", "a b:1", "[:1"]
        {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
