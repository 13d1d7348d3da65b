//! What can be wrong with a target is told, with its remedy.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use hashslot::live::docker::{Docker, Reach};
use hashslot::live::{Cluster, Options, Target, TargetKind};
use hashslot_core::world::Setup;
use hashslot_tests::live::engine::{Witness, docker, image};
use hashslot_tests::live::program;

use super::faults::{knock, printed, quietly, setup, start};

#[test]
fn a_target_that_there_is_not_is_told_with_those_that_there_are() {
    let unknown = "podman".parse::<TargetKind>().expect_err("it is none");
    assert_eq!(unknown.to_string(), "there is no target `podman`: write processes or docker");
    for kind in TargetKind::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
}

#[test]
fn no_engine_and_an_address_that_is_none_are_told() {
    let silent = Docker::at("unix:///no/such/docker.sock", &image()).expect_err("nobody is there");
    let silent = silent.to_string();
    assert!(silent.contains("no Docker engine answers at unix:///no/such/docker.sock"), "{silent}");
    assert!(silent.contains("systemctl start docker") && silent.contains("DOCKER_HOST"));
    let refusing = Docker::at("tcp://127.0.0.1:1", &image()).expect_err("nobody is there");
    assert!(refusing.to_string().contains("no Docker engine answers"), "{refusing}");
    let other = Docker::at("ssh://somewhere", &image()).expect_err("it is not understood");
    assert!(other.to_string().contains("forward its socket"), "{other}");
}

/// A copy of the stage, run by nobody if we are root: root may use every socket.
#[test]
fn a_socket_that_one_may_not_use_is_told() {
    let folder = std::env::temp_dir().join(format!("hashslot-socket-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the test");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let socket = folder.join("docker.sock");
    let _listener = UnixListener::bind(&socket).expect("a socket");
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).expect("it is ours");
    let said = match is_root() {
        true => said_by_nobody(&folder, &socket),
        false => {
            fs::set_permissions(&socket, fs::Permissions::from_mode(0o000)).expect("it is ours");
            let denied = Docker::at(&format!("unix://{}", socket.display()), &image());
            denied.expect_err("it may not be used").to_string()
        }
    };
    fs::remove_dir_all(&folder).expect("the folder of the test goes");
    assert!(said.contains("you may not use the Docker engine's socket"), "{said}");
    assert!(said.contains("usermod -aG docker"), "{said}");
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output().expect("id is there");
    asked.stdout == b"0\n"
}

fn said_by_nobody(folder: &Path, socket: &Path) -> String {
    let stage = folder.join("stage");
    fs::copy(env!("CARGO_BIN_EXE_stage"), &stage).expect("a copy");
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&stage)
        .arg(format!("docker={}", image()))
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .output()
        .expect("setpriv is there");
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_image_that_is_missing_or_has_no_server_is_told() {
    if docker().is_none() {
        return;
    }
    let missing = "hashslot-tests-no-such-image:1";
    let told = Docker::find(missing).expect_err("there is none").to_string();
    assert!(told.contains(&format!("there is no image {missing}")), "{told}");
    assert!(told.contains("docker pull") && told.contains("--image"), "{told}");
    let empty = "hashslot-tests-no-server:1";
    let other = Docker::connect(empty).expect("the engine answers");
    let mut files = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_size(0);
    files.append_data(&mut header, "empty", &[][..]).expect("a file");
    other.import(files.into_inner().expect("an archive").into()).expect("an image");
    let options = Options::new(1_000);
    let told = Cluster::on(&Target::Docker(other), &setup(1, 0), options).err();
    let told = told.expect("it has no redis-server").to_string();
    Witness::new().remove_image(empty);
    assert!(told.contains("redis-server") && told.contains("--image"), "{told}");
}

#[test]
fn a_port_in_use_is_told_and_is_none_of_a_containers_business() {
    let Some(program) = program() else { return };
    let setup = Setup { first_port: 7300, ..setup(1, 0) };
    let _taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 7300)).expect("the port is free");
    let told = Cluster::on(&Target::Processes(program), &setup, Options::new(1_000)).err();
    let told = told.expect("the port is taken everywhere").to_string();
    assert!(told.contains("7300") && told.contains("end the programs that listen"), "{told}");
    if let Some(docker) = docker() {
        let mut cluster = start(&Target::Docker(docker), &setup);
        assert_eq!(printed(&mut cluster, "7300> PING"), "PONG");
    }
}

/// As it is with an engine in a virtual machine, or on another one.
#[test]
fn containers_out_of_reach_are_met_at_published_ports() {
    let Some(docker) = docker() else { return };
    let published = docker.reached_by(Reach::Published(Ipv4Addr::LOCALHOST));
    let mut cluster = start(&Target::Docker(published), &setup(3, 0));
    assert_eq!(
        printed(&mut cluster, "> SET foo bar"),
        "-> Redirected to slot [12182] located at 127.0.0.1:7002\nOK"
    );
    assert_eq!(knock(&cluster, 7000), Ok(()));
    let refused = printed(&mut cluster, "$ cut 7000 -> 7001");
    assert!(refused.contains("its engine does not run on this machine"), "{refused}");
    quietly(&mut cluster, &["$ crash 7002", "$ run until 7000 sees 7002 fail within 20s"]);
    quietly(&mut cluster, &["$ restart 7002", "$ run until 7002 cluster ok within 60s"]);
    assert_eq!(printed(&mut cluster, "7002> GET foo"), "\"bar\"");
}
