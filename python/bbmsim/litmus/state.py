# SPDX-License-Identifier: Apache-2.0
"""The final state of one run of a litmus test: what the condition says of it, and how herd would print it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import layout
from .assemble import last_before
from .descriptors import show_pte
from .test import LitmusTest, atoms_of

_PAR_ADDRESS = 0xFFFF_FFFF_F000  # PA, where F is clear
_SVC, _UNKNOWN, _TRAPPED = 0x15, 0x00, 0x18
_FETCH, _DATA = (0x20, 0x21), (0x24, 0x25)
_SETS = {"Translation", "AccessFlag", "Permission"}


@dataclass(frozen=True)
class Fault:
    """One exception: of which instruction, at which address, and why."""

    process: int
    labels: tuple[str, ...]
    where: str  #: x, PTE(x), an address, or nothing
    kind: str  #: D-MMU:Translation, I-MMU:Permission, UndefinedInstruction, SupervisorCall

    def matches(self, atom: Mapping[str, Any]) -> bool:
        wanted = f"PTE({atom['variable']})" if atom["pte"] else atom["variable"]
        return (
            self.process == atom["process"]
            and (not atom["label"] or atom["label"] in self.labels)
            and (not wanted or wanted == self.where)
            and self._is(atom["type"])
        )

    def _is(self, kind: str) -> bool:
        if not kind or kind == self.kind or (kind == "SVC" and self.kind == "SupervisorCall"):
            return True
        side, _, what = self.kind.partition(":")
        return kind in ("MMU", f"MMU:{what}") and side.endswith("MMU") or kind == side or (kind in _SETS and kind == what)

    def show(self, kind: str = "") -> str:
        """`kind`: as the condition names it."""
        labels = self.labels[0] if len(self.labels) == 1 else "{" + ",".join(sorted(self.labels)) + "}"
        at = f"P{self.process}" + (f":{labels}" if self.labels else "")
        shown = kind if kind.startswith("MMU:") else self.kind
        return f"Fault({','.join(part for part in (at, self.where, shown) if part)})"


class States:
    """What a test asks to see, and how a run's memory is read for it."""

    def __init__(self, test: LitmusTest) -> None:
        self.test = test
        atoms = atoms_of(test)
        places = [what for kind, what in test.parsed["locations"] if kind == "location"]
        for atom in atoms:
            if atom[0] != "fault":
                places.append(atom[1])
            if atom[0] == "same":
                places.append(atom[2])
        self.shown = sorted({tuple(place) for place in places}, key=_order)
        faults: list[Mapping[str, Any]] = [what for kind, what in test.parsed["locations"] if kind == "fault"]
        faults += [atom[1] for atom in atoms if atom[0] == "fault"]
        self.faults = [atom for i, atom in enumerate(faults) if atom not in faults[:i]]
        compared = [(atom[1][1], atom[1][2], atom[2][0]) for atom in atoms if atom[0] == "equal" and atom[1][0] == "register"]
        self._descriptor_registers = test.pte_registers() | {(n, name) for n, name, kind in compared if kind == "descriptor"}
        self._par_registers = {(n, name) for n, name, kind in compared if kind == "par"}
        self._label_of = {address: f"label:\"P{n}:{name}\"" for (n, name), address in test.code.labels.items()}

    def judge(self, final: Final) -> bool:
        """The condition, without its quantifier."""
        return self._holds(self.test.parsed["condition"], final)

    def admits(self, final: Final) -> bool:
        return self.test.parsed["filter"] is None or self._holds(self.test.parsed["filter"], final)

    def _holds(self, condition: Sequence[Any], final: Final) -> bool:
        kind, *rest = condition
        if kind == "and":
            return all(self._holds(c, final) for c in rest[0])
        if kind == "or":
            return any(self._holds(c, final) for c in rest[0])
        if kind == "not":
            return not self._holds(rest[0][0], final)
        if kind == "implies":
            return not self._holds(rest[0][0], final) or self._holds(rest[0][1], final)
        if kind == "fault":
            return any(fault.matches(rest[0]) for fault in final.faults)
        value, bits = final.read(rest[0])
        if kind == "same":
            return value == final.read(rest[1])[0]
        if rest[1][0] == "par":
            return self._par(value, rest[1])
        wanted = self.test.value(rest[1])
        # Registers are 64 bits wide, and what a test calls -1 may be an int.
        mask = (1 << bits) - 1
        return value == wanted & mask or (wanted >> 63 == 1 and value == wanted & 0xFFFF_FFFF)

    def _par(self, value: int, par: Sequence[Any]) -> bool:
        _, oa, fields = par
        known = {"f": value & 1}
        same = all(known.get(name) == wanted for name, wanted in fields)
        return same and (not oa or value & _PAR_ADDRESS == self.test.descriptors.pa(oa))

    def line(self, final: Final) -> str:
        """0:X0=1; [x]=0; Fault(P0:L0,x,MMU:Translation);"""
        parts = [f"{_place(place)}={self._shown_value(place, final)};" for place in self.shown]
        text = " ".join(parts)
        if not self.faults:
            return text
        text += " "
        for atom in self.faults:
            if not any(fault.matches(atom) for fault in final.faults):
                text += f" ~{show_fault_atom(atom, 'Fault')};"
        found = {fault.show(next((a["type"] for a in self.faults if fault.matches(a)), ""))
                 for fault in final.faults if any(fault.matches(a) for a in self.faults)}
        return text + " ".join(f"{fault};" for fault in sorted(found))

    def _shown_value(self, place: Sequence[Any], final: Final) -> str:
        test = self.test
        if place[0] == "variable" and place[2] is None and test.variables[place[1]].count > 1:
            v = test.variables[place[1]]
            values = [final.read(("variable", v.name, i))[0] for i in range(v.count)]
            return "{" + ",".join(str(value) for value in values) + "}"
        value, bits = final.read(place)
        if place[0] == "pte":
            return test.descriptors.show(value, place[2])
        if place[0] == "register" and (place[1], place[2]) in self._descriptor_registers:
            return test.descriptors.show(value)
        if place[0] == "register" and (place[1], place[2]) in self._par_registers:
            return f"(parel1_t:({'f:1' if value & 1 else 'oa:' + str(test.descriptors.page_of(value & _PAR_ADDRESS))}))"
        named = (test.descriptors.address(value) or self._label_of.get(value)) if bits == 64 else None
        if named:
            return named
        if place[0] == "register" and value >> 32 and value & 0xFFF and test.descriptors.page_of(value & _PAR_ADDRESS):
            return test.descriptors.show(value)
        negative = bits == 64 and value > 1 << 63 or bits == 32 and value >= 1 << 31 and place[0] == "variable"
        return str(value - (1 << bits) if negative else value)


