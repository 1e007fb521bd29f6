# Everything a person types. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help

.PHONY: help setup setup-test build demo test format check tidy clean

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 18

setup: ## Installs what building and running need (Debian packages)
	@tools/install_dependencies.sh build

setup-test:
	@tools/install_dependencies.sh test

build: setup ## Builds build/release/msst
	@cmake --preset release > build-release.log 2>&1 || { cat build-release.log; rm build-release.log; exit 1; }; rm build-release.log
	cmake --build --preset release

demo: build ## Set-up, build, and the main job: a song goes in over HTTP, stems come out in out/
	@tools/demo.py

test: setup-test check ## Set-up, and all tests (ASan and UBSan)
	cmake --preset dev -DMSST_WERROR=ON
	cmake --build --preset dev
	ctest --preset dev

check: setup-test ## Format and floors
	@tools/check_floors.py
	@git ls-files '*.h' '*.cpp' | xargs clang-format --dry-run -Werror

format: setup-test ## Formats every source file
	git ls-files '*.h' '*.cpp' | xargs clang-format -i

FILES ?= $(shell git ls-files 'src/*.cpp')
tidy: setup-test ## clang-tidy over src/, or over FILES='src/audio/*.cpp' (slow: minutes for the whole)
	@cmake --preset dev >/dev/null
	@echo $(FILES) | xargs -n 1 -P $$(nproc) clang-tidy -p build/dev --quiet --extra-arg=-Wno-unknown-warning-option --warnings-as-errors='*'

clean: ## Removes what was built
	rm -rf build out
