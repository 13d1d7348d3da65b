//! `hashslot serve`: hands the page to a browser; with `--redis`, also a cluster to real clients.
//!
//! Without `--redis` nothing is computed here: the browser simulates by itself. With it, one
//! simulated cluster lives in this process (`redis`), on a port for each node, and the page can
//! watch it (`http`). Where everything is stands in the first lines of output, for people and for
//! scripts. It ends with Ctrl-C, or SIGTERM.
//!
//! - `answer`, `negotiate`: the page's files; `listen`: its port; `until`: how it ends;
//! - `redis/`: the served cluster; `http/`: its page and its interfaces.

mod answer;
pub mod http;
mod listen;
mod negotiate;
pub mod redis;
mod until;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use axum::Router;
use clap::Parser;
use hashslot_core::world::Setup;

use crate::failure::Failure;
use crate::site;
use http::{Guard, Page};
use redis::{RedisArgs, Served};

const EXAMPLES: &str = "\
Examples:
  hashslot serve                    open the lab in the browser
  hashslot serve --no-open          only serve it, and print its address
  hashslot serve --port 0           on any free port
  hashslot serve --bind 0.0.0.0     for other machines too, such as a classroom's
  hashslot serve --redis            a cluster for real clients on 7000 to 7005, and its page
  hashslot serve --redis --empty --nodes 6
                                    six nodes that wait for redis-cli --cluster create
  hashslot serve --redis --record run.session
                                    write down what clients do; `hashslot run` plays it again

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
    /// The port of the page [default: 7878, or the next free one]; 0 takes any free one
    #[arg(long)]
    pub port: Option<u16>,
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Another name by which browsers may call the page of a served cluster
    #[arg(long, value_name = "NAME", requires = "redis")]
    allow_host: Vec<String>,
    #[command(flatten)]
    redis: RedisArgs,
}

pub fn run(args: &ServeArgs) -> Result<(), Failure> {
    let wants_page = !args.redis.no_page;
    if wants_page && !args.redis.redis && site::FILES.is_empty() {
        return Err(Failure::new(
            "this binary carries no page. Build the page first: `make site`, then build again \
             (`make run` does both)",
        ));
    }
    let listener = listen::open(args.bind, args.port)?;
    let url = format!("http://{}/", reachable(listener.local_addr()?));
    match args.redis.redis {
        false => {
            say(&[format!("The lab is at {url}  (Ctrl-C ends it)")])?;
            open_browser(args, &url);
            until::stopped(serve_http(listener, answer::router()))
        }
        true => serve_cluster(args, listener, &url),
    }
}

/// Serves a cluster and what belongs to it until it is ended.
fn serve_cluster(args: &ServeArgs, listener: TcpListener, url: &str) -> Result<(), Failure> {
    let Served { control, thread, setup, secret } = redis::start(&args.redis, args.bind)?;
    let page = match args.redis.no_page || site::FILES.is_empty() {
        true => Page::None,
        false => Page::Served,
    };
    say(&greeting(args, url, page, &setup, secret.as_deref()))?;
    if page == Page::Served {
        open_browser(args, url);
    }
    let guard = Guard { hosts: args.allow_host.clone(), secret };
    let router = http::router(control.clone(), guard, page);
    let ended = until::stopped(async {
        tokio::select! {
            ended = serve_http(listener, router) => ended,
            () = control.gone() => Ok(()),
        }
    });
    until::block_on(control.stop())?;
    match thread.join() {
        Ok(Ok(())) => ended,
        Ok(Err(error)) => Err(Failure::new(format!("the cluster was served no more: {error}"))),
        Err(_) => Err(Failure::new("the simulator has made a mistake, which is shown above")),
    }
}

/// Where everything is.
fn greeting(
    args: &ServeArgs,
    url: &str,
    page: Page,
    setup: &Setup,
    secret: Option<&str>,
) -> Vec<String> {
    let host = reachable(SocketAddr::new(args.bind, 0)).ip();
    let first = setup.first_port;
    let last = first + setup.nodes() - 1;
    let what = match page {
        Page::Served => "The lab is at",
        Page::None => "The interface for programs is at",
    };
    let nodes = match (setup.nodes(), setup.empty) {
        (1, 0) => format!("One node that owns all slots is at {host}:{first}"),
        (1, _) => format!("One empty node is at {host}:{first}"),
        (count, 0) => format!("A cluster of {count} nodes is at {host}, ports {first} to {last}"),
        (count, _) => format!("{count} empty nodes are at {host}, ports {first} to {last}"),
    };
    let at = if host.is_loopback() { String::new() } else { format!(" -h {host}") };
    let login = if secret.is_some() { " -a PASSWORD" } else { "" };
    let mut lines = vec![
        format!("{what} {url}  (Ctrl-C ends it)"),
        format!("{nodes}  (seed {})", setup.seed),
        format!("Try: redis-cli -c{at} -p {first}{login}"),
    ];
    if let Some(file) = &args.redis.record {
        lines.push(format!("What clients do is written to {}", file.display()));
    }
    if page == Page::None && !args.redis.no_page {
        lines.push("This binary carries no page: `make site`, then build again".to_owned());
    }
    lines
}

/// Says it all at once; whoever has read enough of it may have left, and is served all the same.
fn say(lines: &[String]) -> Result<(), Failure> {
    let text = lines.join("\n") + "\n";
    let mut out = io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        said => Ok(said?),
    }
}

fn open_browser(args: &ServeArgs, url: &str) {
    if !args.no_open && open::that_detached(url).is_err() {
        eprintln!("No browser could be opened: open the address above in one.");
    }
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

async fn serve_http(listener: TcpListener, router: Router) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    axum::serve(listener, router).await
}
