//! What a server answers: every kind of reply that RESP3 knows.
//!
//! Commands answer in these terms and never ask which protocol the client speaks. A client that
//! speaks RESP2 gets the same reply reduced at the edge (see `resp.rs`): a map becomes a flat list,
//! a boolean a number, and so on.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::lossless;

/// One reply, as the server means it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// A short line without line breaks: `OK`, `PONG`, `string`.
    Simple(Cow<'static, str>),
    /// The full text with its code, without the leading dash: `ERR syntax error`.
    Error(String),
    Integer(i64),
    Bulk(#[serde(with = "lossless::bytes")] Bytes),
    /// No value. In RESP2 a bulk string of length -1.
    Null,
    /// No list of values. In RESP2 an array of length -1; RESP3 has but one null.
    NullArray,
    Array(Vec<Reply>),
    Map(Vec<(Reply, Reply)>),
    Set(Vec<Reply>),
    Double(#[serde(with = "lossless::double")] f64),
    Boolean(bool),
    /// The decimal digits of an integer that may not fit in 64 bits.
    BigNumber(String),
    /// Text to be shown as it is; its format is `txt` or `mkd`.
    Verbatim {
        format: [u8; 3],
        #[serde(with = "lossless::bytes")]
        text: Bytes,
    },
    /// Out of band: not the answer to any call.
    Push(Vec<Reply>),
}

impl Reply {
    pub const fn ok() -> Reply {
        Reply::simple("OK")
    }

    pub const fn simple(text: &'static str) -> Reply {
        Reply::Simple(Cow::Borrowed(text))
    }

    /// An error with its code. A line break would end the line on the wire, so each one becomes a
    /// space (Redis 7.0, `networking.c: addReplyErrorSdsEx`).
    pub fn error(text: impl Into<String>) -> Reply {
        let text = text.into();
        if text.contains(['\r', '\n']) {
            return Reply::Error(text.replace(['\r', '\n'], " "));
        }
        Reply::Error(text)
    }

    pub fn syntax_error() -> Reply {
        Reply::error("ERR syntax error")
    }

    pub fn bulk(bytes: impl Into<Bytes>) -> Reply {
        Reply::Bulk(bytes.into())
    }

    /// A text in the plain verbatim format, as INFO and CLUSTER NODES answer.
    pub fn verbatim(text: impl Into<Bytes>) -> Reply {
        Reply::Verbatim { format: *b"txt", text: text.into() }
    }

    pub fn is_error(&self) -> bool {
        matches!(self, Reply::Error(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_survives_json() {
        let reply = Reply::Array(vec![
            Reply::bulk("text"),
            Reply::bulk(vec![0, 255, 10]),
            Reply::Double(f64::INFINITY),
            Reply::Double(0.1),
            Reply::verbatim("a\nb"),
            Reply::Map(vec![(Reply::bulk("k"), Reply::Null)]),
            Reply::NullArray,
        ]);
        let json = serde_json::to_string(&reply).unwrap();
        assert!(json.contains(r#"{"Bulk":"text"},{"Bulk":[0,255,10]}"#), "{json}");
        assert_eq!(serde_json::from_str::<Reply>(&json).unwrap(), reply);
    }

    #[test]
    fn an_error_is_one_line() {
        assert_eq!(Reply::error("ERR a\r\nb"), Reply::Error("ERR a  b".to_owned()));
    }
}
