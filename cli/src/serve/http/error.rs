//! What is answered to a request that cannot be fulfilled: JSON, with what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::serve::redis::control::Gone;
use crate::serve::redis::status::Refused;

/// What is wrong, and what would have been right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub status: StatusCode,
    error: String,
    help: String,
}

impl Problem {
    pub fn new(status: StatusCode, error: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem { status, error: error.into(), help: help.into() }
    }

    pub fn bad(error: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, error, help)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Problem {
        Problem::bad(refused.error, refused.help)
    }
}

impl From<Gone> for Problem {
    fn from(_: Gone) -> Problem {
        let help = "start it again; the reason is where it was started";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the cluster is not served any more", help)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(json!({ "error": self.error, "help": self.help }));
        let mut answer = (self.status, body).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let value = HeaderValue::from_static("Basic realm=\"hashslot\", charset=\"UTF-8\"");
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, value);
        }
        answer
    }
}
