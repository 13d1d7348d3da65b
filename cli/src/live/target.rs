//! On what a stage may stand.

use std::fmt;
use std::str::FromStr;

use super::docker::{Containers, Docker};
use super::{Nodes, Options, Processes, Program, Trouble};

/// What the nodes of a stage run on.
#[derive(Clone, Debug)]
pub enum Target {
    /// Child processes of this program.
    Processes(Program),
    /// Containers of a Docker engine.
    Docker(Docker),
}

/// The kinds of targets that have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    Processes,
    Docker,
}

impl TargetKind {
    pub const ALL: [TargetKind; 2] = [TargetKind::Processes, TargetKind::Docker];

    pub fn name(self) -> &'static str {
        match self {
            TargetKind::Processes => "processes",
            TargetKind::Docker => "docker",
        }
    }
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TargetKind {
    type Err = Trouble;

    fn from_str(text: &str) -> Result<TargetKind, Trouble> {
        TargetKind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| {
            let names = TargetKind::ALL.map(TargetKind::name).join(" or ");
            Trouble::new(format!("there is no target `{text}`: write {names}"))
        })
    }
}

impl Target {
    /// Empty nodes in cluster mode that know nobody, on ports from `first_port` on.
    pub fn start(
        &self,
        first_port: u16,
        count: u16,
        options: Options,
    ) -> Result<Box<dyn Nodes>, Trouble> {
        Ok(match self {
            Target::Processes(program) => {
                Box::new(Processes::start(program, first_port, count, options)?)
            }
            Target::Docker(docker) => {
                Box::new(Containers::start(docker, first_port, count, options)?)
            }
        })
    }
}
