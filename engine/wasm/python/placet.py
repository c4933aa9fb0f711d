"""Judges MCP calls with the Placet component: a module to copy, and an example.

    pip install -r requirements.txt
    python placet.py placet.wasm policy.bundle call.json
"""

import json
import sys
from pathlib import Path

import wasmtime
import wasmtime.component
from wasmtime.component import Linker, Record

FUEL_TO_LOAD = 200_000_000_000
FUEL_TO_DECIDE = 2_000_000_000
MEMORY_BYTES = 1 << 30


class Refused(Exception):
    """The bundle was not loaded, or the call cannot be judged. No call is allowed by this."""


class Component:
    """The compiled component, from which any number of bundles are loaded. Compiling takes seconds."""

    def __init__(self, component: bytes):
        config = wasmtime.Config()
        config.consume_fuel = True
        self._engine = wasmtime.Engine(config)
        self._component = wasmtime.component.Component(self._engine, component)

    def load(self, bundle: bytes) -> "Engine":
        store = wasmtime.Store(self._engine)
        store.set_limits(memory_size=MEMORY_BYTES)
        store.set_fuel(FUEL_TO_LOAD)
        # Nothing is in the linker: a component that imported anything would be refused here.
        instance = Linker(self._engine).instantiate(store, self._component)
        return Engine(store, instance, bundle)


class Engine:
    """A loaded bundle. It takes one call at a time: load one for each thread.

    Once it ran out of fuel or memory, which is a `wasmtime.WasmtimeError`, it is spent: load another.
    """

    def __init__(self, store: wasmtime.Store, instance: wasmtime.component.Instance, bundle: bytes):
        self._store, self._instance = store, instance
        self._judge = instance.get_export_index(store, "placet:engine/judge@0.1.0")
        self._loaded = self._call("[static]engine.load", bundle)

    def decide(self, call: dict) -> dict:
        """The decision on a call, both as `spec/chain.md` describes them."""
        self._store.set_fuel(FUEL_TO_DECIDE)
        return json.loads(self._call("[method]engine.decide-json", self._loaded, json.dumps(call)))

    def _call(self, name: str, *arguments):
        index = self._instance.get_export_index(self._store, name, self._judge)
        function = self._instance.get_func(self._store, index)
        result = function(self._store, *arguments)
        # An answer is text or a loaded bundle, and what is wrong is a record.
        if isinstance(result, Record):
            raise Refused(result.message)
        return result


def main() -> int:
    component, bundle, call = (Path(name).read_bytes() for name in sys.argv[1:])
    engine = Component(component).load(bundle)
    decision = engine.decide(json.loads(call))
    print(decision["decision"], decision["reason"] or "")
    return 0 if decision["decision"] == "allow" else 1


if __name__ == "__main__":
    sys.exit(main())