class Final:
    """One run's end, read from its memory."""

    def __init__(self, test: LitmusTest, pages: bytes, tables: bytes, variables: bytes) -> None:
        self._test = test
        self._pages, self._tables, self._variables = pages, tables, variables
        self.faults = [fault for i in range(len(test.ids)) for fault in self._faults(i)]
        #: A process that faulted as often as is recorded was stopped by force.
        self.complete = all(self._word(i, layout.FAULTS) < layout.MOST_FAULTS for i in range(len(test.ids)))

    def _word(self, position: int, offset: int) -> int:
        at = position * layout.PAGE + offset
        return int.from_bytes(self._pages[at : at + 8], "little")

    def read(self, place: Sequence[Any]) -> tuple[int, int]:
        """Value, bits."""
        if place[0] == "register":
            position = self._test.ids.index(place[1])
            value = self._word(position, layout.FINAL + 8 * int(place[2][1:]))
            return (value & 0xFFFF_FFFF, 32) if place[2][0] == "W" else (value, 64)
        if place[0] == "pte":
            at = self._test.descriptors.pte_pa(*place[1:]) - layout.TABLES
            return int.from_bytes(self._tables[at : at + 8], "little"), 64
        v = self._test.variables[place[1]]
        at = layout.PAGE * self._test.descriptors.index[v.name] + v.size * (place[2] or 0)
        return int.from_bytes(self._variables[at : at + v.size], "little"), 8 * v.size

    def _faults(self, position: int) -> list[Fault]:
        out = []
        for i in range(min(self._word(position, layout.FAULTS), layout.MOST_FAULTS)):
            syndrome, address, pc = (self._word(position, layout.RECORDS + 32 * i + 8 * j) for j in range(3))
            out.append(self._fault(self._test.ids[position], syndrome, address, pc))
        return out

    def _fault(self, process: int, syndrome: int, address: int, pc: int) -> Fault:
        kind = syndrome >> 26 & 0x3F
        if kind == _SVC:
            pc -= 4
        found = last_before(self._test.code, pc)
        labels = found[2] if found and pc in self._test.code.lines else ()
        if kind in (*_FETCH, *_DATA):
            side = "D-MMU" if kind in _DATA else "I-MMU"
            return Fault(process, labels, self._where(address), f"{side}:{_status(syndrome & 0x3F)}")
        names = {_SVC: "SupervisorCall", _UNKNOWN: "UndefinedInstruction", _TRAPPED: "UndefinedInstruction"}
        return Fault(process, labels, "", names.get(kind, f"Exception-0x{kind:x}"))

    def _where(self, address: int) -> str:
        names = list(self._test.variables)
        if 0 <= (i := address - layout.VARIABLE_VA >> 12) < len(names):
            return names[i]
        return self._test.descriptors.pte_at(address) or f"0x{address:x}"


