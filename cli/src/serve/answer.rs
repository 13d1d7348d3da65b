//! One answer of the server: a file of the page, in the smallest form that the browser takes.
//!
//! Files keep their names from version to version, so a browser must ask each time (`no-cache`);
//! the digest in the ETag makes that question cheap. The headers hold the page to itself: nothing
//! from elsewhere is loaded, and no code runs that did not come from here. WebAssembly is compiled
//! by the page, which the policy has to allow by name.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::routing::get;

use super::negotiate::{self, Coding};
use crate::site::{self, File};

/// What a page may load, and from where. The same words as in the page's own meta element; a test
/// compares them.
pub const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
    worker-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'";

/// Answers GET and HEAD for every path.
pub fn router() -> Router {
    Router::new().fallback_service(get(answer))
}

async fn answer(uri: Uri, asked: HeaderMap) -> Response<Body> {
    let Some(file) = site::find(uri.path()) else {
        return plain(StatusCode::NOT_FOUND, "There is no such page: the lab is at /\n");
    };
    let value = |name| asked.get(name).and_then(|it| it.to_str().ok()).unwrap_or("");
    let coding = negotiate::choose(value(header::ACCEPT_ENCODING));
    let tag = format!("\"{:016x}-{}\"", file.digest, coding.name().unwrap_or("plain"));
    let is_known = value(header::IF_NONE_MATCH)
        .split(',')
        .any(|known| known.trim().trim_start_matches("W/") == tag);
    if is_known {
        send(StatusCode::NOT_MODIFIED, file, coding, &tag, Body::empty())
    } else {
        let body = Body::from(bytes(file, coding));
        send(StatusCode::OK, file, coding, &tag, body)
    }
}

fn bytes(file: &File, coding: Coding) -> &'static [u8] {
    match coding {
        Coding::Brotli => file.brotli,
        Coding::Gzip => file.gzip,
        Coding::Plain => file.plain,
    }
}

fn send(status: StatusCode, file: &File, coding: Coding, tag: &str, body: Body) -> Response<Body> {
    let mut answer = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, file.media_type())
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::ETAG, tag)
        .header(header::VARY, "Accept-Encoding");
    if let Some(name) = coding.name() {
        answer = answer.header(header::CONTENT_ENCODING, name);
    }
    finish(answer, body)
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let answer = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "text/plain; charset=utf-8");
    finish(answer, Body::from(text))
}

/// The headers that every answer has.
fn finish(answer: axum::http::response::Builder, body: Body) -> Response<Body> {
    answer
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header("cross-origin-opener-policy", "same-origin")
        .header("cross-origin-resource-policy", "same-origin")
        .body(body)
        .expect("every header is a constant or a hexadecimal number")
}
