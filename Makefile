# Everything a person types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help setup setup-compile setup-test setup-fuzz build demo test fuzz tsan format check tidy clean

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 18

setup: ## Installs what building and running need (Debian packages)
	@tools/install_dependencies.sh build

setup-compile:
	@tools/install_dependencies.sh compile

setup-test:
	@tools/install_dependencies.sh test

setup-fuzz:
	@tools/install_dependencies.sh fuzz

build: setup ## Builds build/release/msst
	@cmake --preset release > build-release.log 2>&1 || { cat build-release.log; rm build-release.log; exit 1; }; rm build-release.log
	cmake --build --preset release

demo: build ## Set-up, build, and the main job: a song goes in over HTTP, stems come out in out/
	@tools/demo.py

test: check ## Set-up, and all tests (ASan and UBSan)
	@tools/test.sh

SECONDS_EACH ?= 60
fuzz: setup-fuzz ## Every fuzz target for SECONDS_EACH=60, two at a time (ASan and UBSan)
	cmake --preset fuzz
	cmake --build --preset fuzz --target msst-fuzzers
	@tools/run_fuzzers.py --seconds $(SECONDS_EACH)

# Where threads share something. Not what runs networks (backend, separation): libgomp is not instrumented, and every OpenMP
# region would be reported.
# Addresses are not randomised where that can be had: GCC 12's ThreadSanitizer finds no room on kernels that do it widely.
TSAN_TESTS := base store supervisor worker http
tsan: setup-test ## The tests of what has threads, under ThreadSanitizer
	cmake --preset tsan -DMSST_WERROR=ON
	cmake --build --preset tsan --target $(TSAN_TESTS:%=msst-%-test)
	$$(setarch -R true 2>/dev/null && echo setarch -R) ctest --preset tsan -R '^msst-($(shell echo $(TSAN_TESTS) | tr ' ' '|'))-test$$'

check: setup-compile ## Format and floors
	@tools/check_floors.py
	@git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run -Werror

format: setup-compile ## Formats every source file
	git ls-files '*.h' '*.cpp' | xargs clang-format -i

FILES ?= $(shell git ls-files 'src/*.cpp')
tidy: ## clang-tidy over src/, or over FILES='src/audio/*.cpp' (slow: half an hour for the whole)
	@tools/install_dependencies.sh tidy
	@cmake --preset dev -B build/tidy -DCMAKE_UNITY_BUILD=OFF >/dev/null
	@echo $(FILES) | xargs -n 1 -P $$(nproc) clang-tidy-19 -p build/tidy --quiet --extra-arg=-Wno-unknown-warning-option --warnings-as-errors='*'

clean: ## Removes what was built
	rm -rf build out
