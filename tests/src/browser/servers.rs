//! The two ways in which people get the page: from the binary, and from any file server.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tower_http::services::ServeDir;

use super::site;
use crate::binary;

/// `hashslot serve` on a free port, ended when dropped.
pub struct CommandServer {
    process: Child,
    pub url: String,
}

impl CommandServer {
    pub fn start() -> CommandServer {
        let mut process = Command::new(binary())
            .args(["serve", "--no-open", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary was just built");
        let output = process.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect("its output is text");
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .expect("its first line has the address")
            .to_owned();
        CommandServer { process, url }
    }
}

impl Drop for CommandServer {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A server that only knows files, with the page under a sub-path; it ends with the test.
pub struct FileServer {
    pub url: String,
}

impl FileServer {
    const PATH: &str = "/some/sub/path";

    pub async fn start() -> FileServer {
        Self::listen(Router::new()).await
    }

    /// The same, but one script of the site is another: what if it were broken?
    pub async fn start_with(name: &str, script: &'static str) -> FileServer {
        let answer = move || async move { ([(CONTENT_TYPE, "text/javascript")], script) };
        let path = format!("{}/{name}", Self::PATH);
        Self::listen(Router::new().route(&path, get(answer))).await
    }

    /// Serves the site behind what the routes already answer.
    async fn listen(routes: Router) -> FileServer {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("loopback has a free port");
        let port = listener.local_addr().expect("it listens").port();
        let files = routes.nest_service(Self::PATH, ServeDir::new(site()));
        tokio::spawn(async move { axum::serve(listener, files).await });
        FileServer { url: format!("http://127.0.0.1:{port}{}/", Self::PATH) }
    }
}
