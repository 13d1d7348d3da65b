//! What crosses between the page and a lab, and how it is written.
//!
//! Towards the worker goes one `Request` a message. Back comes a `FromWorker`: that it is ready,
//! answers, or, if it broke, why. All of it is JSON text: a string is copied once by the browser,
//! and the same words travel over a socket, where each answer is a message of its own.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use crate::lab::Response;

/// A message of the worker.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    /// It listens; requests sent earlier would have been lost.
    Ready,
    /// Answers, in the order in which they were given.
    Answers(Vec<Response>),
    /// It met a bug of ours and is gone; the sentence says which.
    Crashed(String),
}

/// A value as the text that is sent.
pub fn encode<T: Serialize>(value: &T) -> JsValue {
    let text = serde_json::to_string(value).expect("what we send has only text for map keys");
    JsValue::from_str(&text)
}

/// The value that a message carries. Both ends are the same wasm file, so a text that cannot be
/// read is a bug.
pub fn decode<T: DeserializeOwned>(data: &JsValue) -> T {
    let text = data.as_string().expect("both ends send text");
    serde_json::from_str(&text).expect("both ends speak the same version")
}

/// The value that a message of somebody else's carries, or why it cannot be read.
pub fn read<T: DeserializeOwned>(data: &JsValue) -> Result<T, serde_json::Error> {
    serde_json::from_str(&data.as_string().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Answer, Lab, Request};

    #[test]
    fn what_is_sent_can_be_read() {
        let request = r#"{"id":7,"ask":{"open":{"lesson":"redirects"}}}"#;
        let request: Request = serde_json::from_str(request).unwrap();
        let message = FromWorker::Answers(Lab::default().handle(request));
        let text = serde_json::to_string(&message).unwrap();
        let FromWorker::Answers(answers) = serde_json::from_str(&text).unwrap() else {
            panic!("answers stay answers");
        };
        assert_eq!(answers[0].id, 7);
        assert!(matches!(&answers[0].answer, Answer::Opened { .. }));
    }
}
