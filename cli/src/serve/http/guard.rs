//! Who may speak to the page's server.
//!
//! A page on the internet can make a browser send requests to this machine. Three rules keep it
//! out, checked in this order:
//! 1. *Host*: a name that somebody else's DNS leads here (DNS rebinding) is none of ours. An
//!    address, `localhost` and the names of `--allow-host` are.
//! 2. *Origin*: a request that a page makes must come from a page of ours; browsers say so for
//!    WebSockets and for everything that changes something.
//! 3. *Authorization*: where the nodes have a password, the page has the same one (Basic, any
//!    user).

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::error::Problem;
use super::{POLICY, World};

/// What is let in.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    pub hosts: Vec<String>,
    pub secret: Option<String>,
}

/// Lets a request through or answers it, and puts the headers on the answer that hold a page to
/// itself.
pub async fn guard(State(world): State<World>, request: Request, next: Next) -> Response {
    let is_open_to_all = request.uri().path() == "/healthz";
    let mut answer = match world.guard.check(request.headers(), is_open_to_all) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    let headers = answer.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    answer
}

impl Guard {
    fn check(&self, headers: &HeaderMap, is_open_to_all: bool) -> Result<(), Problem> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST).unwrap_or("");
        if !self.is_ours(host) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                format!("`{host}` is no name of this server"),
                "use its address, as in http://127.0.0.1:7878/, or start it with --allow-host NAME",
            ));
        }
        if let Some(origin) = text(header::ORIGIN)
            && !is_same(origin, host)
        {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                format!("a page of {origin} may not speak to this server"),
                "use the page that this server hands out, or a program that sends no Origin",
            ));
        }
        match &self.secret {
            Some(secret) if !is_open_to_all => authorize(text(header::AUTHORIZATION), secret),
            Some(_) | None => Ok(()),
        }
    }

    fn is_ours(&self, host: &str) -> bool {
        let name = name_of(host);
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        let lower = name.to_ascii_lowercase();
        is_address
            || lower == "localhost"
            || lower.ends_with(".localhost")
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

/// A host without its port, and an address without its brackets.
fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or("");
    }
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

/// Whether an origin, which has a scheme, is this very host and port.
fn is_same(origin: &str, host: &str) -> bool {
    let scheme = ["http://", "https://"].iter().find_map(|scheme| origin.strip_prefix(scheme));
    scheme.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
}

fn authorize(given: Option<&str>, secret: &str) -> Result<(), Problem> {
    let encoded = given.and_then(|given| given.strip_prefix("Basic ")).unwrap_or("");
    let decoded = STANDARD.decode(encoded.trim()).unwrap_or_default();
    let colon = decoded.iter().position(|&byte| byte == b':');
    let password = colon.map_or(&[][..], |at| &decoded[at + 1..]);
    match is_equal(password, secret.as_bytes()) {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::UNAUTHORIZED,
            "this server wants the password of the nodes",
            "give it as the password of any user; hashslot ctl takes --password-file FILE",
        )),
    }
}

/// Compared in a time that tells nothing but the length.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    let differences = one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(guard: &Guard, headers: &[(&str, &str)]) -> Result<(), StatusCode> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: header::HeaderName = name.parse().unwrap();
            map.insert(name, value.parse().unwrap());
        }
        guard.check(&map, false).map_err(|problem| problem.status)
    }

    #[test]
    fn a_name_that_was_not_given_to_us_is_refused() {
        let guard = Guard { hosts: vec!["lab.example".to_owned()], secret: None };
        for host in ["127.0.0.1:7878", "localhost", "[::1]:80", "a.localhost:1", "LAB.example:80"] {
            assert_eq!(said(&guard, &[("host", host)]), Ok(()), "{host}");
        }
        for host in ["evil.example", "evil.example:7878", "", "localhost.evil.example", "[x"] {
            assert_eq!(said(&guard, &[("host", host)]), Err(StatusCode::FORBIDDEN), "{host}");
        }
    }

    #[test]
    fn a_page_from_elsewhere_is_refused() {
        let guard = Guard::default();
        let from = |origin| said(&guard, &[("host", "127.0.0.1:7878"), ("origin", origin)]);
        assert_eq!(from("http://127.0.0.1:7878"), Ok(()));
        for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1"] {
            assert_eq!(from(origin), Err(StatusCode::FORBIDDEN), "{origin}");
        }
    }

    #[test]
    fn the_password_is_wanted_where_there_is_one() {
        let guard = Guard { hosts: Vec::new(), secret: Some("se:cret".to_owned()) };
        let with = |given: &str| {
            let given = format!("Basic {}", STANDARD.encode(given));
            said(&guard, &[("host", "localhost"), ("authorization", &given)])
        };
        assert_eq!(with("default:se:cret"), Ok(()));
        assert_eq!(with(":se:cret"), Ok(()));
        for wrong in ["default:secret", "se:cret", "", ":"] {
            assert_eq!(with(wrong), Err(StatusCode::UNAUTHORIZED), "{wrong}");
        }
        assert_eq!(said(&guard, &[("host", "localhost")]), Err(StatusCode::UNAUTHORIZED));
    }
}
