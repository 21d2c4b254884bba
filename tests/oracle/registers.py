# SPDX-License-Identifier: Apache-2.0
"""What the reference judges when registers take effect: tables that come under a base register, PEs that come back, CnP, fields
that TLBs may cache; and the fetch that wants a context synchronization event before it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .state import Pe
from .tables import Context, Entry, cached_fields, contexts_of, faults_on_fetch
from .trace_format import Event

if TYPE_CHECKING:
    from .reference import Reference


def synchronize(ref: Reference, event: Event) -> None:
    pe = ref.pes[event.pe]
    pe.fresh.clear()
    before = dict(pe.registers)
    pe.registers.update(pe.written)
    pe.written.clear()
    change_context(ref, pe, event, before)


def change_context(ref: Reference, pe: Pe, event: Event, before: dict[str, int]) -> None:
    was = pe.contexts
    pe.contexts = contexts_of(pe.registers, pe.config.asid_bits) if pe.on else []
    if pe.on and pe.registers.get("sctlr_el1", 0) & 1:
        pe.awake = True
    if pe.awake and pe.registers.get("sctlr_el1", 0) & 1:  # with the MMU off they mean nothing
        for side in (0, 1):
            changed = pe.translated and cached_fields(pe.translated, side) != cached_fields(pe.registers, side)
            if changed and any(e.context.side == side for e in pe.held):
                pe.unflushed[event.line] = {e for e in pe.held if e.context.side == side} | pe.unflushed.get(event.line, set())
        pe.translated = dict(pe.registers)
    if ref.coarse:
        pe.left = (pe.left | set(was)) - set(pe.contexts)
        for e, s in list(pe.held.items()):  # one bit for each root, whatever the ASID
            for c in pe.contexts:
                if (c.side, c.root) == (e.context.side, e.context.root) and c != e.context:
                    asid = None if e.asid is None else c.asid
                    pe.held.setdefault(e._replace(context=c, asid=asid), replace(s, defects=set(s.defects), maybe=set(s.maybe), owed=list(s.owed), doomed=set(), deferred=[], harmless=[], reported=False))
    for c in pe.contexts:
        judge_root(ref, pe, c, event, c not in was)
        if before != pe.registers:
            judge_cnp(ref, pe, c, event)
    judge_return(ref, pe, event)
    for e, s in pe.held.items():
        if s.doomed and e.context in pe.contexts:
            if s.cause is None:
                s.doomed.clear()  # may have been filled again
                continue
            s.maybe.add("BBM-NO-DSB-BEFORE-TLBI")
            if ref.coarse:
                s.maybe.add("BBM-NO-DSB-AFTER-TLBI")
                s.doomed.clear()
            elif e.context not in was:  # likewise, by a walk that does not see the write yet
                s.doomed = {n for n in s.doomed if n in ref.tlbis and ref.ordered_since(s.cause, ref.tlbis[n][0], ref.tlbis[n][1].domain)}
    ref.fill(pe)


def judge_return(ref: Reference, pe: Pe, event: Event) -> None:
    """A PE that was off received no broadcast: what changed meanwhile meets what it still holds, where that is in force."""
    if not pe.contexts:
        return
    meets: set[int] = set()  # states of entries, or of tables that lead to entries, which meet something
    for e, s in ref.may_come(pe, {}):
        if s.deferred and id(s) not in meets and any(differs(ref, pe, e, c) for c in pe.contexts if c[:2] == e.context[:2] and e.asid in (None, c.asid)):
            meets.add(id(s))
    for e, s in pe.held.items():
        if not s.deferred and not s.harmless:
            continue
        met = id(s) in meets
        for write, rules in s.deferred:
            if s.cause and (met or "BBM-TABLE-REUSE" in rules):
                ref.stores.setdefault((event.line, write.pa, write.pe), set()).add(write.line)
                ref.report((event.line, write.pa, write.pe), rules, s, pe.number)
        for write in s.harmless:
            ref.findings.setdefault((event.line, write.pa, write.pe), set()).add("BBM-TABLE-REUSE")
        if met or e.context in pe.contexts or not s.cause:
            s.deferred.clear()
        else:  # its tables and its ASID may come back yet
            s.deferred = [d for d in s.deferred if "BBM-TABLE-REUSE" not in d[1]]
        s.harmless.clear()


def differs(ref: Reference, pe: Pe, e: Entry, c: Context) -> bool:
    """Whether the entry may not meet the tables of this context. As for registers that changed: BBM-CONTEXT."""
    old = e._replace(context=c)
    return any(changes and not ref.exempt(pe, changes, old, n) for n in ref.walk(c) for changes in [ref.clash(old, n)])


def judge_root(ref: Reference, pe: Pe, c: Context, event: Event, due: bool) -> None:
    """Tables that come under a PE's base register, against what it may hold of others."""
    for e in pe.held:
        other = e.context
        if other.side != c.side or other.root == c.root:
            continue
        if e.asid is not None and e.asid != c.asid:
            continue
        if ref.walk(c) and (ref.coarse or e not in ref.walk(other)):  # gone from its tables, and no difference: see compare.PERMITTED
            ref.findings.setdefault((event.line, c.root, pe.number), set()).add("BBM-ASID-REUSE")
        for n in ref.walk(c):
            changes = ref.clash(e, n)
            plain = ref.clash(e._replace(context=c), n)
            registers = changes and (not plain or ref.exempt(pe, plain, e, n))  # it is they that differ: BBM-CONTEXT
            if changes and (not due or registers or e in ref.consequences or ref.exempt(pe, changes, e, n)):
                ref.findings.setdefault((event.line, c.root, pe.number), set()).add("BBM-ASID-REUSE")
            elif changes:
                ref.report((event.line, c.root, pe.number), {"BBM-ASID-REUSE"})
                return


def judge_cnp(ref: Reference, pe: Pe, c: Context, event: Event) -> None:
    name = f"ttbr{c.side}_el1"
    if not pe.registers.get(name, 0) & 1:
        return
    for other in ref.pes.values():
        if other is pe or not other.registers.get(name, 0) & 1:
            continue
        for d in other.contexts:
            if d.side == c.side and d.asid == c.asid and d.root != c.root:
                ref.report((event.line, c.root, pe.number), {"BBM-CNP"})


def fetch(ref: Reference, event: Event) -> None:
    """I_WZCBG: a context synchronization event before instructions are fetched through a fresh entry."""
    pe = ref.pes[event.pe]
    for c in pe.contexts:
        path = sorted((e for e in ref.walk(c) if e.va <= event.a < e.va + e.size), key=lambda e: e.level)
        fresh = [e for e in path if e.pa in pe.fresh]
        if path and faults_on_fetch(path[-1], path[:-1], ref.memory, pe.registers):
            continue  # nothing is executed
        if fresh and path[-1].leaf:
            ref.report((event.line, fresh[0].pa, event.pe), {"BBM-EXEC-SYNC"})
            pe.fresh -= {e.pa for e in fresh}
