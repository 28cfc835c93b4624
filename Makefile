# SPDX-License-Identifier: Apache-2.0
# Front door; meson and ninja do the building.
BUILD   ?= build
PREFIX  ?= /usr/local
SECONDS ?= 30

.PHONY: all demo test check accuracy bench fuzz format install clean

all:
	@tools/setup.sh
	@tools/build.sh $(BUILD)

# The main job: how many lesser chips equal an Nvidia system on this model at this latency?
demo: all
	$(BUILD)/muster match gb200-nvl72 --with cloudmatrix-384 --model deepseek-r1 \
	    --input 4096 --output 1024 --tpot 50ms

# Every suite; the last line sums up all cases. SUITES="unit cli" runs some.
test:
	@tools/setup.sh test
	@tools/build.sh $(BUILD)
	@python3 tools/test.py $(SUITES)

# The quick half: format, tidy, layers and the rules of the house.
check:
	@tools/setup.sh test
	@python3 tools/test.py format check tidy

# Measures the errors anew and rewrites docs/accuracy.*; needs the tables (MUSTER_TABLES).
accuracy: all
	@python3 tools/accuracy.py $(BUILD)/muster

bench: all
	@tools/bench.sh $(BUILD)

fuzz:
	@tools/setup.sh test
	@tools/fuzz.sh $(SECONDS)

format:
	@git ls-files -z '*.c' '*.h' | xargs -0 -r clang-format -i

install: all
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@meson install -C $(BUILD)

clean:
	@rm -rf build build-*
