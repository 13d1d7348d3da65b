//! `make bench`: see `hashslot_tests::bench`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    hashslot_tests::bench::run().await
}
