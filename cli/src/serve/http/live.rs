//! `/live`: a page watches the served cluster over a WebSocket, with the requests and responses
//! that its worker understands too.
//!
//! Each watcher has a lab of its own. While it looks at the present, each question is answered from
//! a fresh copy of the session; who goes back keeps the copy that he has. A line and a change of
//! the clock go to the served cluster itself.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{
    Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection,
};
use axum::http::StatusCode;
use axum::response::Response;
use tokio::time::timeout;

use super::World;
use super::error::Problem;
use super::watcher::Watcher;

/// A question is a line or two; nothing is uploaded here.
const QUESTION_BYTES_MAX: usize = 256 << 10;
/// Who says nothing for so long is asked whether he is there, and for as long again is not.
const SILENCE: Duration = Duration::from_secs(60);
/// Who does not take an answer for so long is gone.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn live(
    State(world): State<World>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|_| {
        let help = "open a WebSocket here, or use /api/status for single questions";
        Problem::new(StatusCode::UPGRADE_REQUIRED, "only WebSockets are answered here", help)
    })?;
    let Ok(place) = world.watchers.clone().try_acquire_owned() else {
        let help = "close a page that watches, and try again";
        return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many pages watch", help));
    };
    let upgrade = upgrade.max_message_size(QUESTION_BYTES_MAX).max_frame_size(QUESTION_BYTES_MAX);
    Ok(upgrade.on_upgrade(async move |socket| {
        watch(socket, Watcher::new(world.control.clone())).await;
        drop(place);
    }))
}

async fn watch(mut socket: WebSocket, mut watcher: Watcher) {
    let mut is_asked = false;
    loop {
        let message = match timeout(SILENCE, socket.recv()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(_)) | None) => return,
            Err(_) if is_asked => return,
            Err(_) => {
                is_asked = true;
                match say(&mut socket, Message::Ping(Default::default())).await {
                    ControlFlow::Continue(()) => continue,
                    ControlFlow::Break(()) => return,
                }
            }
        };
        is_asked = false;
        let Message::Text(text) = message else { continue };
        for answer in watcher.answer(&text).await {
            if say(&mut socket, Message::text(answer)).await.is_break() {
                return;
            }
        }
    }
}

async fn say(socket: &mut WebSocket, message: Message) -> ControlFlow<()> {
    match timeout(PATIENCE, socket.send(message)).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) | Err(_) => ControlFlow::Break(()),
    }
}
