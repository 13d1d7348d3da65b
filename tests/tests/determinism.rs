//! A run is its setup and its script: however and wherever it is played, it is the same run.
//!
//! For every golden script the digest is the same when it is played again, when one goes back to
//! any moment from a checkpoint, without a trace, after it was saved and read, and as a wasm
//! module, which imports nothing that could differ from one machine to the next. The same holds for
//! a run with programs outside of the simulation in it.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use hashslot_core::words::{Dice, Span, Time};
use hashslot_core::world::session::{Moment, Played, Session};
use hashslot_core::world::{Level, Trace, World};
use hashslot_tests::scripts::{Found, each, scripts};
use wasmi::{Engine, Instance, Module, Store};

/// How many moments of each run are sought.
const MOMENTS: u64 = 12;

fn play(found: &Found) -> Session {
    hashslot_digest::session(&found.name, &found.source).unwrap()
}

/// All golden scripts, and runs with programs outside.
fn runs() -> Vec<Found> {
    let outside = |seed: u64| Found {
        name: format!("outside, seed {seed}"),
        source: hashslot_tests::outside::recorded(seed),
    };
    scripts().into_iter().chain((1..=3).map(outside)).collect()
}

/// Each run that fails the check, by name.
fn failing(check: impl Fn(&Found) -> bool + Sync) -> Vec<String> {
    let scripts = runs();
    let passed = each(&scripts, check);
    let failed = scripts.into_iter().zip(passed).filter(|(_, passed)| !passed);
    failed.map(|(found, _)| found.name).collect()
}

#[test]
fn the_same_script_twice_is_the_same_run() {
    let failed = failing(|found| play(found).digest() == play(found).digest());
    assert!(failed.is_empty(), "{failed:?}");
}

/// Moments of a run, in an order that jumps to and fro.
fn moments(session: &Session, name: &str) -> Vec<Time> {
    let begin = session.world().origin();
    let length = session.ends_at().since(begin).micros();
    let mut dice = Dice::new(length, name, 0);
    (0..MOMENTS).map(|_| begin + Span::from_micros(dice.below(length + 1))).collect()
}

/// The digests of a run at these moments, played from its founding without checkpoints or trace.
fn straight(session: &Session, at: &[Time]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..at.len()).collect();
    order.sort_by_key(|&index| at[index]);
    let mut digests = vec![0; at.len()];
    let mut moment = Moment::new(World::formed(session.setup().clone()));
    let mut nobody = Trace::new(Level::Off);
    for index in order {
        moment.play(session.branch().script(), at[index], &mut nobody);
        digests[index] = moment.world.digest();
    }
    digests
}

#[test]
fn going_back_to_any_moment_is_the_straight_run() {
    let failed = failing(|found| {
        let mut session = play(found);
        let at = moments(&session, &found.name);
        let sought: Vec<u64> = at
            .iter()
            .map(|&time| {
                session.seek(time);
                session.digest()
            })
            .collect();
        sought == straight(&session, &at)
    });
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn the_trace_does_not_change_the_run() {
    let failed = failing(|found| {
        let session = play(found);
        [Level::Off, Level::Facts, Level::Full].into_iter().all(|level| {
            let mut moment = Moment::new(World::formed(session.setup().clone()));
            let played = moment.play(session.branch().script(), Time::MAX, &mut Trace::new(level));
            played == Played::ToTheEnd && moment.world.digest() == session.digest()
        })
    });
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn what_was_saved_is_the_same_run() {
    let failed = failing(|found| {
        let session = play(found);
        let loaded = Session::load(&session.save().unwrap());
        loaded.is_ok_and(|loaded| {
            loaded.digest() == session.digest() && loaded.save().unwrap() == session.save().unwrap()
        })
    });
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn a_wasm_module_without_imports_plays_the_same_run() {
    let wasm = build_module();
    let engine = Engine::default();
    let module = Module::new(&engine, &wasm).unwrap();
    let imports: Vec<&str> = module.imports().map(|import| import.name()).collect();
    assert!(imports.is_empty(), "the core must need nothing from outside: {imports:?}");
    let scripts = runs();
    let differs = |found: &Found| {
        let native = Ok(play(found).digest());
        let wasm = digest_in(&engine, &module, &found.source);
        (native != wasm).then(|| format!("{}: {native:x?} and {wasm:x?}", found.name))
    };
    let failed: Vec<String> = each(&scripts, differs).into_iter().flatten().collect();
    assert!(failed.is_empty(), "native and wasm: {failed:#?}");
}

/// Builds the scripts' player for wasm.
fn build_module() -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let build = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "hashslot-digest", "--profile", "web"])
        .args(["--target", "wasm32-unknown-unknown", "--target-dir"])
        .arg(target)
        .current_dir(root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&build.stderr);
    assert!(build.status.success(), "for wasm: rustup target add wasm32-unknown-unknown\n{said}");
    std::fs::read(target.join("wasm32-unknown-unknown/web/hashslot_digest.wasm")).unwrap()
}

/// The digest of a script that is played inside of the module, or what it panicked with.
fn digest_in(engine: &Engine, module: &Module, source: &str) -> Result<u64, String> {
    let mut store = Store::new(engine, ());
    let instance = Instance::new(&mut store, module, &[]).unwrap();
    let memory = instance.get_memory(&store, "memory").unwrap();
    let alloc = instance.get_typed_func::<u32, u32>(&store, "alloc").unwrap();
    let run = instance.get_typed_func::<(), u64>(&store, "run").unwrap();
    let length = u32::try_from(source.len()).unwrap();
    let place = alloc.call(&mut store, length).unwrap();
    memory.write(&mut store, place as usize, source.as_bytes()).unwrap();
    run.call(&mut store, ()).map_err(|trap| {
        let said_length = instance.get_typed_func::<(), u32>(&store, "said_length").unwrap();
        let said = instance.get_typed_func::<(), u32>(&store, "said").unwrap();
        let mut text = vec![0; said_length.call(&mut store, ()).unwrap() as usize];
        let place = said.call(&mut store, ()).unwrap() as usize;
        memory.read(&store, place, &mut text).unwrap();
        format!("{trap}: {}", String::from_utf8_lossy(&text))
    })
}
