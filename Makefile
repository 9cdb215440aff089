# The front door: every target sets up what it needs and says little. Programs are built by CMake (CMakePresets.json).
# ARGS=… is handed to the tests by pytest and to the benchmarks, SECONDS_OF_FUZZING=… and EXECUTIONS=… to the fuzzers;
# FAULTS=… and SEED=… are size and seed of the fault suite; PARTS=… are some of the targets of test-release;
# prefix=… and DESTDIR=… say where install puts things.

python := .deps/venv/bin/python
ARGS ?=
FAULTS ?= 100
SEED ?= 1
PARTS ?=
# Tests on real servers wait more than they work.
processes := $(shell expr 2 \* $$(nproc))
# Tests that share a server of their own are one xdist_group.
parallel := -n $(processes) --dist loadgroup
# So many times as long as on a quiet machine everything may take.
export PATIENCE ?= 2
prefix ?= /usr/local
DESTDIR ?=
export PYTHONPATH := tools
SECONDS_OF_FUZZING ?= 60
EXECUTIONS ?= 100000000
# The sanitizers look at some tests, which are marked for it, or at all of tests/integration.
SANITIZED ?= some
sanitized = $(if $(filter all,$(SANITIZED)),tests/integration,tests/integration tests/fault -m $(1)) $(parallel)

.DEFAULT_GOAL := help
.PHONY: help build install deb kafka-archive check test test-shares test-release test-unit test-model test-core \
        test-integration test-versions test-faults test-faults-share test-scale test-scale-share test-sanitized \
        test-threads test-valgrind test-dashboard test-deploy test-deploy-share pictures build-clang build-sanitized \
        demo demo-stop dashboard dashboard-stop bench bench-smoke capacity versions fuzz fuzz-decoder fuzz-corpus \
        coverage lint analyze format reference sbom clean distclean setup-build setup-test setup-versions \
        setup-package setup-deploy setup-lint setup-dashboard setup-browser setup-spark setup-peers build-arm64 \
        deb-arm64 test-arm64 setup-arm64 setup-arm64-image

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: setup-build ## build the program: build/antenna
	@cmake --preset release >/dev/null
	@cmake --build --preset release

install: build ## install the program, its services and documentation below prefix=/usr/local, staged in DESTDIR
	@DESTDIR="$(DESTDIR)" cmake --install build --prefix "$(prefix)"

deb: setup-package build ## make the Debian package for this machine's release: build/antenna_*.deb
	@tools/make-deb

kafka-archive: setup-test ## make an archive of Kafka's server for a machine that has none: build/kafka.tar.gz
	@mkdir -p build
	@tar -C .deps/kafka --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -czf build/kafka.tar.gz libs

check: setup-test lint test-unit test-core ## what each commit must pass, in 3 minutes
	@echo "all checks passed"

# The sanitizers' builds take what the integration tests leave of the processors.
test: setup-test lint analyze test-unit test-model ## what each change must pass; docs/release-tests.md has its minutes
	@$(MAKE) --no-print-directory -j 2 test-integration build-sanitized
	@$(MAKE) --no-print-directory test-deploy-share test-sanitized test-threads
	@echo "all tests passed"

test-shares: build-clang test-faults-share test-scale-share fuzz test-dashboard bench-smoke ## shares of what a release must pass

test-release: setup-test ## what each release must pass, in hours, or PARTS=... of it; writes docs/release-tests.md
	@FAULTS=$(FAULTS) SEED=$(SEED) $(python) tools/test_release.py $(PARTS)

test-unit: setup-test build ## unit tests
	@ctest --preset release

test-model: setup-test ## the protocol of exactly once, checked exhaustively by Spin, and a broken twin of each guard
	@$(python) -m pytest tests/model -n 2 $(ARGS)

test-core: setup-test build ## the core of the integration tests
	@$(python) -m pytest tests/integration -m core $(parallel) $(ARGS)

