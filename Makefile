# Everything a developer runs. `make test` is what must hold; `make demo` shows what it is for.
# Each target sets up what it needs: a virtual environment in .venv, and Debian's packages where we are root.

PYTHON ?= python3
VENV   := .venv
RUN    := $(VENV)/bin
SITE   := build/site

.PHONY: help against demo docs guest test fix lint unit faults page pictures package servers lab parity newest oldest locks deb bench clean

help:
	@echo "make demo            the director on three small web servers, in 20 seconds (KERNEL=1: on the kernel's IPVS)"
	@echo "make test            everything that must hold: lint, types, unit, stories, page, package, servers, lab, parity"
	@echo "make lint|unit|page|package|servers|lab|parity   a part of it"
	@echo "make guest           a shell in a guest of the lab: root's rights, and IPVS in a kernel of its own"
	@echo "make fix             puts in order what ruff can, and writes the generated pages again"
	@echo "make faults          330,000 hostile answers for the checks, of which test has 2,000"
	@echo "make newest|oldest   lint, unit, stories and servers with the newest, or the lowest, of what pyproject.toml permits"
	@echo "make docs            the manual as a site with a search of its own, in build/site; it needs no network to be read"
	@echo "make locks           requirements/*.txt again, with what is newest today"
	@echo "make pictures        the pictures of the status page in docs/, from a real run (needs chromium)"
	@echo "make deb             the Debian package, in dist/ (needs debhelper and python3-venv)"
	@echo "make bench           the figures of docs/benchmarks.md, measured again"
	@echo "make against COMMIT=...   what a check costs in this tree, compared with that commit"

$(VENV)/.installed: pyproject.toml tests/make-venv requirements/dev.txt requirements/build.txt
	@tests/make-venv $(PYTHON) $(VENV)
	@touch $@ $(VENV)/.runs

# what the demo needs is less, and there in seconds
$(VENV)/.runs: requirements/run.txt
	@tests/make-venv $(PYTHON) $(VENV) run
	@touch $@

demo: $(VENV)/.runs
	@$(RUN)/python -m ldirectord_py.cli.ldirectorctl demo $(if $(KERNEL),--kernel)

$(VENV)-docs/.installed: tests/make-venv requirements/docs.txt
	@tests/make-venv $(PYTHON) $(VENV)-docs docs
	@touch $@

# each warning is an error: a link that leads nowhere, or a page in no list of docs/README.md
docs: $(VENV)-docs/.installed
	@rm -rf $(SITE)
	@$(VENV)-docs/bin/python -m sphinx --fail-on-warning --keep-going --quiet --jobs auto --doctree-dir $(SITE).pages -c docs/site . $(SITE)
	@rm -rf $(SITE).pages
	@echo "$(SITE)/index.html"

guest: $(VENV)/.installed
	@tests/install-debian
	@$(RUN)/python -m tests.lab.guests.shell

test: $(VENV)/.installed
	@tests/run-all $(RUN)

fix: $(VENV)/.installed
	@$(RUN)/ruff check --fix --quiet .
	@$(RUN)/ruff format --quiet .
	@$(RUN)/python -m docs.generate

lint: $(VENV)/.installed
	@tests/run-all $(RUN) lint

unit: $(VENV)/.installed
	@tests/run-all $(RUN) unit

faults: $(VENV)/.installed
	@tests/run-all $(RUN) faults

page: $(VENV)/.installed
	@tests/run-all $(RUN) page

# needs chromium: see tests/install-debian
pictures: $(VENV)/.installed
	@$(RUN)/python -m tests.page.pictures docs/pictures

package: $(VENV)/.installed
	@tests/run-all $(RUN) package

servers: $(VENV)/.installed
	@tests/run-all $(RUN) servers

lab: $(VENV)/.installed
	@tests/run-all $(RUN) lab

parity: $(VENV)/.installed
	@tests/run-all $(RUN) parity

newest:
	@tests/make-venv $(PYTHON) $(VENV)-newest newest
	@tests/run-all $(VENV)-newest/bin lint unit servers

# without lint: mypy and ruff say other things in other versions
oldest:
	@tests/make-venv $(PYTHON) $(VENV)-oldest oldest
	@tests/run-all $(VENV)-oldest/bin unit servers

locks: $(VENV)/.installed
	@PATH=$(RUN):$$PATH requirements/refresh uv --upgrade

deb:
	@debian/build-package dist

against: $(VENV)/.installed
	@cd benchmarks && ../$(RUN)/python against.py $(COMMIT)

bench: $(VENV)/.installed
	@benchmarks/run $(RUN)

clean:
	rm -rf $(VENV) $(VENV)-newest $(VENV)-oldest $(VENV)-docs build dist
