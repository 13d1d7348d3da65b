//! `make bench`: see `hashslot_tests::bench`. Without the feature `browser` it measures the core.

use std::io;

use hashslot_tests::bench;

#[cfg(feature = "browser")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    bench::run().await
}

#[cfg(not(feature = "browser"))]
fn main() -> io::Result<()> {
    bench::run_native()
}
