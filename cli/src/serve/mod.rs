//! `hashslot serve`: hands the page to a browser, which then simulates by itself.
//!
//! Nothing is computed here. The server listens on the loopback address unless told otherwise,
//! prints where it is as its first line of output (scripts read it), and ends with Ctrl-C.

mod answer;
mod listen;
mod negotiate;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use clap::Parser;

use crate::failure::Failure;
use crate::site;

const EXAMPLES: &str = "\
Examples:
  hashslot serve                    open the lab in the browser
  hashslot serve --no-open          only serve it, and print its address
  hashslot serve --port 0           on any free port
  hashslot serve --bind 0.0.0.0     for other machines too, such as a classroom's

Exit codes:
  0  ended by Ctrl-C
  1  it cannot serve; the reason is on standard error
  2  the command line could not be understood";

#[derive(Debug, Parser)]
#[command(after_help = EXAMPLES)]
pub struct ServeArgs {
    /// Do not open the browser
    #[arg(long)]
    no_open: bool,
    /// The port [default: 7878, or the next free one]; 0 takes any free one
    #[arg(long)]
    pub port: Option<u16>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
}

pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    if site::FILES.is_empty() {
        return Err(Failure::new(
            "this binary carries no page. Build the page first: `make site`, then build again \
             (`make run` does both)",
        ));
    }
    let listener = listen::open(args.bind, args.port)?;
    let address = listener.local_addr()?;
    let url = format!("http://{}/", reachable(address));
    let mut out = io::stdout();
    writeln!(out, "The lab is at {url}  (Ctrl-C ends it)")?;
    out.flush()?;
    if !args.no_open && open::that_detached(&url).is_err() {
        eprintln!("No browser could be opened: open the address above in one.");
    }
    serve(listener)
}

/// The address that a browser on this machine can use: "all addresses" is none.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            (Ipv4Addr::LOCALHOST, address.port()).into()
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            (std::net::Ipv6Addr::LOCALHOST, address.port()).into()
        }
        other => other,
    }
}

/// Answers until Ctrl-C.
fn serve(listener: TcpListener) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::new(format!("the server stopped: {error}"));
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
        tokio::select! {
            ended = axum::serve(listener, answer::router()) => ended.map_err(failed),
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    })
}
