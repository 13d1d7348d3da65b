//! Chromium and its driver, as processes.
//!
//! The driver takes a free port and names it on its output. Each `Browser` is a driver of its own
//! with one Chromium and a fresh profile, so that tests can run side by side. The flags keep
//! Chromium from speaking to anybody on its own account, and no host name but loopback resolves:
//! a request that should not be made fails loudly.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::{ChromeCapabilities, LoggingPrefsLogLevel, WebDriver};

use super::missing::{self, Programs};
use super::page::{Page, Screen, Theme};

const FLAGS: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// So many drivers may end before one has a port.
const TRIES: usize = 5;
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A running Chromium.
pub struct Browser {
    session: WebDriver,
    driver: Driver,
}

impl Browser {
    /// Starts Chromium, or says why it cannot and gives `None`.
    pub async fn start() -> Option<Browser> {
        let programs = missing::find_programs()?;
        let driver = Driver::start(&programs.chromedriver);
        let url = format!("http://127.0.0.1:{}", driver.port);
        let session = WebDriver::new(url, capabilities(&programs))
            .await
            .expect("chromedriver starts Chromium");
        Some(Browser { session, driver })
    }

    /// An empty page, from which another one is still to be opened.
    pub(crate) async fn blank(&self, screen: Screen, theme: Theme) -> Page {
        Page::blank(self.session.clone(), screen, theme).await
    }

    /// The process of the driver, whose descendants are Chromium's.
    pub(crate) fn driver_id(&self) -> u32 {
        self.driver.process.id()
    }

    /// Opens an address on a screen of this size and theme.
    pub async fn open(&self, url: &str, screen: Screen, theme: Theme) -> Page {
        Page::open(self.session.clone(), url, screen, theme).await
    }
}

/// The driver ends the session with everything else. The session's own way would wait for an
/// answer on a connection whose runtime has stopped, for two minutes.
impl Drop for Browser {
    fn drop(&mut self) {
        // An error means that it was ended already.
        let _ = self.session.clone().leak();
    }
}

/// A fresh profile needs no flag: the driver makes one, and deletes it at the end.
fn capabilities(programs: &Programs) -> ChromeCapabilities {
    let mut wanted = ChromeCapabilities::new();
    let said = "capabilities are plain JSON";
    for flag in FLAGS {
        wanted.add_arg(flag).expect(said);
    }
    wanted.set_binary(&programs.chromium.to_string_lossy()).expect(said);
    wanted.set_browser_log_level(LoggingPrefsLogLevel::All).expect(said);
    wanted.set_logging_prefs("performance", LoggingPrefsLogLevel::All).expect(said);
    wanted
}

/// A chromedriver, ended when dropped.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// The port that a driver has found free may be another one's a moment later; then it ends, and
    /// the next one tries.
    fn start(program: &Path) -> Driver {
        let mut tries = (0..TRIES).map(|_| Driver::try_to_start(program));
        tries.find_map(|driver| driver).expect("chromedriver names its port")
    }

    fn try_to_start(program: &Path) -> Option<Driver> {
        let mut process = Command::new(program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver can be started");
        let output = process.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        match lines.find_map(|line| port_in(&line)) {
            Some(port) => Some(Driver { process, port }),
            None => {
                process.wait().expect("it has ended");
                None
            }
        }
    }
}

impl Driver {
    /// Asks the driver to end its Chromium, delete its profile, and end itself.
    fn shut_down(&self) -> io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(SHUTDOWN_TIMEOUT))?;
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
        io::copy(&mut stream, &mut io::sink())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // If it does not listen, or is gone already, then ending it is all that is left.
        let _ = self.shut_down();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The port in "ChromeDriver was started successfully on port 40123."
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("successfully on port ")?;
    rest.trim().trim_end_matches('.').parse().ok()
}
