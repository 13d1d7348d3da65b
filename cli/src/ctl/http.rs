//! Requests to the interface of a served cluster.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body, Error};

use crate::failure::Failure;

/// A saved run may be long.
const ANSWER_BYTES_MAX: u64 = 1 << 30;
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that has a served cluster.
pub struct Server {
    agent: Agent,
    url: String,
    login: Option<String>,
}

impl Server {
    pub fn new(url: &str, secret: Option<String>) -> Server {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .build();
        let url = format!("{}/", url.trim_end_matches('/'));
        let login =
            secret.map(|secret| format!("Basic {}", STANDARD.encode(format!("default:{secret}"))));
        Server { agent: config.into(), url, login }
    }

    pub fn get(&self, path: &str) -> Result<Value, Failure> {
        self.json(&self.text(path)?)
    }

    pub fn text(&self, path: &str) -> Result<String, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        if let Some(login) = &self.login {
            request = request.header("authorization", login);
        }
        self.read(request.call())
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.url));
        if let Some(login) = &self.login {
            request = request.header("authorization", login);
        }
        let request = request.header("content-type", "application/json");
        self.json(&self.read(request.send(body.to_string()))?)
    }

    fn json(&self, text: &str) -> Result<Value, Failure> {
        serde_json::from_str(text).map_err(|_| self.is_another())
    }

    fn read(&self, answer: Result<Response<Body>, Error>) -> Result<String, Failure> {
        let mut answer = answer.map_err(|error| {
            Failure::new(format!(
                "no served cluster answers at {} ({error}): start one with `hashslot serve \
                 --redis`, or say where it is with --at URL",
                self.url
            ))
        })?;
        let is_fine = answer.status().is_success();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let text = body.read_to_string().map_err(|_| self.is_another())?;
        if is_fine {
            return Ok(text);
        }
        let problem: Value = serde_json::from_str(&text).map_err(|_| self.is_another())?;
        let word = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        Err(Failure::new(format!("{}: {}", word("error"), word("help"))))
    }

    fn is_another(&self) -> Failure {
        Failure::new(format!(
            "what answers at {} serves no cluster: start one with `hashslot serve --redis`, or say \
             where it is with --at URL",
            self.url
        ))
    }
}
