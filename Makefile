# SPDX-License-Identifier: Apache-2.0
#
#   make demo      set up, build, and run a connection through the engine
#   make test      set up, build, and run every test
#   make lint      set up, and check formatting, lint and the rules of docs/style.md
#   make bench     measure the speed figures
#   make site      build the pages of docs/ into build/site
#   make install   set up, build, and install the libraries and the program below PREFIX
# BUILD names the build folder, JOBS how many compilers and tests run at once, PARAMS the engine's
# parameters in that folder, until they are named anew: PARAMS="DctEntries=4096 Slots=16".

BUILD ?= build
JOBS ?= 2
PREFIX ?= /usr/local
NINJA = cmake --build $(BUILD) -j $(JOBS)
ifneq ($(origin PARAMS),undefined)
SETTINGS = -DHANDOFF_PARAMS="$(PARAMS)"
endif

.PHONY: demo build test lint lint-all format bench pages site install clean configure

# Only the program: tests and what lint needs come with their own targets.
demo: configure
	$(NINJA) --target handoff
	scripts/demo --build $(BUILD)

configure:
	@scripts/setup build
	@cmake -S . -B $(BUILD) -G Ninja --log-level=WARNING $(SETTINGS)

build: configure
	$(NINJA)

test: build
	@scripts/setup test
	@rm -rf $(BUILD)/results
	ctest --test-dir $(BUILD) -j $(JOBS) --output-on-failure

# Checks C++ changed since the last common commit with main; lint-all checks all of it.
lint: configure
	@scripts/setup lint
	$(NINJA) --target gen --target verilated_sources
	scripts/lint --build $(BUILD)

lint-all: configure
	@scripts/setup lint
	$(NINJA) --target gen --target verilated_sources
	scripts/lint --build $(BUILD) --all

format:
	@scripts/setup lint
	scripts/lint --format

bench: configure
	$(NINJA) --target handoff_bench
	$(BUILD)/bin/handoff_bench

install: configure
	$(NINJA) --target package_files
	cmake --install $(BUILD) --prefix $(PREFIX)

# The pages that a script writes.
pages: configure
	scripts/check_tree --mend

# The book as a site, with a search; a dead link is an error.
site:
	@scripts/setup docs
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --clean --site-dir $(abspath $(BUILD))/site

clean:
	rm -rf $(BUILD)
