//! Which compressed form of a file a browser takes (RFC 9110, section 12.5.3).
//!
//! A browser lists the codings it knows, each with an optional weight; a weight of zero refuses
//! one. We have two and prefer the smaller; finer weights change nothing.

/// A form in which a file can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Brotli,
    Gzip,
    Plain,
}

impl Coding {
    /// Its name in the Content-Encoding header; plain has none.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Coding::Brotli => Some("br"),
            Coding::Gzip => Some("gzip"),
            Coding::Plain => None,
        }
    }
}

/// The smallest form that an Accept-Encoding header allows.
pub fn choose(accepted: &str) -> Coding {
    let allows = |name| accepted.split(',').any(|item| is_allowed(item, name));
    if allows("br") {
        Coding::Brotli
    } else if allows("gzip") {
        Coding::Gzip
    } else {
        Coding::Plain
    }
}

fn is_allowed(item: &str, name: &str) -> bool {
    let mut parts = item.split(';').map(str::trim);
    let named = parts.next().is_some_and(|it| it.eq_ignore_ascii_case(name));
    let weight = parts.find_map(|part| part.strip_prefix("q="));
    let refused = weight.is_some_and(|weight| weight.parse() == Ok(0.0));
    named && !refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_form_that_is_allowed_is_sent() {
        assert_eq!(choose("gzip, deflate, br, zstd"), Coding::Brotli);
        assert_eq!(choose("gzip;q=1.0, BR;q=0.5"), Coding::Brotli);
        assert_eq!(choose("gzip, br;q=0"), Coding::Gzip);
        assert_eq!(choose("gzip; q=0.000"), Coding::Plain);
        assert_eq!(choose("brotli"), Coding::Plain);
        assert_eq!(choose(""), Coding::Plain);
    }
}
