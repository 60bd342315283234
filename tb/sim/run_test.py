#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays the scenarios of tb/scenarios: two hosts with our stack, one with the engine, in lockstep.
One digest whatever runs; every file of a run can be read by the tools it is for; what is malformed is
refused with file, line and what was expected."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HANDOFF = pathlib.Path(os.environ.get("HANDOFF_BUILD", ROOT / "build")) / "bin/handoff"
SCENARIOS = ROOT / "tb/scenarios"
SHORT = ("--set", "connections[0].peer.bytes=60k", "--set", "expect.user_part=0")


def play(scenario, *options, look=None):
    """Runs it in a folder that is gone after `look` has seen it."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out")
        command = [HANDOFF, "run", scenario, "--out", out, *options]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        file = out / "summary.json"
        summary = json.loads(file.read_text()) if file.exists() else None
        if look:
            look(out)
        return run, summary


def tshark(capture, *options):
    command = ["tshark", "-r", capture, *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def default_parameters():
    command = [sys.executable, ROOT / "scripts/gen_params", "--rtl", ROOT / "rtl", "--list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {name: int(value) for name, value in re.findall(r"^  (\w+)=(\d+) ", listed, re.M)}


class Run(unittest.TestCase):
    def check(self, name, *options, look=None):
        run, summary = play(SCENARIOS / f"{name}.yaml", *options, look=look)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(summary["result"], "pass")
        self.assertEqual(sum(summary["verdicts"].values()), summary["frames_in"])
        self.assertEqual(
            sum(c["acks_engine"] for c in summary["connections"]), summary["acks_engine"]
        )
        return run, summary

    def test_bulk_goes_by_dma_into_user_buffers(self):
        run, summary = self.check("delegated_bulk")
        (bulk,) = summary["connections"]
        self.assertTrue(bulk["delegated"])
        self.assertEqual(bulk["bytes_read"], 2000000)
        self.assertGreaterEqual(bulk["bytes_user"], 0.8 * 2000000)
        self.assertEqual(summary["link"]["to_host"]["lost"], 1)
        self.assertEqual(bulk["resumes"], 2)
        self.assertLessEqual(len(run.stdout.splitlines()), 12)

    def test_the_readme_shows_what_the_demo_prints(self):
        run, summary = self.check("delegated_bulk")
        if summary["parameters"] != default_parameters():
            self.skipTest("the README shows the engine with its default parameters")
        printed = [line for line in run.stdout.splitlines() if not line.startswith("  results")]
        readme = (ROOT / "README.md").read_text()
        self.assertIn("\n".join(printed), readme, "copy these lines into README.md:\n" + run.stdout)

    def test_the_summary_says_what_the_program_is(self):
        _, summary = self.check("delegated_bulk", *SHORT)
        build = summary["build"]
        command = [HANDOFF, "--version"]
        version = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        self.assertEqual(
            version,
            "handoff {version}\nrevision {revision}\ncompiler {compiler}\n"
            "Verilator {verilator}\nSystemC {systemc}\n".format(**build),
        )

    def test_one_digest_in_every_form(self):
        _, lockstep = self.check("delegated_bulk", *SHORT)
        self.assertEqual(set(lockstep["units"].values()), {"both"})
        self.assertGreaterEqual(lockstep["parameters"]["DctEntries"], 64)
        for options in (
            ("--engine", "rtl"),
            ("--engine", "model"),
            ("--engine", "model", "--quantum", "1"),
            ("--engine", "model", "--quantum", "7"),
            ("--set", "engine.form=model", "--set", "engine.quantum=33"),
            ("--unit", "rx_parser=rtl,upload=both,tx=model"),
            ("--set", "engine.units={csr: model, dma: rtl}"),
        ):
            _, other = self.check("delegated_bulk", *SHORT, *options)
            self.assertEqual(other["digest"], lockstep["digest"], options)
        for seed in ("0", "2"):
            _, other = self.check("delegated_bulk", *SHORT, "--seed", seed)
            self.assertEqual(other["seed"], int(seed))
            self.assertNotEqual(other["digest"], lockstep["digest"])

    def test_idle_skipping_changes_nothing(self):
        _, skipping = self.check("delegated_bulk", *SHORT, "--engine", "model")
        _, clocked = self.check("delegated_bulk", *SHORT, "--engine", "model", "--no-skip")
        self.assertEqual(clocked["digest"], skipping["digest"])
        self.assertEqual(clocked["cycles_evaluated"], clocked["cycles"])
        self.assertLess(skipping["cycles_evaluated"], clocked["cycles"] / 2)

    def test_messages_go_back_and_forth_over_ipv6(self):
        _, summary = self.check("request_response")
        (rpc,) = summary["connections"]
        self.assertEqual(rpc["bytes_read"], 40 * 700)

    def test_the_policy_gives_the_only_place_to_the_most_urgent(self):
        _, summary = self.check("policy")
        delegated = {c["name"]: c["delegated"] for c in summary["connections"]}
        self.assertEqual(delegated, {"background": False, "urgent": True, "upload": False})
        self.assertTrue(any("priority 9 >= 5" in d for d in summary["decisions"]))

    def test_nothing_is_lost_on_a_bad_link(self):
        for seed in ("1", "2", "3"):
            _, summary = self.check("bad_link", "--seed", seed)
            for direction in ("to_host", "to_peer"):
                for mishap in ("lost", "reordered", "duplicated", "corrupted"):
                    self.assertGreater(summary["link"][direction][mishap], 0, (seed, mishap))

    def test_the_capture_shows_the_engines_port(self):
        def look(out):
            frames = tshark(out / "capture.pcapng", "-T", "fields", "-e", "frame.packet_flags")
            directions = [int(line, 16) & 3 for line in frames.split()]
            summary = json.loads((out / "summary.json").read_text())
            self.assertEqual(directions.count(1), summary["frames_in"])
            self.assertEqual(directions.count(2), summary["frames_out"])
            follow = tshark(out / "capture.pcapng", "-q", "-z", "follow,tcp,raw,0")
            sent = bytes.fromhex("".join(line for line in follow.splitlines() if is_hex(line)))
            self.assertEqual(sent, bytes((i * 7 + (i >> 8)) % 256 for i in range(60000)))

        def is_hex(line):
            return bool(line) and all(c in "0123456789abcdef" for c in line)

        self.check("delegated_bulk", *SHORT, "--set", "link.to_host.loss=0", look=look)

    def test_waves_show_rtl_and_model_side_by_side(self):
        def look(out):
            self.assertGreater((out / "waves.fst").stat().st_size, 1000)
            saved = (out / "waves.gtkw").read_text()
            self.assertIn("rtl.", saved)
            self.assertIn("model.", saved)

        plain = self.check("delegated_bulk", *SHORT)[1]
        waved = self.check("delegated_bulk", *SHORT, "--waves", "40000:40500", look=look)[1]
        self.assertEqual(waved["digest"], plain["digest"])

    def test_waves_of_cycles_that_were_skipped_are_said_to_be_none(self):
        options = ("--waves", "700000:700010", "--engine", "model")
        run, summary = self.check("delegated_bulk", *SHORT, *options)
        self.assertIn("no waves: none of the cycles asked for", run.stdout)
        self.assertEqual(len(summary["notes"]), 1)

    def test_a_flipped_bit_is_caught_named_and_shown(self):
        def look(out):
            self.assertIn("port", (out / "mismatch.txt").read_text())
            self.assertGreater((out / "waves.fst").stat().st_size, 1000)

        options = ("--flip", "upload.upload_wr_valid[0]@30000")
        run, summary = play(SCENARIOS / "delegated_bulk.yaml", *options, look=look)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertEqual(summary["result"], "mismatch")
        first = {"cycle": 30001, "port": "upload_wr_valid", "unit": "upload"}
        self.assertEqual(summary["mismatch"]["first"], first)
        self.assertIn("first unit to diverge: upload, at cycle 30001", run.stderr)

    def test_the_command_that_a_mismatch_prints_shows_it_again(self):
        with tempfile.TemporaryDirectory() as out:
            file = pathlib.Path(out, "mismatch.txt")
            options = ("--out", out, "--flip", "upload.upload_wr_valid[0]@30000")
            own = pathlib.Path(out, "units", "thesis.txt")  # somebody's: none of the run's files
            own.parent.mkdir()
            own.write_text("mine")
            first = subprocess.run(
                [HANDOFF, "run", SCENARIOS / "delegated_bulk.yaml", *options],
                capture_output=True,
                text=True,
                check=False,
            )
            told = file.read_text()
            self.assertTrue(told.startswith("MISMATCH at cycle"), told)
            self.assertIn("first unit to diverge: upload, at cycle 30001", told)
            self.assertEqual(told.splitlines()[-1], first.stderr.splitlines()[-1])
            file.unlink()
            command = first.stderr.splitlines()[-1].partition("around that cycle: ")[2]
            again = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
            self.assertEqual(again.returncode, 1)
            self.assertEqual(file.read_text(), told)
            # The waves are told of earlier, as this run itself writes them.
            self.assertEqual(sorted(again.stderr.splitlines()), sorted(first.stderr.splitlines()))
            self.assertIn("waves.fst", again.stderr)
            self.assertEqual(own.read_text(), "mine")

    def test_only_what_was_compared_is_said_to_be_equal(self):
        for options, wanted in (
            ((), "evaluated), RTL and model equal in each\n"),
            (
                ("--unit", "tx=model"),
                "evaluated), RTL and model equal in each; not compared: tx (model)",
            ),
            (
                ("--engine", "rtl", "--unit", "tx=both,dma=model"),
                "evaluated), RTL and model of tx alone compared, equal in each\n",
            ),
            (("--engine", "model"), "evaluated)\n"),
        ):
            run, _ = self.check("delegated_bulk", *SHORT, *options)
            self.assertIn(wanted, run.stdout)

    def test_a_fault_in_the_model_alone_fails_without_noise(self):
        options = ("--engine", "model", "--flip", "upload.upload_wr_valid[0]@30000")
        run, _ = play(SCENARIOS / "delegated_bulk.yaml", *options)
        self.assertEqual(run.returncode, 1)
        self.assertIn("write burst crosses a page", run.stderr)
        self.assertNotIn("sc_stop", run.stderr + run.stdout)

    def test_a_run_that_does_not_end_says_who_waits(self):
        options = ("--set", "limit_ms=1", "--set", "link.to_host.loss=1")
        run, _ = play(SCENARIOS / "delegated_bulk.yaml", *options)
        self.assertEqual(run.returncode, 1)
        self.assertIn("not done after 1 ms", run.stderr)
        self.assertIn("bulk: 0 of 1 connections were opened", run.stderr)

    def test_a_run_that_does_not_end_says_what_it_has_counted(self):
        run, summary = play(SCENARIOS / "delegated_bulk.yaml", "--set", "limit_ms=1")
        self.assertEqual(run.returncode, 1)
        self.assertGreater(summary["frames_in"], 100)
        self.assertLessEqual(summary["frames_in"], summary["link"]["to_host"]["delivered"])
        self.assertGreater(summary["verdicts"]["ReasonInOrderUser"], 0)
        # One that a mismatch has stopped cannot be asked any more.
        flip = ("--flip", "upload.upload_wr_valid[0]@30000", "--no-rerun")
        _, summary = play(SCENARIOS / "delegated_bulk.yaml", *flip)
        for counted in ("frames_in", "verdicts", "acks_engine"):
            self.assertIsNone(summary[counted])

    def test_a_flip_that_never_happens_is_said_to_be_none(self):
        run, _ = self.check(
            "delegated_bulk", *SHORT, "--flip", "upload.upload_wr_valid[0]@99999999999"
        )
        self.assertIn("nothing was flipped: the run ended at cycle", run.stdout)

    def test_a_refused_command_leaves_the_last_run_as_it_is(self):
        with tempfile.TemporaryDirectory() as out:
            command = [HANDOFF, "run", SCENARIOS / "delegated_bulk.yaml", "--out", out, *SHORT]
            subprocess.run(command, capture_output=True, check=True)
            capture = pathlib.Path(out, "capture.pcapng").read_bytes()
            refused = [*command, "--flip", "csr.nope[0]@5"]
            self.assertEqual(
                subprocess.run(refused, capture_output=True, check=False).returncode, 2
            )
            self.assertEqual(pathlib.Path(out, "capture.pcapng").read_bytes(), capture)

    def test_many_connections_are_opened_at_once(self):
        options = ("--set", "connections[0].copies=40", "--set", "limit_ms=900")
        _, summary = self.check("delegated_bulk", *SHORT, "--engine", "model", *options)
        self.assertEqual(len(summary["connections"]), 40)

    def test_an_expectation_that_is_not_met_fails(self):
        run, _ = play(SCENARIOS / "delegated_bulk.yaml", *SHORT, "--set", "expect.delegated=2")
        self.assertEqual(run.returncode, 1)
        self.assertIn("expect.delegated is 2", run.stderr)

    def test_bad_input_is_refused_with_place_and_expectation(self):
        for text, options, wanted in (
            ("link:\n  rate_gbps: fast\n", (), "bad.yaml:2:14: link.rate_gbps: expected a number"),
            ("linc: {}\nconnections: [{}]\n", (), "bad.yaml:1:1: linc: no such key, did you mean"),
            ("link: [\n", (), "bad.yaml:2:1: "),
            ("connections: [{peer: {app: ping}}]\n", (), "expected a pair source and sink"),
            ("host: {address: 10.0.0.2}\n", (), "an address with its prefix"),
            ("host: {mac: '01:00:00:00:00:01'}\n", (), "a MAC address of one station"),
            ("peer: {address: fd00::1/64}\n", (), "another address of the host's subnet"),
            ("pcie: {lanes: 3}\n", (), "bad.yaml:1:15: pcie.lanes"),
            ("link: 5\n", (), "bad.yaml:1:7: link: expected keys with values, found '5'"),
            ("", (), "connections: expected one at least"),
            ("connections: [{}]\n", ("--set", "seed"), "expected KEY=VALUE"),
            ("connections: [{}]\n", ("--set", "seed=x"), "--set: seed: expected a whole number"),
            ("connections: [{}]\n", ("--set", "connections[4].port=1"), "the list has 1 members"),
            ("connections: [{}, {}]\n", (), "another connection's listener is at port 5000"),
            ("connections: [{}]\n", ("--waves", "9:3"), "expected FROM below TO"),
            (
                "connections: [{}]\n",
                ("--waves", "5@foo"),
                "no unit 'foo' (expected one of rx_parser",
            ),
            (
                "connections: [{}]\n",
                ("--quantum", "0"),
                "--quantum: Value 0 not in range 1 to 1024",
            ),
            (
                "connections: [{}]\n",
                ("--seed", "-1"),
                "--seed: expected a whole number, 0 to 18446744073709551615, found '-1'",
            ),
            (
                "connections: [{}]\n",
                ("--seed", "18446744073709551616"),
                "--seed: expected a whole number, 0 to 18446744073709551615",
            ),
            ("connections: [{}]\n", ("--engine", "both"), "--engine: both not in {"),
            ("connections: [{}]\n", ("--out", "/proc/none"), "--out /proc/none: expected a folder"),
            (
                "name: ../x\nconnections: [{}]\n",
                (),
                "bad.yaml:1:7: name: expected a name of letters",
            ),
            ("name: '\udcff'\n", (), "bad.yaml:1:"),
            ("limit_ms: 0\n", (), "bad.yaml:1:11: limit_ms: expected 1 or more, found '0'"),
            ("seed: 1\nseed: 2\n", (), "bad.yaml:2:1: seed: it is there twice"),
            (
                "connections:\n- port: 1\n  port: 2\n",
                (),
                "bad.yaml:3:3: connections[0].port: it is there twice",
            ),
            ("seed: 1\n---\nseed: 2\n", (), "expected one YAML document, found 2"),
            ("pcie: {lanes: 3}\n", (), "pcie.lanes: expected 1, 2, 4, 8 or 16, found '3'"),
            (
                "host: {driver: {log_notifications: 6}}\n",
                (),
                "expected more than 128 entries, or 0: progress leaves 64 of them free, found '6'",
            ),
            ("connections: [{}]\n", ("--no-such",), "--no-such"),
            ("connections: [{}]\n", ("--unit", "rx_parse=rtl"), "no unit 'rx_parse'"),
            (
                "connections: [{}]\n",
                ("--flip", "dma.none[0]@1"),
                "no register 'none' of dma; its registers",
            ),
            ("connections: [{}]\n", ("--flip", "dme.ar[0]@1"), "no unit 'dme'"),
            ("connections: [{}]\n", ("--flip", "upload.upload_wr_valid[9]@1"), "no bit 9 of"),
        ):
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "bad.yaml")
                path.write_text(text, errors="surrogateescape")
                run, _ = play(path, *options)
            self.assertEqual(run.returncode, 2, (text, options, run.stderr))
            self.assertIn(wanted, run.stderr)
        for path in ("nowhere.yaml", "/tmp"):
            run, _ = play(path)
            self.assertEqual(run.returncode, 2)
            self.assertIn("expected a scenario, a YAML file", run.stderr)
        for words in ((), ("bogus",), ("run",), ("replay",)):
            run = subprocess.run([HANDOFF, *words], capture_output=True, text=True, check=False)
            self.assertEqual(run.returncode, 2, words)
            self.assertNotEqual(run.stderr, "", words)

    def test_every_key_is_listed(self):
        run = subprocess.run([HANDOFF, "run", "--keys"], capture_output=True, text=True, check=True)
        for key in ("link.rate_gbps", "connections[].host.user_buffers.count", "pcie.lanes"):
            self.assertIn(key, run.stdout)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
