.PHONY: test
test:
	cargo test --workspace --exclude hashslot-web
