/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/lab.h"

#include "scenarios/scenario.h"
#include "verify/verify.h"

static unsigned frames_made;
static u64 frames[16];

bool wrong(void) { return str_equal(machine.variant, "violating") || str_equal(machine.variant, "bug"); }

static bool right(void) { return str_equal(machine.variant, "correct") || str_equal(machine.variant, "fix"); }

u64 frame(unsigned n) {
    while (frames_made <= n) {
        const u64 pa = table_alloc();
        fill_descriptors(table_pointer(pa), frames_made + 1, 0, table_entries());
        frames[frames_made++] = pa;
    }
    return frames[n];
}

u64 block_frame(unsigned n) {
    const u64 pa = round_up(verify_range().begin, level_span(2)) + n * level_span(2);
    if (pa + level_span(2) > verify_range().end) fail("too little memory for block %u of 0x%lx bytes", n, level_span(2));
    for (u64 at = 0; at < level_span(2); at += table_bytes()) *table_pointer(pa + at) = n + 1;
    return pa;
}

u64 *slot_in(u64 root, u64 va, unsigned level) {
    u64 table = root;
    for (unsigned l = root_level(); l < level; ++l) {
        u64 *slot = &table_pointer(table)[level_index(va, l)];
        if (!is_valid(*slot)) {
            const u64 fresh = table_alloc_zeroed();
            dsb(ishst);
            write_once(slot, fresh | DESC_TABLE);
            make_visible();
        }
        table = *slot & DESC_ADDRESS;
    }
    return &table_pointer(table)[level_index(va, level)];
}

void map(u64 va, unsigned level, u64 descriptor) {
    write_once(slot_of(va, level), descriptor);
    make_visible();
}

void flush_va(u64 va) {
    dsb(ishst);
    tlbi_va(vaae1is, va);
    dsb(ish);
    isb();
}

void flush_all(void) {
    dsb(ishst);
    tlbi(vmalle1is);
    dsb(ish);
    isb();
}

/* As the repaint's rendezvous with nobody to wait for: a count of -1 becomes the 0 that releases at once. */
void replace_ttbr1(u64 root) {
    static u32 alone __attribute__((aligned(64)));
    void (*const park)(u32 *, u64, u64) = (void (*)(u32 *, u64, u64))image_to_pa(park_in_idmap);
    alone = ~0U;
    boot_regs.ttbr1 = root;
    dsb(ishst); /* the tables before the register */
    write_sysreg(ttbr0_el1, boot_regs.ttbr0);
    isb();
    park((u32 *)image_to_pa(&alone), boot_regs.empty, root);
    write_sysreg(ttbr0_el1, boot_regs.empty);
    isb();
    local_flush_tlb_all();
}

bool compare_and_swap(u64 *p, u64 *seen, u64 fresh) {
    for (;;) {
        u64 found;
        u32 failed;
        __asm__ volatile("ldxr %0, [%1]" : "=r"(found) : "r"(p) : "memory");
        if (found != *seen) {
            __asm__ volatile("clrex");
            *seen = found;
            return false;
        }
        __asm__ volatile("stxr %w0, %2, [%1]" : "=&r"(failed) : "r"(p), "r"(fresh) : "memory");
        if (!failed) return true;
    }
}

void expect(u64 va, u64 value) {
    const u64 found = peek(va);
    if (found == value) return;
    ++percpu[this_cpu()].wrong;
    if (right()) fail("core %u read 0x%lx at 0x%lx, not 0x%lx", this_cpu(), found, va, value);
}

static void use(unsigned cpu) {
    if (lesson.use) lesson.use(cpu);
}

static void boot(void) {
    if (!wrong() && !right()) fail("variant=%s: must be one of violating|correct|bug|fix", machine.variant);
    lesson.prepare();
    barrier();
    use(0);
    barrier();
    lesson.change();
    barrier();
    use(0);
    barrier();
    for (unsigned cpu = 0; cpu < machine.cpus; ++cpu) core_result("wrong", cpu, percpu[cpu].wrong);
}

static void secondary(unsigned cpu) {
    barrier();
    use(cpu);
    barrier();
    if (lesson.meanwhile) lesson.meanwhile(cpu);
    barrier();
    use(cpu);
    barrier();
    sleep_forever();
}

const struct scenario scenario = {.name = "lab",
                                  .default_strategy = "rfc-range",
                                  .default_variant = "violating",
                                  .boot = boot,
                                  .secondary = secondary};
