# Everything that one does with this repository. Longer work is done by the scripts in .ci/.

# For `make run`: what to hand to `hashslot serve`, such as ARGS="--no-open --port 9000".
ARGS ?=

.PHONY: help run test site bench soak fuzz fmt lint

help: ## What can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 8

run: site ## Build the lab, serve it, and open it in the browser
	cargo run -p hashslot -- serve $(ARGS)

test: ## Run all tests, in a real browser, against a real server and in containers too
	.ci/setup test
	.ci/site
	.ci/tests

site: ## Write the lab as static files to target/site
	.ci/setup build
	.ci/site

bench: site ## Measure speed and size, into target/bench.json
	cargo run --release -p hashslot-tests --features tools --bin bench

soak: ## Run the seeded tests with ten times as many seeds, and more beside the real server
	HASHSLOT_SEEDS=10000 HASHSLOT_TRIALS=40 HASHSLOT_CALLS=1000000 HASHSLOT_SCRIPTS=1000 \
	    cargo test --release -p hashslot-tests

fuzz: ## Feed random bytes to the RESP input, the interface and record files, ten minutes each
	.ci/fuzz 600

fmt: ## Format all code
	cargo fmt --all

lint: ## Check format and style, natively and for the browser
	.ci/setup build
	cargo fmt --all --check
	cargo clippy --workspace --exclude hashslot-web --all-targets --all-features -- -D warnings
	cargo clippy -p hashslot-web --target wasm32-unknown-unknown -- -D warnings
