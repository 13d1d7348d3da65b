//! Holds a stage of real nodes until its standard input ends, or until it is ended itself.
//!
//! `stage TARGET [keep]`, where `TARGET` is `processes`, or `docker=IMAGE`. When all is up it says
//! `ready`, and then for each node where it listens and, if it has one here, its process. The line
//! `panic` makes it panic.

#[cfg(unix)]
fn main() {
    if let Err(trouble) = stage::hold() {
        eprintln!("{trouble}");
        std::process::exit(2);
    }
}

#[cfg(not(unix))]
fn main() {
    eprintln!("real nodes are driven on Unix only");
}

#[cfg(unix)]
mod stage {
    use hashslot::live::docker::Docker;
    use hashslot::live::{Afterwards, Cluster, Options, Program, Target, Trouble};
    use hashslot_core::world::Setup;
    use hashslot_core::world::step::Line;

    pub fn hold() -> Result<(), Trouble> {
        let mut words = std::env::args().skip(1);
        let target = match words.next().as_deref() {
            Some("processes") => Target::Processes(Program::find()?),
            Some(word) if word.starts_with("docker=") => {
                Target::Docker(Docker::find(&word["docker=".len()..])?)
            }
            _ => return Err(Trouble::new("usage: stage processes|docker=IMAGE [keep]")),
        };
        let mut options = Options::new(1_000);
        if words.next().as_deref() == Some("keep") {
            options.afterwards = Afterwards::Leave;
        }
        let mut cluster = Cluster::on(&target, &Setup { masters: 2, ..empty() }, options)?;
        // Where paths cannot be cut there is one trace less to be left.
        if let Ok(line) = Line::parse("$ cut 7000 -> 7001") {
            cluster.perform(&line);
        }
        println!("ready");
        let nodes = cluster.nodes();
        for port in nodes.ports() {
            let place = nodes.place(port).map(|place| place.to_string()).unwrap_or_default();
            println!("{place} {}", nodes.pid(port).unwrap_or(0));
        }
        for line in std::io::stdin().lines().map_while(Result::ok) {
            assert!(line != "panic", "this panic is part of a test");
        }
        Ok(())
    }

    fn empty() -> Setup {
        Setup { replicas: 0, ..Setup::default() }
    }
}
