# SPDX-License-Identifier: Apache-2.0
"""A minute of libFuzzer for each parser, from the texts that the tests have and those that fuzzers found before.

The minute is the only fixed duration among the tests: a fuzzer has no other end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from oracle.generate import generate  # noqa: E402

FUZZERS = ROOT / "build/fuzz/tests/fuzz"
SECONDS = int(os.environ.get("BBMSIM_FUZZ_SECONDS", "60"))
LITMUS = """AArch64 swap
{
  uint64_t x=1; uint64_t pte_x; [PTE(x)]=(oa:PA(x), valid:1);
  0:X1=PTE(x); 0:X0=(oa:PA(y), valid:0);
  1:X3=x;
}
 P0             | P1          ;
 STR X0,[X1]    | LDR W2,[X3] ;
 DSB ISH        |             ;
 LSR X5,X3,#12  |             ;
 TLBI VAAE1IS,X5|             ;
exists (1:X2=0 /\\ ~(0:X1=3 \\/ fault(P1,x)))
"""
KEYWORDS = {
    "trace": "write dsb tlbi msr isb exception eret dmb acquire read fetch off on pe ram bbml= conflict_free= asid_bits= "
    "vmalle1 vae1is vaae1is vale1is vaale1os rvae1is aside1is ttbr0_el1 ttbr1_el1 tcr_el1 mair_el1 sctlr_el1 ish ishst nsh sy 0x pc=",
    "litmus": "AArch64 PTE(x) oa: PA(x) valid: af: db: dbm: attrs: exists forall locations fault( TLBI DSB ISB MOV LDR STR "
    "uint64_t ~exists /\\\\ \\\\/ true Variant= TTHM= level: space: table:PTE( nG: TTBR( asid: cnp: MSR",
}


def seeds(kind: str, folder: Path) -> None:
    for path in ROOT.glob(f"tests/fuzz/crashes/{kind}/*"):
        (folder / f"crash-{path.name}").write_bytes(path.read_bytes())
    if kind == "trace":
        for path in [*(ROOT / "tests/traces").glob("*.trace"), *(ROOT / "tests/oracle/cases").glob("*.trace")]:
            if path.stat().st_size < 8192:
                (folder / path.name).write_bytes(path.read_bytes())
        for seed in range(100):
            (folder / f"random-{seed}").write_text(generate(seed))
    else:
        (folder / "swap").write_text(LITMUS)
        for path in ROOT.glob("tests/**/*.litmus"):
            (folder / path.name).write_bytes(path.read_bytes())


@pytest.mark.parametrize("kind", ["trace", "litmus"])
def test_a_minute_of_fuzzing(kind: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    seeds(kind, corpus)
    words = tmp_path / "words"
    words.write_text("".join(f'"{word}"\n' for word in KEYWORDS[kind].split()))
    run = subprocess.run(
        [
            FUZZERS / f"{kind}_fuzzer", f"-max_total_time={SECONDS}", "-max_len=8192", "-timeout=20", "-rss_limit_mb=3000",
            f"-dict={words}", f"-artifact_prefix={tmp_path}/found-", "-print_final_stats=1", corpus,
        ],
        capture_output=True, text=True, timeout=SECONDS + 240,
    )  # fmt: skip
    found = [path.read_bytes() for path in tmp_path.glob("found-*")]
    assert run.returncode == 0, f"keep this as tests/fuzz/crashes/{kind}/NAME: {found}\n{run.stderr[-4000:]}"
    executed = next(line for line in run.stderr.splitlines() if "number_of_executed_units" in line)
    count = int(executed.rsplit(":", 1)[1])
    print(f"{kind}: {count} inputs")
    assert count > 100
