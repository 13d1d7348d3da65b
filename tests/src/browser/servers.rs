//! The two ways in which people get the page: from the binary, and from any file server.

use std::env;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tower_http::services::ServeDir;

use super::{root, site};

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

/// The binary, built now if it is older than its sources: cargo builds it only for the tests of
/// its own package. It is beside this test's folder, in the profile of this test.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = env::current_exe().expect("a test knows its own path");
        let is_profile = |folder: &&Path| !folder.ends_with("deps");
        let folder = test.ancestors().skip(1).find(is_profile).expect("it is in a folder");
        let profile = if folder.ends_with("release") { "release" } else { "test" };
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--workspace", "--exclude", "hashslot-web"])
            .args(["--bin", "hashslot", "--profile", profile])
            .current_dir(root())
            .status()
            .expect("cargo is there, for it runs this test");
        assert!(status.success(), "the binary must build");
        folder.join("hashslot").with_extension(env::consts::EXE_EXTENSION)
    })
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
