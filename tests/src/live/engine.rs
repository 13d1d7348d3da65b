//! A Docker engine, and an image made of the redis-server that is installed here.
//!
//! So no registry is needed, and both targets run the same program.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptions,
    RemoveContainerOptionsBuilder, RemoveImageOptions,
};
use hashslot::live::docker::Docker;
use tokio::runtime::{Builder, Runtime};

use super::program;
use crate::real::skip;

/// What the image is called: it is kept from one run of the tests to the next.
pub fn image() -> String {
    let program = program();
    let version = program.as_ref().map_or("none", |program| program.version());
    format!("hashslot-tests-redis:{version}")
}

/// The engine of this machine, with an image; `None`, said plainly, if there is none.
pub fn docker() -> Option<Docker> {
    let program = program()?;
    let docker = match Docker::connect(&image()) {
        Ok(docker) => docker,
        Err(trouble) => {
            skip(&format!("{trouble}; .ci/docker starts one for the tests"));
            return None;
        }
    };
    static IMPORT: Mutex<()> = Mutex::new(());
    let _alone = IMPORT.lock().unwrap_or_else(PoisonError::into_inner);
    if !docker.has_image().unwrap_or_else(|trouble| panic!("{trouble}")) {
        let files = pack(program.path()).expect("redis-server and its libraries can be read");
        docker.import(files.into()).unwrap_or_else(|trouble| panic!("{trouble}"));
    }
    Some(docker)
}

/// An archive of a program and of the libraries that it needs.
fn pack(program: &Path) -> io::Result<Vec<u8>> {
    let program = find(program)?;
    let listed = Command::new("ldd").arg(&program).output()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let libraries = listed.split_whitespace().filter(|word| word.starts_with('/'));
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_path_with_name(&program, "usr/bin/redis-server")?;
    for library in libraries.collect::<BTreeSet<_>>() {
        let real = fs::canonicalize(library)?;
        archive.append_path_with_name(real, library.trim_start_matches('/'))?;
    }
    archive.into_inner()
}

/// The file behind the name of a program.
fn find(program: &Path) -> io::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).map(|folder| folder.join(program));
    let found = folders.chain([program.to_owned()]).find(|path| path.is_file());
    fs::canonicalize(found.ok_or(io::ErrorKind::NotFound)?)
}

/// What the engine has, asked beside the adapter that is tested.
pub struct Witness {
    api: bollard::Docker,
    runtime: Runtime,
}

impl Witness {
    pub fn new() -> Witness {
        let host = std::env::var("DOCKER_HOST");
        let host = host.unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let api = runtime.block_on(async {
            let api = bollard::Docker::connect_with_host(&host).expect("an engine");
            api.negotiate_version().await.expect("it answers")
        });
        Witness { api, runtime }
    }

    /// The names of all containers and networks, with who owns them.
    pub fn everything(&self) -> Vec<(String, String)> {
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let containers = self.run(self.api.list_containers(Some(options)));
        let networks = self.run(self.api.list_networks(None::<ListNetworksOptions>));
        let owner = |labels: Option<HashMap<String, String>>| {
            labels.and_then(|mut labels| labels.remove("hashslot.owner")).unwrap_or_default()
        };
        let containers = containers.into_iter().map(|one| {
            let name = one.names.unwrap_or_default().join(" ");
            (name.trim_start_matches('/').to_owned(), owner(one.labels))
        });
        let networks =
            networks.into_iter().map(|one| (one.name.unwrap_or_default(), owner(one.labels)));
        containers.chain(networks).collect()
    }

    /// The names of all that a process has made.
    pub fn made_by(&self, pid: u32) -> Vec<String> {
        let owner = format!("/{pid}/");
        let all = self.everything().into_iter();
        all.filter(|(_, whose)| whose.contains(&owner)).map(|(name, _)| name).collect()
    }

    /// A container that somebody else has made; it does not run.
    pub fn make_foreign(&self, name: &str, labels: &[(&str, &str)]) {
        self.remove_foreign(name);
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let body = ContainerCreateBody {
            image: Some(image()),
            entrypoint: Some(vec!["redis-server".to_owned()]),
            labels: Some(labels.collect()),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(name).build();
        self.run(self.api.create_container(Some(options), body));
    }

    pub fn remove_image(&self, name: &str) {
        self.run(self.api.remove_image(name, None::<RemoveImageOptions>, None));
    }

    pub fn remove_foreign(&self, name: &str) {
        let options = RemoveContainerOptionsBuilder::default().force(true).build();
        // It is there only if an earlier test was ended.
        let _ = self.runtime.block_on(self.api.remove_container(name, Some(options)));
    }

    fn run<T>(&self, asked: impl Future<Output = Result<T, bollard::errors::Error>>) -> T {
        self.runtime.block_on(asked).expect("the engine does as it is asked")
    }
}

impl Default for Witness {
    fn default() -> Witness {
        Witness::new()
    }
}
