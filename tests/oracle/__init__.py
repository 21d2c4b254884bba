# SPDX-License-Identifier: Apache-2.0
"""A second statement of the break-before-make rules, to hold the checker to: slow, explicit, and sharing nothing with it.

The checker keeps *pending old values* of changed descriptors. This reference keeps, for each PE, *every entry that its TLBs
may hold*, one by one: whatever a walk can reach may be cached at any time (R_SQBCS, I_RCGCH), walk-cache entries are TLB
entries (R_RVJDB) and lead on, and only a TLBI that covers an entry and has completed takes it away. A rule is broken when
a translation comes into being beside a held one that it may not meet. `reference.py` says it in that order:

- which changes may not meet the old entry (R_WHZWS): memory type, cacheability, shareability, output address if either is
  writable or the contents differ, size, Contiguous bit, global over non-global;
- what FEAT_BBM relaxes (R_PVTFW, R_KHRBC, R_PJZBK): Contiguous from level 1, size with nT=1 at level 1 and always from
  level 2, nothing else changing; a TLBI is owed afterwards, unless the PE is conflict-free;
- what the sequence must be (R_DDMVT): ordering DSB before the TLBI (R_TGVWD), one whose domain is the TLBI's; a TLBI that
  covers the entry and reaches its holder; a DSB of the issuer behind it, loads and stores, of the TLBI's domain (R_PSMWS, R_YNJCP);
- what a TLBI covers: R_SQXYZ (TTL), R_XKMMX (TG), I_TYBWT (alignment), R_CHVGJ (walk-cache entries are non-global);
- plain stores that may meet, or have met, hardware's own updates of a leaf (I_BMRWH, R_LHQRX, R_DYCFD);
- pages of unlinked tables (R_RVJDB), groups (R_QTRPM), ASIDs and roots, CnP, cached register fields, own fresh mappings fetched.

The silences follow by themselves: permissions, AF, dirty state and software bits are no difference (R_GPPYH); a value that
comes back meets itself; what nobody holds meets nothing; barriers of others count if they saw the write.

**What is compared** (`compare.py`): for each line of the trace, whether it broke a rule, and at which descriptor or root; and
the rules that the checker names must be among those that the reference finds broken there. One write may break several rules;
which of them a report names is presentation. Not compared: which PEs hold the old entry, notes, hazards, texts.
`compare.PERMITTED` lists, with reasons, which differences are accepted. `compare.OPEN` says which disagreements
are known and not settled.
"""
