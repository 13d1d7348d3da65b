//! Takes the page into the binary: each file of `target/site`, or of the folder that is named by
//! `HASHSLOT_SITE`, as it is and compressed.
//!
//! `make site` writes those files. On a clean clone there are none; then the table is empty, the
//! binary builds all the same, and `serve` says how to make the page. Compressing here, once,
//! means that nothing is compressed while somebody waits for a page.
//!
//! Written: `site.rs` in `OUT_DIR`, the items of an array of `File` (see `src/site.rs`).

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-env-changed=HASHSLOT_SITE");
    let site = env::var_os("HASHSLOT_SITE").map_or_else(
        || Path::new(&variable("CARGO_MANIFEST_DIR")).join("../target/site"),
        PathBuf::from,
    );
    // An empty folder is easier to watch than one that is missing: that would be built every time.
    fs::create_dir_all(&site)?;
    println!("cargo::rerun-if-changed={}", site.display());

    let out = PathBuf::from(variable("OUT_DIR"));
    let mut table = String::from("[\n");
    for path in files(&site)? {
        write_file(&path, &out, &mut table)?;
    }
    table.push_str("]\n");
    fs::write(out.join("site.rs"), table)
}

/// The files of the site by name, so that equal sites give equal binaries.
fn files(site: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths =
        fs::read_dir(site)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.retain(|path| path.is_file());
    paths.sort();
    Ok(paths)
}

/// Writes a file in its three forms, and its row of the table.
fn write_file(path: &Path, out: &Path, table: &mut String) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let plain = fs::read(path)?;
    let forms = [("plain", plain.clone()), ("brotli", brotli(&plain)?), ("gzip", gzip(&plain)?)];
    let digest = digest(&plain);
    table.push_str(&format!("File {{ name: {name:?}, digest: {digest:#x},"));
    for (form, bytes) in forms {
        let written = out.join(format!("{name}.{form}"));
        fs::write(&written, bytes)?;
        table.push_str(&format!(" {form}: include_bytes!({written:?}),"));
    }
    table.push_str(" },\n");
    Ok(())
}

fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let settings = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        size_hint: plain.len(),
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &plain[..], &mut packed, &settings)?;
    Ok(packed)
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(plain)?;
    packer.finish()
}

/// FNV-1a, 64 bits: tells one version of a file from another.
fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