test-integration: setup-test build ## tests on a real Kafka and PostgreSQL, and some on the oldest and newest of both
	@$(python) -m pytest tests/integration tests/versions -m "not versions or share" $(parallel) $(ARGS)

test-versions: setup-versions build ## tests on each version of PostgreSQL and Kafka; writes docs/versions.md
	@$(python) -m pytest tests/versions --record $(parallel) $(ARGS)

test-faults-share: setup-test build ## some minutes of the faults, drawn by SEED=1
	@FAULTS=5 SEED=$(SEED) $(python) -m pytest tests/fault --share 8 $(parallel) $(ARGS)

test-faults: setup-test build ## faults of all kinds, FAULTS=100 random kills and others in proportion
	@FAULTS=$(FAULTS) SEED=$(SEED) $(python) -m pytest tests/fault $(parallel) $(ARGS)

test-scale: setup-test setup-spark build ## many hosts and cut cables, both engines on one topic, a Spark cluster
	@$(python) -m pytest tests/scale $(ARGS)

test-scale-share: setup-test setup-spark build ## the share of it that takes minutes
	@$(python) -m pytest tests/scale -m share $(ARGS)

build-sanitized: setup-test
	@for preset in asan tsan; do \
	    cmake --preset $$preset >/dev/null && nice -n 19 cmake --build --preset $$preset -j 1 -- --quiet || exit 1; done

test-sanitized: setup-test ## unit tests and SANITIZED=some of the others with the address and undefined-behaviour sanitizers
	@cmake --preset asan >/dev/null
	@cmake --build --preset asan
	@ctest --preset asan
	@ANTENNA=build/asan/antenna PATIENCE=$$((2 * PATIENCE)) $(python) -m pytest $(call sanitized,core) $(ARGS)

test-threads: setup-test ## fewer of the others, with the thread sanitizer: unit tests have one thread
	@cmake --preset tsan >/dev/null
	@cmake --build --preset tsan
	@ANTENNA=build/tsan/antenna PATIENCE=$$((2 * PATIENCE)) $(python) -m pytest $(call sanitized,tsan) $(ARGS)

test-valgrind: setup-test ## a few of the integration tests under valgrind
	@cmake --preset valgrind >/dev/null
	@cmake --build --preset valgrind
	@ANTENNA=tests/valgrind PATIENCE=$$((5 * PATIENCE)) $(python) -m pytest tests/integration -m valgrind $(ARGS)

coverage: setup-test ## branches of decode, totals, commit and archive that unit and integration tests take
	@cmake --preset coverage >/dev/null
	@cmake --build --preset coverage
	@find build/coverage -name '*.gcda' -delete
	@ctest --preset coverage
	@ANTENNA=build/coverage/antenna $(python) -m pytest tests/integration tests/fault --share 8 $(ARGS)
	@gcovr build/coverage

test-deploy: setup-deploy build ## tests of what is deployed: the package in a clean Debian, its services, images, Terraform
	@$(python) -m pytest tests/deploy $(ARGS)

test-deploy-share: setup-test build ## the share of it that is in make test
	@$(python) -m pytest tests/deploy -m share $(ARGS)

build-arm64: setup-arm64
	@tools/arm64 cmake --preset arm64 >/dev/null
	@tools/arm64 cmake --build --preset arm64

deb-arm64: build-arm64 ## make the Debian package for arm64 by a cross-build: build/arm64/antenna_*.deb
	@tools/arm64 dpkg-architecture -aarm64 -c tools/make-deb build/arm64

test-arm64: setup-arm64-image build-arm64 ## unit tests of a cross-build for arm64, under qemu, its package and image
	@tools/arm64 ctest --preset arm64
	@$(python) -m pytest tests/arm64 $(ARGS)

test-dashboard: setup-browser build ## tests of the dashboards, in a real Superset and a real browser
	@$(python) -m pytest tests/browser -m "not pictures" $(ARGS)

