"""The example on real calls, and on what is none."""

import contextlib
import io
import json
import os
import re
import shutil
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import placet
import wasmtime

ROOT = Path(__file__).resolve().parents[3]
COMPONENT = Path(os.environ.get("PLACET_WASM_OUT", ROOT / "target/wasm")) / "placet.wasm"
CONFORMANCE = ROOT / "spec/conformance"


class Decisions(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        bundle = (CONFORMANCE / "policies/office/policy.bundle").read_bytes()
        cls.component = placet.Component(COMPONENT.read_bytes())
        cls.engine = cls.component.load(bundle)
        cls.call = json.loads((CONFORMANCE / "cases/chain/rule.json").read_text())["call"]

    def test_a_call_is_allowed(self):
        self.assertEqual(self.engine.decide(self.call)["decision"], "allow")

    def test_a_denial_says_why(self):
        decision = self.engine.decide({**self.call, "receipts": []})
        self.assertEqual(decision["reason"], "consent.none")
        self.assertEqual(decision["remedy"]["kind"], "consent")

    def test_the_example_of_the_reference_runs(self):
        page = (ROOT / "spec/wasm.md").read_text()
        example = re.search(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)[1]
        said = io.StringIO()
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(said):
            shutil.copy(COMPONENT, Path(folder, "placet.wasm"))
            shutil.copy(CONFORMANCE / "policies/office/policy.bundle", folder)
            Path(folder, "call.json").write_text(json.dumps(self.call))
            before = os.getcwd()
            os.chdir(folder)
            try:
                exec(compile(example, "spec/wasm.md", "exec"), {})
            finally:
                os.chdir(before)
        self.assertEqual(said.getvalue(), "allow None\n")

    def test_what_is_no_call_or_no_bundle_is_refused(self):
        with self.assertRaises(placet.Refused):
            self.engine.decide({})
        with self.assertRaises(placet.Refused):
            self.component.load(b"nothing")
        self.assertEqual(self.engine.decide(self.call)["decision"], "allow")


    def test_what_uses_up_its_fuel_is_an_error(self):
        bundle = (CONFORMANCE / "policies/office/policy.bundle").read_bytes()
        engine = self.component.load(bundle)
        with unittest.mock.patch("placet.FUEL_TO_DECIDE", 1_000):
            with self.assertRaises(wasmtime.WasmtimeError):
                engine.decide(self.call)
        with self.assertRaises(wasmtime.WasmtimeError):
            engine.decide(self.call)
        self.assertEqual(self.component.load(bundle).decide(self.call)["decision"], "allow")


if __name__ == "__main__":
    unittest.main()
