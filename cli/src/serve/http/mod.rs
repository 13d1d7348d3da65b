//! The page of a served cluster, and its interfaces: HTTP on a thread of its own.
//!
//! - `guard`: who may speak; `live`: the page's WebSocket; `api`: JSON for programs;
//! - `metrics`: Prometheus; `error`: what cannot be done, and what to do.

mod api;
mod error;
mod guard;
mod live;
mod metrics;
mod watcher;

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get, post};
use serde_json::json;
use tokio::sync::Semaphore;

pub use guard::Guard;

use super::answer;
use super::answer::POLICY;
use super::redis::control::Control;

/// How long a request may be.
const BODY_BYTES_MAX: usize = 64 << 10;
/// How many pages may watch at once.
const WATCHERS_MAX: usize = 32;

/// What every request may use.
#[derive(Clone, Debug)]
pub struct World {
    control: Control,
    guard: Arc<Guard>,
    watchers: Arc<Semaphore>,
}

/// Whether the page is handed out as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Served,
    None,
}

/// Answers everything that is asked of a server with a served cluster.
pub fn router(control: Control, guard: Guard, page: Page) -> Router {
    let watchers = Arc::new(Semaphore::new(WATCHERS_MAX));
    let world = World { control, guard: Arc::new(guard), watchers };
    let routes = Router::new()
        .route("/live", get(live::live))
        .route("/worlds.json", get(|| async { Json(json!({ "served": true })) }))
        .route("/healthz", get(metrics::healthz))
        .route("/metrics", get(metrics::metrics))
        .route("/api/status", get(api::status))
        .route("/api/stage", get(api::stage))
        .route("/api/events", get(api::events))
        .route("/api/why", get(api::why))
        .route("/api/run", get(api::run))
        .route("/api/do", post(api::perform))
        .route("/api/clock", post(api::clock))
        .route("/api/{*rest}", any(api::nothing))
        .method_not_allowed_fallback(api::wrong_method);
    let routes = match page {
        Page::Served => routes.fallback_service(answer::router()),
        Page::None => routes.fallback(api::nothing),
    };
    routes
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(from_fn_with_state(world.clone(), guard::guard))
        .with_state(world)
}
