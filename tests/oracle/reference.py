# SPDX-License-Identifier: Apache-2.0
"""Judges a trace by keeping, for each PE, everything that its TLBs may hold. The package's docstring has the rules."""

from __future__ import annotations

from dataclasses import replace

from .hardware import HardwareUpdates
from .registers import change_context, fetch, synchronize
from .state import Finding, Held, Pe, Places, Write
from .tables import (
    PAGE_BITS,
    Context,
    Entry,
    Memory,
    differences,
    get,
    group_size,
    make_entry,
    output,
    put,
    shift,
    start_level,
    table_address,
    walk_all,
    walk_table,
)
from .tlbi import Tlbi, concerns, covers, decode
from .trace_format import Event, Trace, parse

NT = 1 << 16
SEQUENCE = {"BBM-NO-TLBI", "BBM-NO-DSB-BEFORE-TLBI", "BBM-NO-DSB-AFTER-TLBI", "BBM-LOCAL-TLBI", "BBM-WRONG-TLBI"}


class Reference:
    def __init__(self, trace: Trace, coarse: bool = False) -> None:
        self.coarse = coarse  #: as coarse as the checker is allowed to be: compare.PERMITTED
        self.trace = trace
        self.memory: Memory = {}
        self.pes = {n: Pe(n, c) for n, c in trace.pes.items()}
        self.findings: dict[tuple[int, int, int], set[str]] = {}
        self.stores: dict[tuple[int, int, int], set[int]] = {}  #: of findings made later than at the store: its line
        self.told: set[tuple[int, int]] = set()  #: (PE, line of the write that took entries away) of findings so far
        self.consequences: set[Entry] = set()  #: entries that a reported reuse lets in
        self.news: set[tuple[int, int, int]] = set()  #: of these: not repetitions
        self.walks: dict[Context, tuple[dict[Entry, None], set[int]]] = {}
        self.tlbis: dict[int, tuple[int, Tlbi]] = {}  #: incomplete ones: number -> issuer and what
        self.barriers: list[tuple[int, int, int]] = []  #: DSBs that order stores: line, PE, domain
        self.acquires: dict[int, list[int]] = {}  #: PE -> lines of its DMBs and acquires
        self.next_tlbi = 0
        self.writes: dict[int, list[Write]] = {}  #: by address
        self.hardware = HardwareUpdates()
        self.away: dict[tuple[int, int], Write] = {}  #: the last that took this value away from that address

    # --- what can be reached ---------------------------------------------------------------------------------------

    def walk(self, context: Context) -> dict[Entry, None]:
        if context not in self.walks:
            self.walks[context] = walk_all(self.memory, context)
        return self.walks[context][0]

    def through_held(self, pe: Pe, gone: set[Entry]) -> dict[Entry, None]:
        """What walks of the PE's contexts find, from the roots and from walk-cache entries that memory no longer has."""
        out: dict[Entry, None] = {}
        for context in pe.contexts:
            out.update(self.walk(context))
        usable = {(c.side, c.asid, c.granule) for c in pe.contexts}  # whatever root a walk-cache entry is from
        for entry, state in pe.held.items():
            c = entry.context
            if entry.leaf or entry in gone or (c.side, c.asid, c.granule) not in usable:
                continue
            if state.cause or c not in pe.contexts:
                table = table_address(entry.context.granule, entry.value)
                walk_table(self.memory, entry.context, table, entry.va, entry.level + 1, out, set())
        return out

    def fill(self, pe: Pe) -> None:
        """Whatever can be reached may be held from now on (R_SQBCS)."""
        held = pe.held
        while True:
            size = len(held)
            reached = self.through_held(pe, set())
            for context in pe.left:
                reached.update(self.walk(context))
            for entry in reached:
                state = held.get(entry)
                if state is None:
                    state = held[entry] = Held()
                    if entry not in self.walk(entry.context):  # through a stale walk-cache entry only
                        t = next(s for e, s in held.items() if not e.leaf and s.cause and e.va <= entry.va < e.va + e.size)
                        state.cause, state.broken = t.cause, t.broken
                        state.defects, state.maybe = set(t.defects), set(t.maybe)
                    # A TLBI that will have removed the walk-cache entry takes along what is read through it meanwhile.
                    if entry.context not in pe.contexts or state.cause:
                        for e, s in held.items():
                            if not e.leaf and e.context == entry.context and e.va <= entry.va < e.va + e.size:
                                state.doomed |= {n for n in s.doomed if n in self.tlbis and covers(self.tlbis[n][1], entry)}
                    state.reported = entry in self.consequences
            if len(held) == size:
                return

    # --- the sequence ------------------------------------------------------------------------------------------------

    def reachable(self, pe: Pe, entry: Entry, stays: Places) -> bool:
        """Whether the PE's walks come to the descriptor at this place, from its root or from a walk-cache entry that stays."""
        c = entry.context
        if entry.level == start_level(c):
            return any(u == c or (self.coarse and u[:5] == c[:5]) for u in pe.contexts)  # see compare.PERMITTED
        if not any((c.side, c.asid, c.granule) == (u.side, u.asid, u.granule) for u in pe.contexts):
            return False
        index = entry.va >> shift(c.granule, entry.level) & (1 << PAGE_BITS[c.granule] - 3) - 1
        return (entry.level - 1, entry.pa - 8 * index, c.asid, entry.va >> shift(c.granule, entry.level - 1)) in stays

    def ordered_since(self, write: Write, issuer: int, domain: int) -> bool:
        """The write is ordered, or a later one to the same place."""
        return any(self.ordered(w, issuer, domain) for w in self.writes.get(write.pa, ()) if w.line >= write.line)

    def gone_for_good(self, entry: Entry, issuer: int, domain: int) -> bool:
        """No walk can read this value any more, wherever it comes from."""
        c = entry.context
        now = make_entry(c, entry.va, entry.level, entry.pa, get(self.memory, entry.pa))
        if now is not None and now.value == entry.value:
            return False
        away = self.away.get((entry.pa, entry.value))
        return away is None or self.ordered_since(away, issuer, domain)

    def ordered(self, write: Write, issuer: int, domain: int) -> bool:
        """Whether a DSB orders the write before a TLBI that is issued now (R_TGVWD): for the issuer's walks if it is local,
        else for those of the Inner Shareable domain, where all PEs are.
        """
        if write.pe < 0:
            return True
        for line, pe, reach in self.barriers:
            if line > write.line and reach >= min(domain, 2) and (pe == issuer or reach >= 2):
                # A third PE's DSB would have to be known to the issuer, which no trace says.
                if pe == write.pe or pe == issuer and any(write.line < seen < line for seen in self.acquires.get(pe, [])):
                    return True
        return False

    def sequence_defects(self, pe: Pe, entry: Entry, state: Held) -> set[str]:
        several = self.coarse and any(e.pa == entry.pa and e.value == entry.value and e.asid != entry.asid for e in pe.held)
        if several or (state.cause and state.cause.pa != entry.pa):
            return set(SEQUENCE)  # see compare.PERMITTED
        if state.doomed:
            before = "BBM-NO-TLBI" in state.maybe  # issued before the write: which step is missing is told either way
            other = state.maybe | state.defects if before else state.maybe & {"BBM-NO-DSB-BEFORE-TLBI"}
            return {"BBM-NO-DSB-AFTER-TLBI"} | other
        return (state.defects or {"BBM-NO-TLBI"}) | state.maybe

    def issue(self, event: Event) -> None:
        tlbi = decode(event.name, event.a)
        number = self.next_tlbi
        self.next_tlbi += 1
        self.tlbis[number] = (event.pe, tlbi)
        for pe in self.pes.values():
            stays: Places = set()  # upper levels first: what only a removed walk-cache entry led to can't come back
            for entry, state in sorted(pe.held.items(), key=lambda item: item[0].level):
                c = entry.context
                filled_again = state.cause is None and c in pe.contexts
                if not filled_again and not self.survives(event, tlbi, pe, entry, state, stays):
                    state.doomed.add(number)
                elif not entry.leaf:
                    stays.add((entry.level, table_address(c.granule, entry.value), c.asid, entry.va >> shift(c.granule, entry.level)))
        if tlbi.kind == "vmall":
            for pe in self.pes.values():
                if pe.number == event.pe or (tlbi.broadcast and pe.on):
                    pe.flushes.append((number, event.line))

    def survives(self, event: Event, tlbi: Tlbi, pe: Pe, entry: Entry, state: Held, stays: Places) -> bool:
        """Whether the PE may hold the entry though this TLBI is complete; notes what is wrong with it, if it was meant for it."""
        reaches = pe.number == event.pe or (tlbi.broadcast and pe.on)
        current = entry.context in pe.contexts
        if not covers(tlbi, entry):
            if not concerns(tlbi, entry) or tlbi.kind == "asid":
                state.maybe.add("BBM-WRONG-TLBI")
            elif not reaches:
                state.maybe |= {"BBM-LOCAL-TLBI", "BBM-WRONG-TLBI"}
            elif self.coarse or not current or (state.cause and event.pe != state.cause.pe):  # meant for it? it is not the writer's
                state.maybe.add("BBM-WRONG-TLBI")
            else:
                state.defects.add("BBM-WRONG-TLBI")
            return True
        if not reaches:
            if pe.on and (entry in self.pes[event.pe].held or (state.cause and state.cause.pe == event.pe)):
                state.defects.add("BBM-LOCAL-TLBI")
            else:  # of a PE that has nothing to do with it
                state.maybe.add("BBM-LOCAL-TLBI")
            return True
        if not self.reachable(pe, entry, stays) or self.gone_for_good(entry, event.pe, tlbi.domain):
            return False
        unordered = state.cause and not self.ordered_since(state.cause, event.pe, tlbi.domain)
        state.defects.add("BBM-NO-DSB-BEFORE-TLBI" if unordered else "BBM-WRONG-TLBI")
        return True

    def barrier(self, event: Event) -> None:
        name = event.name
        loads_only, stores_only = name.endswith("ld"), name.endswith("st")
        base = name.removesuffix("ld").removesuffix("st") or "sy"
        domain = {"nsh": 1, "ish": 2, "osh": 3, "sy": 4}[base]
        if not loads_only:
            self.barriers.append((event.line, event.pe, domain))
        if loads_only or stores_only:
            return
        done = {n for n, (issuer, t) in self.tlbis.items() if issuer == event.pe and t.domain <= domain}
        for number in done:
            del self.tlbis[number]
        for pe in self.pes.values():
            pe.held = {e: s for e, s in pe.held.items() if not s.doomed & done}
            if any(number in done for number, _ in pe.flushes):
                pe.left = set()
            for number, line in pe.flushes:
                if number in done:
                    pe.unflushed = {x: held for x, held in pe.unflushed.items() if x > line}
            for held in pe.unflushed.values():  # what was cached under the old value, and may be still
                held.intersection_update(pe.held)
            self.fill(pe)
        self.hardware.forget(self.walked)

    # --- writes ------------------------------------------------------------------------------------------------------

    def report(self, where: tuple[int, int, int], rules: set[str] | frozenset[str], about: Held | None = None, holder: int = -1) -> None:
        """At (line, address, PE). `about` is the held entry that the finding is about, if there is one, and who holds it."""
        self.findings.setdefault(where, set()).update(rules)
        if about is None:
            self.news.add(where)
            return
        # One finding for what one write took away from one PE: the rest repeats it.
        taken = (holder, about.cause.line if about.cause else where[0])
        if not about.reported and taken not in self.told:
            self.news.add(where)
        about.reported = True
        self.told.add(taken)
        if holder >= 0:  # leaves that went with the same table descriptor share its record, and so do values like them
            held = self.pes[holder].held
            alike = [(e, s) for e, s in held.items() if s.cause and s.cause.pa == where[1] and s.cause.pa != e.pa]
            for e, s in held.items():  # the table descriptor itself, and those leaves
                if (e, s) in alike or (s.cause and not e.leaf and e.pa == where[1]):
                    s.reported = True
            for e, s in held.items():
                if s.cause and any(e.pa == f.pa and not self.clash(e, f) for f, _ in alike):
                    s.reported = True

    def report_if(self, due: bool, where: tuple[int, int, int], rules: set[str]) -> None:
        if due:
            self.report(where, rules)
        else:
            self.findings.setdefault(where, set()).update(rules)

    def write(self, event: Event) -> None:
        pa, value = event.a, event.b
        old = get(self.memory, pa)
        if event.name == "hardware" and not any(e.pa == pa and e.value == old for pe in self.pes.values() for e in pe.held):
            event = replace(event, name="atomic")  # no walker comes there: some other update that loses nothing
        if self.hardware.races(event, old, {n: pe.contexts for n, pe in self.pes.items()}, self.walk):
            self.report((event.line, pa, event.pe), {"BBM-HW-UPDATE"})
        if old == value:
            return
        contexts = {c for pe in self.pes.values() for c in pe.contexts}
        contexts.update(e.context for pe in self.pes.values() for e in pe.held)
        before = {c: self.walk(c) for c in contexts}
        put(self.memory, pa, value)
        for c in [c for c in self.walks if c not in contexts]:
            del self.walks[c]
        touched = [c for c in contexts if pa >> 12 in self.walks[c][1]]
        for c in touched:
            del self.walks[c]
        still = {n.pa for c in contexts for n in self.walk(c)}
        made = pa in still and not any(e.pa == pa for c in touched for e in before[c])
        gone_with_it = {e.pa for c in touched for e in before[c]} - still
        for pe in self.pes.values():  # whoever made it valid before: that is gone, and so is all below a table that went
            pe.fresh -= gone_with_it | ({pa} if made or pa not in still else set())
        if event.pe >= 0 and made:
            self.pes[event.pe].fresh.add(pa)
        this = Write(event.line, event.pe, pa, value)
        seen = self.walked(pa)  # or nobody comes there: see compare.PERMITTED
        if seen or not self.coarse:
            self.writes.setdefault(pa, []).append(this)
        for e in {e for pe in self.pes.values() for e in pe.held if e.pa == pa}:
            was, now = (make_entry(e.context, e.va, e.level, pa, v) for v in (old, value))
            if seen and was is not None and was.value == e.value and (now is None or now.value != e.value):
                self.away[pa, e.value] = this
        for pe in self.pes.values():
            self.judge_reuse(pe, this, value)
        for c in touched:
            gone = {e: None for e in before[c] if e not in self.walk(c)}
            new = {e: None for e in self.walk(c) if e not in before[c]}
            for pe in self.pes.values():
                self.judge_new(pe, c, this, new, gone)
            self.judge_group(c, this, value, old)
        for pe in self.pes.values():
            for e, s in pe.held.items():
                if e.context in touched:
                    if e in self.walk(e.context):
                        if s.cause:
                            doomed = set() if e.context in pe.contexts else s.doomed  # as below
                            deferred = [d for d in s.deferred if "BBM-TABLE-REUSE" not in d[1]]  # its page is its own again
                            pe.held[e] = Held(doomed=doomed, deferred=deferred, reported=e in self.consequences)
                    elif s.cause is None:
                        broken = not any(n.pa == pa for n in self.walk(e.context))
                        doomed = set() if e.context in pe.contexts else s.doomed  # there it can't have been filled again
                        pe.held[e] = Held(cause=this, broken=broken, doomed=doomed, owed=s.owed, deferred=s.deferred, reported=s.reported)
                        if doomed:
                            pe.held[e].maybe.add("BBM-NO-TLBI")  # it was issued before the write
            self.fill(pe)

    def walked(self, pa: int) -> bool:
        """Whether any PE may read this doubleword as a descriptor, from a base register or a walk-cache entry."""
        if any(pa >> 12 in self.walks[c][1] for pe in self.pes.values() for c in pe.contexts if c in self.walks):
            return True
        for pe in self.pes.values():
            for e in pe.held:
                table = table_address(e.context.granule, e.value)
                if (e.pa == pa and e.level == start_level(e.context)) or (not e.leaf and table <= pa < table + (1 << PAGE_BITS[e.context.granule])):
                    return True
        return False

    def clash(self, e: Entry, n: Entry) -> set[str]:
        """What a held entry and a new one differ in, so that a lookup may hit both or mix them."""
        if not (e.va < n.va + n.size and n.va < e.va + e.size):
            return set()
        if e.leaf and n.leaf:
            return differences(self.memory, e, n)
        if e.leaf == n.leaf:
            return set()  # two tables: what they lead to is what counts
        leaf, table = (e, n) if e.leaf else (n, e)
        return {"SIZE"} if leaf.level <= table.level else set()

    def last_alike(self, e: Entry, cause: Write) -> Write:
        for w in self.writes.get(e.pa, ()):
            n = make_entry(e.context, e.va, e.level, e.pa, cause.value) if w.line > cause.line and cause.pa == e.pa else None
            cause = w if n is not None and n.leaf == e.leaf and not self.clash(e, n) else cause
        return cause

    def exempt(self, pe: Pe, changes: set[str], a: Entry, b: Entry) -> bool:
        level = pe.config.bbml
        if not changes <= {"SIZE", "CONT"} or (a.leaf and b.leaf and (a.value ^ b.value) >> 11 & 1):
            return False  # nothing else may change with it: nG neither, which by itself is free one way
        if "CONT" in changes and level < 1:
            return False
        if "SIZE" in changes and level < 2:
            block = max((e for e in (a, b) if e.leaf), key=lambda e: e.size)
            return level == 1 and bool(block.value & NT)
        return True

    def may_come(self, pe: Pe, gone: dict[Entry, None]) -> list[tuple[Entry, Held]]:
        """What the PE holds, and what walk-cache entries of tables that went will lead it to when it walks there again."""
        out = dict(pe.held)
        for table, state in pe.held.items():
            if table.leaf or (state.cause is None and table not in gone):
                continue
            below: dict[Entry, None] = {}
            walk_table(self.memory, table.context, table_address(table.context.granule, table.value), table.va, table.level + 1, below, set())
            for e in below:
                if e not in self.consequences:
                    out.setdefault(e, state)
        return list(out.items())

    def judge_new(self, pe: Pe, c: Context, this: Write, new: dict[Entry, None], gone: dict[Entry, None]) -> None:
        """Translations that came into being, against those that this PE may hold."""
        current = c in pe.contexts
        for e, s in self.may_come(pe, gone):
            if e in new or e.context.side != c.side or (e.context != c and not current):
                continue
            stale = s.cause is not None
            if e.context == c and not stale and e not in gone:
                continue
            for n in new:
                if e.asid is not None and n.asid is not None and e.asid != n.asid:
                    continue
                if e.context.root != c.root and e.asid not in (None, c.asid):
                    continue  # what they are under that ASID is judged when it is in force again
                if n in pe.held and pe.held[n].cause is None:
                    continue
                changes = self.clash(e, n)
                if not changes:
                    self.as_registers_are(pe, this, e, n)
                    continue
                if self.exempt(pe, changes, e, n):
                    s.owed.append(this)
                    continue
                rules: set[str] = set()
                if stale:
                    rules |= self.sequence_defects(pe, e, s)
                if not stale or not s.broken or (s.cause and s.cause.pa != e.pa):
                    rules |= {f"BBM-{x}" for x in changes}
                if pe.awake and e.context not in pe.contexts and any(k[:3] == e.context[:3] for k in pe.contexts):
                    self.report_if(False, (this.line, this.pa, this.pe), rules)  # of registers that changed: BBM-CONTEXT
                    s.reported = True
                elif pe.awake:
                    self.report((this.line, this.pa, this.pe), rules, s, pe.number)
                else:
                    s.deferred.append((this, frozenset(rules | {"BBM-NO-TLBI"})))

    def as_registers_are(self, pe: Pe, this: Write, e: Entry, n: Entry) -> None:
        """A PE that left with other registers than it has now: see compare.PERMITTED."""
        mair = pe.registers.get("mair_el1", 0)
        old, new = (x._replace(context=x.context._replace(mair=mair)) for x in (e, n))
        changes = set() if mair == e.context.mair or e.context in pe.contexts else self.clash(old, new)
        if changes and not self.exempt(pe, changes, old, new):
            self.findings.setdefault((this.line, this.pa, this.pe), set()).update({f"BBM-{x}" for x in changes} | SEQUENCE)

    def judge_reuse(self, pe: Pe, this: Write, value: int) -> None:
        """A valid value in the page of a table that memory no longer leads to, and walk caches may (R_RVJDB)."""
        if not value & 1:
            return
        for e, s in pe.held.items():
            if e.leaf or s.cause is None:
                continue
            table = table_address(e.context.granule, e.value)
            bits = {"4K": 12, "16K": 14, "64K": 16}[e.context.granule]
            if not table <= this.pa < table + (1 << bits):
                continue
            level = e.level + 1
            va = e.va + ((this.pa - table) >> 3 << shift(e.context.granule, level))
            n = make_entry(e.context, va, level, this.pa, value)
            if n is None:
                continue  # it faults, and is cached by nobody
            if n in pe.held:  # the value that was there: harmless, and yet not the writer's page to write
                self.findings.setdefault((this.line, this.pa, this.pe), set()).add("BBM-TABLE-REUSE")
                if not pe.awake:
                    s.harmless.append(s.cause)
                for h, state in pe.held.items():
                    if h.leaf and h.context == e.context and h.va < va + n.size and va < h.va + h.size:
                        state.reported = True
                continue
            for h, state in pe.held.items():  # what comes of it is no news
                if h.context == e.context and h.va < va + (1 << shift(e.context.granule, level)) and va < h.va + h.size and h is not e:
                    state.reported = True
            self.consequences.add(n)
            if pe.awake:
                now = [c for c in pe.contexts if (c.side, c.root, c.asid) == (e.context.side, e.context.root, e.context.asid)]
                due = not now or make_entry(now[0], va, level, this.pa, value) is not None  # else by registers of before
                self.report_if(due, (this.line, this.pa, this.pe), {"BBM-TABLE-REUSE"})
            else:
                s.deferred.append((s.cause, frozenset({"BBM-TABLE-REUSE"})))

    def judge_group(self, c: Context, this: Write, value: int, old: int) -> None:
        """An entry that became valid beside members of its contiguous group that say otherwise (R_QTRPM, R_JQQTC)."""
        new = [e for e in self.walk(c) if e.pa == this.pa and e.leaf]
        if not new:
            return
        due = any(c in pe.contexts for pe in self.pes.values())
        n = new[0]
        if make_entry(c._replace(hardware_af=True), n.va, n.level, n.pa, old) is not None:
            return  # was a member already: AF may differ (I_CQTNL)
        count = group_size(c.granule, n.level)
        span = count * n.size
        base = n.va - n.va % span
        if n.value >> 52 & 1 and (output(n, n.va) - (n.va - base)) % span:  # the group's address must be aligned to its size
            self.report_if(due, (this.line, this.pa, this.pe), {"BBM-CONT-GROUP"})
            return
        for i in range(count):
            pa = n.pa - 8 * ((n.va - base) // n.size) + 8 * i
            m = make_entry(c._replace(hardware_af=True), base + i * n.size, n.level, pa, get(self.memory, pa))
            if m is not None and m.leaf and pa != n.pa:
                if not (m.value | n.value) >> 52 & 1:
                    continue
                ignore = 1 << 10 | 1 << 7 | 1 << 51 | ((1 << 48) - 1 & -(1 << 12))
                ignore |= 15 << 55
                same = not (m.value ^ n.value) & ~ignore
                same &= output(m, m.va) - m.va == output(n, n.va) - n.va
                if not same:
                    self.report_if(due, (this.line, this.pa, this.pe), {"BBM-CONT-GROUP"})
                    return

    # --- the whole ---------------------------------------------------------------------------------------------------

    def run(self) -> list[Finding]:
        for event in self.trace.events:
            op = event.op
            if op == "write":
                self.write(event)
            elif op == "dsb":
                self.barrier(event)
            elif op == "tlbi":
                self.issue(event)
            elif op == "msr":
                self.pes[event.pe].written[event.name] = event.a
            elif op in ("isb", "exception", "eret"):
                synchronize(self, event)
            elif op in ("dmb", "acquire"):
                self.acquires.setdefault(event.pe, []).append(event.line)
            elif op == "load":
                self.hardware.load(event)
            elif op == "fetch":
                fetch(self, event)
            elif op == "off":
                pe = self.pes[event.pe]
                pe.on = pe.awake = False
                change_context(self, pe, event, dict(pe.registers))
            elif op == "on":
                pe = self.pes[event.pe]
                pe.on = True
                pe.registers["sctlr_el1"] = 0
                pe.written.clear()
        for pe in self.pes.values():
            for line, held in pe.unflushed.items():
                if pe.awake:  # removed piece by piece: see compare.PERMITTED
                    self.report_if(bool(held), (line, -1, pe.number), {"BBM-CONTEXT"})
            if pe.config.conflict_free or not pe.awake:
                continue
            for e, s in pe.held.items():
                others = [f for f in pe.held if f.context == e.context and self.clash(e, f)]
                if not s.owed or not s.cause:
                    continue
                # Due if it meets something that memory has; and of values that are no different to a TLB, the last counts.
                alike = [t for f, t in pe.held.items() if f.pa == e.pa and t.cause and not self.clash(e, f)]
                former = e.context not in pe.contexts and any(k[:3] == e.context[:3] for k in pe.contexts)  # registers: BBM-CONTEXT
                if former or not any(f.pa == e.pa and f in self.walk(f.context) for f in others) or any(t.cause.line > s.cause.line for t in alike if t.cause):
                    for w in (s.cause, self.last_alike(e, s.cause)):
                        self.findings.setdefault((w.line, w.pa, w.pe), set()).update(self.sequence_defects(pe, e, s))
                    continue
                # The TLBI belonged behind the write that took the entry away, and with it all that is no different to a TLB.
                last = self.last_alike(e, s.cause)
                self.report((last.line, last.pa, last.pe), self.sequence_defects(pe, e, s), s, pe.number)
        return [Finding(*where, frozenset(rules), where not in self.news, frozenset(self.stores.get(where, ()))) for where, rules in sorted(self.findings.items())]


def judge(text: str, coarse: bool = False) -> list[Finding]:
    return Reference(parse(text), coarse).run()


__all__ = ["Finding", "judge", "start_level"]
