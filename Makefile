# The front door of barewire. `make` alone says what there is to do. Works with GNU make 3.81 and newer.

# A rung that exists is a folder under steps/ with a program in it.
RUNGS := $(sort $(patsubst steps/%/src/main.rs,%,$(wildcard steps/*/src/main.rs)))
# What a newcomer meets first: the chat, behind its guard as soon as that rung exists.
FIRST := $(lastword $(filter 11-rooms 12-guard,$(RUNGS)))

# STEP=5, STEP=05 and STEP=05-keep-alive name the same rung; so does STEP=keep-alive.
STEP ?=
PADDED := $(if $(filter 0 1 2 3 4 5 6 7 8 9,$(STEP)),0$(STEP),$(STEP))
RUNG := $(filter $(PADDED) $(PADDED)-% %-$(PADDED),$(RUNGS))

ifneq ($(STEP),)
ifneq ($(words $(RUNG)),1)
$(info There is no rung "$(STEP)". There are: $(RUNGS))
$(error STEP names no rung)
endif
endif

.PHONY: help
help:
	@echo 'barewire: from socket() to a WebSocket server, one rung at a time'
	@echo
	@echo '  make run                the chat ($(FIRST)); open the address that it prints in two tabs'
	@echo '  make run STEP=05        one rung; ARGS="--help" says what it can do'
	@echo '  make run STEP=11 EXAMPLE=ticker    or whiteboard: what else stands on the hub of that rung'
	@echo '  make talk               a client to play with by hand: ADDRESS=ws://127.0.0.1:8080/, http://... or tcp://...'
	@echo '  make replay FILE=x.bin  sends a file of bytes; ARGS=--every-split cuts it everywhere and compares the answers'
	@echo '  make wire STEP=05       what TCP sends: a rung, its first request, each segment drawn; ARGS="--pcap x.pcap"'
	@echo '  make wire STEP=05 DO="curl http://127.0.0.1:8080/count"    the same, of whatever these commands cause'
	@echo '  make sockets STEP=05    what the kernel says about the sockets of a rung that runs'
	@echo '  make book               the chapters as a book, served by our own rung 06'
	@echo '  make test               all tests of all rungs, real browser included: some minutes'
	@echo '  make test STEP=05       one rung: its unit tests and its black-box tests, in seconds'
	@echo '  make browser [STEP=05]  the browser tests; pictures of each page in target/screenshots'
	@echo '  make soak               random bytes at every rung, a minute each, side by side; SECONDS=600'
	@echo '  make attack [STEP=05]   a hostile client at a rung, or at ADDRESS=127.0.0.1:8080; ONLY=slowloris, ARGS="--help"'
	@echo '  make fuzz               libFuzzer looks for inputs that break a promise: TARGET=http SECONDS=60'
	@echo '  make cargo-mutants STEP=09    changes the code of a rung in every way that cargo-mutants knows: does a test notice?'
	@echo '  make load               10,000 people in a chat for a minute: heartbeats, delays, memory; N=1000 SECONDS=10'
	@echo '  make compare            polling, events and WebSocket in the same chat, measured: notes/compare.md'
	@echo '  make bench              our servers beside nginx, Node and others, measured: notes/bench.md; ONLY=echo-20 WHO=floor,ws'
	@echo '  make bench ADDRESS=127.0.0.1:8080    its generator at one server; ARGS="--talk echo --size 20 --connections 100 --depth 16"'
	@echo '  make waits              how long the first builds and a changed test take'
	@echo '  make mutants            makes the mistakes that students make, and writes notes/what-goes-wrong.md; ONLY=eintr shows one'
	@echo '  make lint               format, clippy, and each rung built alone'
	@echo
	@echo 'Build it yourself (notes/workbench.md):'
	@echo '  make start STEP=09      your own copy of a rung, with tasks to solve: mine/09-frames'
	@echo '  make check STEP=09      its tests, up to the first that fails; SERVER="python3 x.py" for any program;'
	@echo '                          OWN=1 upon your own lower rungs; make watch STEP=09 does it again at each save'
	@echo '  make hint STEP=09       the next hint; make reset begins anew, make solution compares'
	@echo '  make run STEP=09 MINE=1 your program; make diff STEP=09 says what the rung adds to those below it'
	@echo '  make wire STEP=05 MINE=1    drawn by your own rung 00'
	@echo '  make grade              all that you have begun, judged; make doctor says what is missing on this system'
	@echo
	@echo 'The rungs:'
	@for rung in $(RUNGS); do \
		printf '  %-14s  %s\n' $$rung "$$(sed -n '1s/^[^:]*: *//p' notes/$$rung.md 2>/dev/null)"; \
	done
	@echo
	@echo 'README.md says what each is for; notes/ has a chapter for each.'
	@# Before the first copy there is nothing to tell, and nothing to build for it.
	@echo
	@if ls -d mine/[0-9]* >/dev/null 2>&1; then echo 'Yours:'; $(WORKBENCH) ladder; \
		else echo 'Next: make run, or begin with your own: make start STEP=01'; fi

.PHONY: cargo
cargo:
	@command -v cargo >/dev/null || { echo 'cargo is missing: install Rust from https://rustup.rs, then open a new terminal'; exit 1; }

.PHONY: need
need: cargo
	@tests/tools/need.sh

# A rung's program, or one of its examples.
WHAT = $(if $(EXAMPLE),--package step-$(or $(RUNG),11-rooms) --example $(EXAMPLE),--bin $(or $(RUNG),$(FIRST)))

.PHONY: run
run: cargo
	@$(if $(MINE),$(ONE_RUNG) $(WORKBENCH) run $(RUNG) -- $(ARGS),cargo run $(WHAT) -- $(ARGS))

.PHONY: test
ifneq ($(RUNG),)
test: cargo
	@tests/tools/need.sh programs
	cargo test --package step-$(RUNG)
	cargo test --test $(RUNG)
else
test: need
	@# --keep-going: the browser is asked too when something before it has failed. pages: the book can be built.
	@$(MAKE) --no-print-directory --keep-going rungs pages browser
endif

.PHONY: rungs
rungs: cargo
	cargo test --workspace --no-fail-fast

.PHONY: browser
browser: cargo
	@tests/tools/need.sh browser
	node --test-reporter=spec tests/browser/run.mjs $(RUNG)

# The student's workbench: notes/workbench.md.
WORKBENCH := cargo run --quiet --bin workbench --
# Each recipe has its own $@.
ONE_RUNG = $(if $(RUNG),,echo 'Which rung? make $@ STEP=09'; exit 1;)

.PHONY: start check watch hint reset solution diff
start check watch hint reset solution diff: cargo
	@test -e target/debug/workbench || echo 'The workbench is compiled first: a minute, once.'
	@$(ONE_RUNG) $(WORKBENCH) $@ $(RUNG)

.PHONY: grade
grade: cargo
	@$(WORKBENCH) grade

.PHONY: doctor
doctor:
	@tests/workbench/doctor.sh

# The chapters in notes/ as pages, in target/book; the first time it builds mdBook.
PAGES := cargo run --quiet --profile pages --package book --features pages

.PHONY: pages book
pages: cargo
	@$(PAGES)

book: pages
	@cargo run --quiet --bin 06-files -- --root target/book $(ARGS)

# Makes each mistake of tests/mutants in the reference and writes down what the tests say of it. ONLY: a part of a name;
# that one is shown, and nothing is written.
.PHONY: mutants
mutants: cargo
	@tests/tools/need.sh programs
	@ONLY='$(ONLY)' WRITE=1 cargo test --quiet --test mutants -- --nocapture each_

.PHONY: soak
soak: cargo
	SOAK_SECONDS=$(or $(SECONDS),60) cargo test --test soak -- --test-threads 16

.PHONY: load
load: cargo
	LOAD_CONNECTIONS=$(or $(N),10000) LOAD_SECONDS=$(or $(SECONDS),60) HARNESS_PROFILE=release \
		cargo test --test load

# Two minutes; writes notes/compare.csv, the chapter's tables and its pictures. SHOW=1: only the last two, from the first.
.PHONY: compare
compare: cargo
	COMPARE=$(if $(SHOW),show,full) cargo test --test compare

# Ten minutes on a quiet machine. WRITE=1: everything beside everybody, and the notes show it. SHOW=1: only that, from the
# figures that are there. PROFILE=1: only where the time goes with each load of which a goal is missed.
.PHONY: bench
ifneq ($(ADDRESS),)
bench: cargo
	@cargo run --quiet --release --package bench --bin generator -- $(ARGS) $(ADDRESS)
else
bench: cargo
ifneq ($(SHOW),)
	SHOW=1 cargo run --quiet --release --package bench --bin bench
else
	@tests/tools/need.sh bench
	$(if $(PROFILE),,cargo build --quiet --release --manifest-path tests/bench/peers/Cargo.toml)
	$(if $(PROFILE),,tests/bench/peers/uwebsockets.sh)
	BENCH_ROUNDS=$(or $(ROUNDS),7) BENCH_SECONDS=$(or $(SECONDS),0.6) ONLY='$(ONLY)' WHO='$(WHO)' WRITE='$(WRITE)' \
		PROFILE='$(PROFILE)' cargo run --quiet --release --package bench --bin bench -- --nocapture
endif
endif

# How long a student waits; WRITE=1 notes it. On a quiet machine.
.PHONY: waits
waits: cargo
	@tests/tools/waits.sh $(if $(WRITE),notes/bench-waits.csv)

# A rung, or with ADDRESS whoever listens there, on this machine.
.PHONY: attack
attack: cargo
	@cargo run --quiet --bin attack -- \
		$(if $(ADDRESS),--address $(ADDRESS),--step $(or $(RUNG),$(FIRST))) $(if $(ONLY),--only $(ONLY)) $(ARGS)

# Without ADDRESS: where `make run` listens.
.PHONY: talk
talk: cargo
	@cargo run --quiet --bin talk -- $(or $(ADDRESS),$(if $(PORT),ws://127.0.0.1:$(PORT))) $(ARGS)

# FILE: any bytes, or a .replay as in tests/talk/examples.
.PHONY: replay
replay: cargo
	@cargo run --quiet --bin replay -- $(FILE) $(ADDRESS) $(ARGS)

# Rung 00 beside another one; MINE=1: your own rung 00.
# DO: commands to watch instead of the first request, WITH: options of the rung.
.PHONY: wire
wire: cargo
	@$(if $(RUNG),$(if $(MINE),YOURS=mine/00-wire )tests/tools/wire.sh $(RUNG) $(ARGS),echo 'Which rung? make wire STEP=05'; exit 1)

# All rungs listen on 8080, or on $PORT.
.PHONY: sockets
sockets: cargo
	@cargo run --quiet --example sockets -- $(ARGS)

# TARGET: one or more of the folders in tests/fuzz/corpus; all without it.
.PHONY: fuzz
fuzz: cargo
	@tests/tools/need.sh fuzz
	FUZZ_SECONDS=$(or $(SECONDS),30) tests/fuzz/fuzz.sh $(TARGET)

# Without STEP: what is known, and nothing is tried. notes/survivors.md says more.
.PHONY: cargo-mutants
cargo-mutants: cargo
	@cargo run --quiet --bin survivors -- $(RUNG) $(ARGS)

.PHONY: lint
lint: cargo
	cargo fmt --all --check
	cargo fmt --manifest-path tests/bench/peers/Cargo.toml --check
	tests/tools/ladder.sh
	cargo clippy --workspace --all-targets --locked -- -D warnings
	@set -e; for rung in $(RUNGS); do echo "cargo check --package step-$$rung"; \
		cargo check --quiet --locked --package step-$$rung; done