pictures: setup-browser build ## make the pictures of docs/first-hour.md again, from a run of all its commands
	@$(python) -m pytest tests/browser -m pictures $(ARGS)
	@cp build/first-hour/* docs/first-hour/

build-clang: setup-test ## build with clang, whose warnings are others
	@cmake --preset clang >/dev/null
	@cmake --build --preset clang

demo: setup-test build ## show the whole architecture on this machine
	@$(python) demo/run.py

dashboard: setup-dashboard ## show the demo's database, or that of DATABASE_URI, in Superset on this machine
	@$(python) serving/superset/run.py start

dashboard-stop: setup-dashboard ## stop the Superset that dashboard started
	@$(python) serving/superset/run.py stop

demo-stop: setup-test ## stop what demo left running and remove its data
	@$(python) demo/stop.py

bench-smoke: setup-test setup-peers build ## what the speed layer costs beside a script and Flink, on few messages
	@bench/run --smoke $(ARGS)

bench: setup-test setup-spark setup-peers build ## all benchmarks, beside Spark, Flink and others: two hours or more, ARGS=--quick for minutes
	@bench/run $(ARGS)

fuzz: setup-test ## fuzz what reads input, each target for SECONDS_OF_FUZZING=60
	@cmake --preset fuzz >/dev/null
	@cmake --build --preset fuzz
	@tests/fuzz/run build/fuzz -max_total_time=$(SECONDS_OF_FUZZING)

fuzz-decoder: setup-test ## fuzz the decoder of messages for EXECUTIONS=100000000, without sanitizers
	@cmake --preset fuzz-fast >/dev/null
	@cmake --build --preset fuzz-fast
	@tests/fuzz/run build/fuzz-fast -runs=$(EXECUTIONS) record

fuzz-corpus: fuzz ## fuzz, and keep in tests/fuzz/corpus the inputs that reach code which none there reaches
	@tests/fuzz/keep build/fuzz

lint: setup-lint build ## check format, layers, headers, sizes, scripts, texts and prose
	@tools/lint/run

analyze: setup-test setup-lint ## static analysis: clang-tidy, cppcheck and gcc's analyzer
	@cmake --preset analyze >/dev/null
	@cmake --build --preset analyze
	@cmake --preset analyze-gcc >/dev/null
	@cmake --build --preset analyze-gcc

format: setup-lint ## format the sources
	@git ls-files '*.c' '*.h' '*.def' | xargs clang-format -i
	@.deps/venv/bin/ruff format --quiet .
	@.deps/venv/bin/ruff check --quiet --fix .

reference: build ## write docs/reference.md, docs/errors.md, docs/metrics.md and the Spark engine's tables from those of the program
	@cp build/reference.md build/errors.md docs
	@cp build/tables.py engines/spark/antenna_spark/tables.py
	@build/generate-metrics >docs/metrics.md

capacity: setup-lint ## write the figures of README.md and docs/capacity.md from bench/results
	@$(python) bench/capacity.py

versions: setup-lint ## write the tables of README.md and docs/versions.md from third_party/versions
	@$(python) tools/versions.py

sbom: setup-lint ## write third_party/sbom.cdx.json, the bill of materials, from the pins
	@$(python) tools/sbom.py >third_party/sbom.cdx.json

clean: ## remove what was built
	@rm -rf build

distclean: clean ## remove what was set up, too
	@rm -rf .deps

setup-build:
	@tools/setup build

setup-test:
	@tools/setup build test

setup-versions:
	@tools/setup build test versions

setup-package:
	@tools/setup build package

setup-deploy:
	@tools/setup build test package deploy

setup-arm64:
	@tools/setup build test arm64

setup-arm64-image:
	@tools/setup build test deploy arm64 arm64-image

setup-dashboard:
	@tools/setup dashboard

setup-browser:
	@tools/setup build test dashboard browser

setup-lint:
	@tools/setup build lint

setup-spark:
	@tools/setup spark

setup-peers:
	@tools/setup peers