def _status(code: int) -> str:
    if code == 0x30:
        return "TLBConflict"
    if code == 0x21:
        return "Alignment"
    names = {0: "AddressSize", 1: "Translation", 2: "AccessFlag", 3: "Permission"}
    return names.get(code >> 2, f"Status-0x{code:x}") if code < 0x10 else f"Status-0x{code:x}"


def _order(place: Sequence[Any]) -> tuple[Any, ...]:
    if place[0] == "register":
        return 0, place[1], int(place[2][1:]), place[2]
    if place[0] == "pte":
        return 2, place[1], 4 * place[3] - place[2], ""
    return 1, place[1], -1 if place[2] is None else place[2], ""


def _place(place: Sequence[Any]) -> str:
    if place[0] == "register":
        return f"{place[1]}:{place[2]}"
    if place[0] == "pte":
        return f"[{show_pte(*place[1:])}]"
    return f"{place[1]}[{place[2]}]" if place[2] is not None else f"[{place[1]}]"


def show_fault_atom(atom: Mapping[str, Any], word: str) -> str:
    where = f"PTE({atom['variable']})" if atom["pte"] else atom["variable"]
    at = f"P{atom['process']}" + (f":{atom['label']}" if atom["label"] else "")
    return f"{word}({','.join(part for part in (at, where, atom['type']) if part)})"


def show_condition(test: LitmusTest, condition: Sequence[Any], inside: str = "") -> str:
    """As herd prints it: parentheses where the operators differ."""
    kind, *rest = condition
    if kind in ("and", "or") and not rest[0]:
        return "true" if kind == "and" else "false"
    if kind in ("and", "or"):
        sign = " /\\ " if kind == "and" else " \\/ "
        text = sign.join(show_condition(test, c, kind) for c in rest[0])
        return f"({text})" if inside in ("not", "implies") or (inside == "and" and kind == "or") else text
    if kind == "not":
        operand = show_condition(test, rest[0][0], "not")
        return f"not {operand}" if rest[0][0][0] in ("and", "or") and rest[0][0][1] else f"not ({operand})"
    if kind == "implies":
        return " => ".join(show_condition(test, c, "implies") for c in rest[0])
    if kind == "fault":
        return show_fault_atom(rest[0], "fault")
    other = _place(rest[1]) if kind == "same" else _value(test, rest[1])
    return f"{_place(rest[0])}={other}"


def _value(test: LitmusTest, value: Sequence[Any]) -> str:
    kind, *rest = value
    if kind == "number":
        return str(rest[0] - (1 << 64) if rest[0] >> 63 else rest[0])
    if kind == "descriptor":
        return test.descriptors.show(test.descriptors.encode(rest[0]), rest[0]["level"])
    if kind == "par":
        fields = [f"oa:PA({rest[0]})"] if rest[0] else []
        return f"(parel1_t:({', '.join(fields + [f'{k}:{v}' for k, v in rest[1]])}))"
    if kind == "label":
        return f"label:\"P{rest[0]}:{rest[1]}\""
    if kind == "address":
        return f"{rest[0]}[{rest[1]}]" if rest[1] else str(rest[0])
    if kind == "ttbr":
        return f"TTBR(space:{rest[0]}, asid:{rest[1]}, cnp:{rest[2]})"
    return show_pte(*rest) if kind == "pte" else f"PA({rest[0]})"
