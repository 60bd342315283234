#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays every capture of tb/captures for both hosts, with all and with nothing delegated, by clock and
as fast as causes allow: each to its full streams. What a capture of tb/captures/made delivers to each
host stands here; kinds that are easily made are made here.

tb/sim/field_test.py            all of it
tb/sim/field_test.py Field      one class, or Field.test_NAME (unittest)"""

import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HANDOFF = pathlib.Path(os.environ.get("HANDOFF_BUILD", ROOT / "build")) / "bin/handoff"
CAPTURES = ROOT / "tb/captures"
A, B = "10.9.0.1", "10.9.0.2"
MODES = [(d, *f) for d in ("always", "never") for f in ((), ("--fast",))]

# Bytes that the application reads on each connection, at 10.9.0.1 and at 10.9.0.2.
MADE = {
    "answer_acked_100us_later.pcap": ([100], [5200]),
    "answer_acked_10us_later.pcap": ([100], [5200]),
    "answer_acked_1us_later.pcap": ([100], [5200]),
    "b_ack_sack_unsent.pcap": ([900], [3500]),
    "b_blind_rst_syn.pcap": ([900], [4200]),
    "b_fin_before_data.pcap": ([0], [1700]),
    "b_ip_fragment.pcap": ([0], [4700]),
    "b_keepalive_no_ts.pcap": ([0], [5600]),
    "b_midstream.pcap": ([900], [4200]),
    "b_mss0.pcap": ([4000], [2200]),
    "b_mss100.pcap": ([4000], [2200]),
    "b_mss63.pcap": ([4000], [2200]),
    "b_optlen0.pcap": ([900], [4200]),
    "b_optover.pcap": ([900], [4200]),
    "b_peer_window.pcap": ([4900], [2100]),
    "b_reuse.pcap": ([0, 0], [1400, 120]),
    "b_rst.pcap": ([0], [1400]),
    "b_simclose.pcap": ([900], [4200]),
    "b_simopen.pcap": ([3500], [300]),
    "b_span_duplicates.pcap": ([900], [4200]),
    "b_synack_again.pcap": ([900], [4900]),
    "b_tfo_ignored.pcap": ([900], [4210]),
    "b_trailer.pcap": ([900], [2800]),
    "b_ts_zero.pcap": ([0], [4200]),
    "b_tso20k.pcap": ([0], [22800]),
    "b_urgent.pcap": ([900], [4207]),
    "b_wscale15.pcap": ([900], [4200]),
    "b_wscale16.pcap": ([900], [4200]),
    "b_wscale255.pcap": ([900], [4200]),
    "clock_step.pcap": ([0], [2800]),
    "data_in_ethernet_broadcast.pcap": ([0], [8]),
    "first_late.pcap": ([0], [1400]),
    "host_frame_missing.pcap": (None, [5600]),
    "idle_18447s.pcap": ([0], [200]),
    "idle_80000s.pcap": ([0], [200]),
    "peer_other24.pcap": (None, [10000]),
    "plain.pcap": ([1000], [18]),
    "rst_in_syn_sent.pcap": ([4200], [100]),
    "same_connection_twice.pcapng": ([3000, 3000], [100, 100]),
    "same_mac_both_ways.pcap": ([1000], [18]),
    "syn_in_ethernet_broadcast.pcap": ([0], None),
    "txoffload_client.pcap": ([1000], [18]),
    "zero_mac.pcap": ([1000], [18]),
}
# What is not played, and why.
REFUSED = {
    # 600 bytes of the peer's are missing in it.
    ("host_frame_missing.pcap", A): (1, "acknowledged 600 bytes, of which the capture has 0"),
    # Its peers have other addresses.
    ("peer_other24.pcap", A): (2, "sent nothing in this capture"),
    # The SYN came in a broadcast frame, which no host takes.
    ("syn_in_ethernet_broadcast.pcap", B): (1, "no TCP connection of 10.9.0.2"),
}
NOTES = {
    "b_midstream.pcap": "taken up in mid-stream",
    "b_tso20k.pcap": "cut to it",
    "clock_step.pcap": "leap by more than a day",
    "first_late.pcap": "times go back",
    "host_frame_missing.pcap": "lacks 300 bytes that the host sent",
    "txoffload_client.pcap": "wrong checksums: filled in",
    "zero_mac.pcap": "were made up",
}


def replay(path, host, *options):
    with tempfile.TemporaryDirectory() as folder:
        command = [HANDOFF, "replay", path, "--host", host, "--out", folder, "--engine", "model"]
        command += ["--pcap", "none", *options]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        file = pathlib.Path(folder, "summary.json")
        return run, json.loads(file.read_text()) if file.exists() else None


class Field(unittest.TestCase):
    def full(self, path, host, want=None, note="", **_):
        for delegate, *fast in MODES:
            with self.subTest(capture=path.name, host=host, delegate=delegate, fast=bool(fast)):
                run, summary = replay(path, host, "--delegate", delegate, *fast)
                self.assertEqual(run.returncode, 0, run.stderr)
                connections = summary["connections"]
                for c in connections:
                    self.assertEqual(c["bytes_read"], c["bytes_recorded"])
                if want is not None:
                    self.assertEqual([c["bytes_read"] for c in connections], want)
                self.assertIn(note, "\n".join(summary["notes"]))
                self.assertGreater(summary["frames_out"], 0)

    def test_captures_that_were_made_give_their_streams(self):
        for name, streams in MADE.items():
            for host, want in zip((A, B), streams, strict=True):
                if want is not None:
                    note = NOTES.get(name, "") if host == B or name.startswith("tx") else ""
                    if host == B and name.startswith("tx"):
                        note = "no segment of 10.9.0.1 has a right checksum"
                    self.full(CAPTURES / "made" / name, host, want, note)

    def test_what_cannot_be_played_is_refused_with_why(self):
        for (name, host), (status, text) in REFUSED.items():
            for delegate, *fast in MODES:
                run, _ = replay(CAPTURES / "made" / name, host, "--delegate", delegate, *fast)
                self.assertEqual(run.returncode, status, name)
                self.assertIn(text, run.stderr)

    def test_recorded_captures_give_their_streams_to_both_hosts(self):
        for path in sorted(CAPTURES.glob("*.pcap")):
            v6 = path.name.startswith("ipv6")
            for host in ("fd00::1", "fd00::2") if v6 else ("10.77.0.1", "10.77.0.2"):
                self.full(path, host)

    def test_every_made_capture_has_its_streams_here(self):
        files = {p.name for p in (CAPTURES / "made").iterdir()} - {"ip_options.pcap"}
        self.assertEqual(files, set(MADE))

    def test_a_failure_can_be_allowed_by_name(self):
        path = CAPTURES / "made/host_frame_missing.pcap"
        run, summary = replay(path, A, "--allow", "capture-lacks")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("allowed: ", summary["notes"][-1])
        run, _ = replay(path, A, "--allow", "read-less")
        self.assertEqual(run.returncode, 1)
        run, _ = replay(path, A, "--allow", "everything")
        self.assertEqual(run.returncode, 2)
        self.assertIn("capture-lacks", run.stderr)

    def test_a_stream_that_falls_short_fails_with_from_where_and_why(self):
        # The answer is lost on the link.
        lost = "--set=link.to_host.drop=[2]"
        run, summary = replay(CAPTURES / "made/plain.pcap", A, lost)
        self.assertEqual(run.returncode, 1, run.stdout)
        self.assertEqual(summary["result"], "error")
        self.assertRegex(summary["reason"], "of 1000 bytes were read: what came from frame 6 on")
        self.assertIn("the link lost 1 frames", summary["reason"])
        (only,) = summary["connections"]
        self.assertEqual((only["bytes_recorded"], only["bytes_read"]), (1000, 0))


# --- Captures that are made here ----------------------------------------------------------------


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Talk:
    """Frames of one connection: (time in us, bytes of the IP packet, from the client)."""

    SYN, ACK, FIN = 2, 16, 1

    def __init__(self):
        self.frames = []
        self.us = 0

    def put(self, client, seq, ack, text=b"", flags=ACK, after=1000, options=b""):
        src, dst = (A, B) if client else (B, A)
        ends = (40000, 80) if client else (80, 40000)
        first = (1000, 5000) if client else (5000, 1000)
        offset = (20 + len(options)) // 4 << 4
        acked = first[1] + ack if flags & self.ACK else 0
        tcp = struct.pack("!HHIIBBHHH", *ends, first[0] + seq, acked, offset, flags, 60000, 0, 0)
        ips = b"".join(bytes(int(n) for n in a.split(".")) for a in (src, dst))
        body = tcp + options + text
        total = checksum(ips + struct.pack("!HH", 6, len(body)) + body)
        body = body[:16] + struct.pack("!H", total) + body[18:]
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, 6, 0) + ips
        ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
        self.us += after
        self.frames.append((self.us, ip + body, client))
        return self

    def open(self, text=b""):
        taken = 1 + len(text)
        self.put(True, 0, 0, text, self.SYN, options=b"\2\4\5\xb4")
        self.put(False, 0, taken, flags=self.SYN | self.ACK, options=b"\2\4\5\xb4")
        return self.put(True, taken, 1)

    def close(self, client, server):
        self.put(True, client, server, flags=self.FIN | self.ACK)
        self.put(False, server, client + 1, flags=self.FIN | self.ACK)
        return self.put(True, client + 1, server + 1)


def ethernet(packet, client, tag=b""):
    macs = bytes([2, 0, 0, 0, 0, 2 if client else 1, 2, 0, 0, 0, 0, 1 if client else 2])
    return macs + tag + b"\x08\0" + packet


def pcap(frames, link=1):
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, link)
    for us, frame in frames:
        data += struct.pack("<IIII", us // 10**6, us % 10**6, len(frame), len(frame)) + frame
    return data


def request_and_answer(rounds=3, after=1000):
    """Bytes to the client 700 a round, to the server 100."""
    talk = Talk().open()
    for i in range(rounds):
        talk.put(True, 1 + 100 * i, 1 + 700 * i, b"q" * 100, after=after)
        talk.put(False, 1 + 700 * i, 101 + 100 * i, b"a" * 700, after=after)
    return talk.close(1 + 100 * rounds, 1 + 700 * rounds)


class Made(Field):
    """Not the tests of Field again: its way to run one."""

    def make(self, data, client, server, note="", name="made.pcap"):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, name)
            path.write_bytes(data)
            self.full(path, A, client, note)
            self.full(path, B, server, note)

    def test_link_layers_other_than_ethernet(self):
        talk = request_and_answer()
        bare = pcap([(us, ip) for us, ip, _ in talk.frames], 101)
        self.make(bare, [2100], [300], "the capture holds bare IP")
        cooked = [(us, b"\0" * 14 + b"\x08\0" + ip) for us, ip, _ in talk.frames]
        self.make(pcap(cooked, 113), [2100], [300], "Linux's cooked form")
        second = [(us, b"\x08\0" + b"\0" * 18 + ip) for us, ip, _ in talk.frames]
        self.make(pcap(second, 276), [2100], [300], "Linux's cooked form")
        run, _ = replay_of(pcap(cooked, 105), A)
        self.assertEqual(run.returncode, 2)
        self.assertIn("link type 105", run.stderr)

    def test_packed_captures(self):
        plain = pcap([(us, ethernet(ip, c)) for us, ip, c in request_and_answer().frames])
        self.make(gzip.compress(plain), [2100], [300], name="made.pcap.gz")
        run, _ = replay_of(gzip.compress(plain)[:-30], A)
        self.assertEqual(run.returncode, 2)
        run, _ = replay_of(b"\x28\xb5\x2f\xfd" + plain, A)
        self.assertEqual(run.returncode, 2)
        self.assertIn("packed by zstd", run.stderr)

    def test_a_tag_in_one_direction_alone(self):
        frames = request_and_answer().frames
        tagged = [(us, ethernet(ip, c, b"\x81\0\0\x64" if c else b"")) for us, ip, c in frames]
        self.make(pcap(tagged), [2100], [300], "VLAN tags differ between the directions")

    def test_text_on_a_syn_that_was_taken(self):
        talk = Talk().open(b"0123456789")
        talk.put(True, 11, 1, b"x" * 50).put(False, 1, 61, b"y" * 70).close(61, 71)
        frames = [(us, ethernet(ip, c)) for us, ip, c in talk.frames]
        self.make(pcap(frames), [70], [60], "(fast open)")

    def test_answers_that_bunch_in_a_microsecond(self):
        frames = request_and_answer(40, after=1).frames
        self.make(pcap([(us, ethernet(ip, c)) for us, ip, c in frames]), [28000], [4000])
        one_time = [(7, ethernet(ip, c)) for us, ip, c in frames]
        self.make(pcap(one_time), [28000], [4000])

    def test_clocks_that_jump(self):
        frames = [(us, ethernet(ip, c)) for us, ip, c in request_and_answer(8).frames]
        shaken = [(us + 10**6 * (i % 3 == 0), f) for i, (us, f) in enumerate(frames)]
        self.make(pcap(shaken), [5600], [800], "times go back")
        leapt = [(us + 10**6 * 10**6 * (i > 6), f) for i, (us, f) in enumerate(frames)]
        self.make(pcap(leapt), [5600], [800], "leap by more than a day")

    def test_a_day_of_silence_and_more(self):
        frames = [(us, ethernet(ip, c)) for us, ip, c in request_and_answer(8).frames]
        long = [(us + 70000 * 10**6 * (i // 5), f) for i, (us, f) in enumerate(frames)]
        self.make(pcap(long), [5600], [800])

    def test_joined_segments_and_a_lost_frame_of_the_host(self):
        talk = Talk().open()
        talk.put(True, 1, 1, b"q" * 40).put(False, 1, 41, b"a" * 30000, after=2000)
        talk.put(True, 41, 30001).close(41, 30001)
        frames = [(us, ethernet(ip, c)) for us, ip, c in talk.frames]
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "joined.pcap")
            path.write_bytes(pcap(frames))
            self.full(path, A, [30000], "cut to it")
            del frames[3]  # the question
            path.write_bytes(pcap(frames))
            self.full(path, A, [30000], "lacks 40 bytes")


def replay_of(data, host, *options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "made.pcap")
        path.write_bytes(data)
        return replay(path, host, *options)


for inherited in [name for name in vars(Field) if name.startswith("test_")]:
    setattr(Made, inherited, None)

if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=1))
