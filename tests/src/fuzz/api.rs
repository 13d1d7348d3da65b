//! The HTTP interface of a served cluster, without a socket: a request is text, and so is fuzzed.
//!
//! ```text
//! POST /api/do
//! Origin: http://elsewhere
//!
//! {"line": "$ kill 7000"}
//! ```
//!
//! The cluster goes on from one input to the next, as it does for real. Whatever is asked, an
//! answer comes, and it is no internal error.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use clap::Parser;
use hashslot::serve::http::{Guard, Page, router};
use hashslot::serve::redis::{self, RedisArgs};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tower::ServiceExt;

const PATIENCE: Duration = Duration::from_secs(60);
const ANSWER_BYTES_MAX: usize = 256 << 20;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    redis: RedisArgs,
}

struct Served {
    runtime: Runtime,
    router: Router,
}

fn served() -> &'static Served {
    static SERVED: OnceLock<Served> = OnceLock::new();
    SERVED.get_or_init(|| {
        let port = crate::judges::ports::take(6).to_string();
        let args = ["fuzz", "--redis", "--seed", "1", "--trace", "facts", "--first-port", &port];
        let args = Args::parse_from(args).redis;
        let served = redis::start(&args, IpAddr::V4(Ipv4Addr::LOCALHOST));
        let served = served.unwrap_or_else(|failure| panic!("{failure}"));
        let router = router(served.control, Guard::default(), Page::None);
        let runtime = Builder::new_current_thread().enable_all().build();
        Served { runtime: runtime.expect("a runtime can be made"), router }
    })
}

/// The request that a text means; `None` if it is none.
fn request(input: &[u8]) -> Option<Request<Body>> {
    let end = input.windows(2).position(|two| two == b"\n\n").unwrap_or(input.len());
    let head = str::from_utf8(&input[..end]).ok()?;
    let mut lines = head.lines();
    let (method, path) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(path);
    let mut has_host = false;
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        has_host |= name.eq_ignore_ascii_case("host");
        request = request.header(name, value);
    }
    if !has_host {
        request = request.header("Host", "127.0.0.1:7878");
    }
    request.body(Body::from(input.get(end + 2..).unwrap_or_default().to_vec())).ok()
}

/// The target.
pub fn feed(input: &[u8]) {
    let Some(request) = request(input) else { return };
    let served = served();
    served.runtime.block_on(async {
        let answer = timeout(PATIENCE, served.router.clone().oneshot(request)).await;
        let Ok(answer) = answer.expect("an answer comes in time");
        let status = answer.status();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{}", input.escape_ascii());
        let body = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await;
        let body = body.expect("the answer has an end");
        assert!(!body.is_empty() || !status.is_client_error(), "a refusal says why: {status}");
    });
}
