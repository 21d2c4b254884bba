/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/console.h"

#include "lib/sysreg.h"

static u64 base = UART_PA;
static bool use_lock;
static u32 lock_word;

void console_set_base(u64 address) { base = address; }
void console_use_lock(bool use) { use_lock = use; }

static void lock(void) {
    u32 seen, failed;
    if (!use_lock) return;
    __asm__ volatile(
        "   sevl\n"
        "1: wfe\n"
        "2: ldaxr %w0, %2\n"
        "   cbnz  %w0, 1b\n"
        "   stxr  %w1, %w3, %2\n"
        "   cbnz  %w1, 2b\n"
        : "=&r"(seen), "=&r"(failed), "+Q"(lock_word)
        : "r"(1u)
        : "memory");
}

static void unlock(void) {
    if (use_lock) store_release32(&lock_word, 0);
}

static void put(char c) {
    volatile u32 *uart = (volatile u32 *)base;
    while (uart[0x18 / 4] & (1u << 5)) continue; /* FR.TXFF */
    uart[0] = (u8)c;
}

struct sink {
    char *out; /* null: the UART */
    unsigned size, used;
};

static void emit(struct sink *s, char c) {
    if (!s->out) {
        if (c == '\n') put('\r');
        put(c);
    } else if (s->used + 1 < s->size) {
        s->out[s->used++] = c;
    }
}

static void emit_number(struct sink *s, u64 v, unsigned radix, unsigned width, bool zero) {
    char digits[24];
    unsigned n = 0;
    do {
        const unsigned d = (unsigned)(v % radix);
        digits[n++] = (char)(d < 10 ? '0' + d : 'a' + d - 10);
        v /= radix;
    } while (v);
    while (n < width && n < sizeof digits) digits[n++] = zero ? '0' : ' ';
    while (n) emit(s, digits[--n]);
}

static void format(struct sink *s, const char *f, va_list *ap) {
    for (; *f; ++f) {
        if (*f != '%') {
            emit(s, *f);
            continue;
        }
        unsigned width = 0;
        bool is_long = false;
        const bool zero = *++f == '0';
        while (*f >= '0' && *f <= '9') width = width * 10 + (unsigned)(*f++ - '0');
        if (*f == 'l') is_long = true, ++f;
        if (*f == 's') {
            for (const char *t = va_arg(*ap, const char *); *t; ++t) emit(s, *t);
        } else if (*f == 'c') {
            emit(s, (char)va_arg(*ap, int));
        } else if (*f == 'u' || *f == 'x') {
            const u64 v = is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned);
            emit_number(s, v, *f == 'x' ? 16 : 10, width, zero);
        } else if (*f) {
            emit(s, *f);
        } else {
            break;
        }
    }
}

void print(const char *f, ...) {
    va_list ap;
    struct sink s = {0};
    va_start(ap, f);
    lock();
    format(&s, f, &ap);
    unlock();
    va_end(ap);
}

unsigned vformat_to(char *out, unsigned size, const char *f, va_list ap) {
    va_list copy;
    struct sink s = {.out = out, .size = size};
    va_copy(copy, ap);
    format(&s, f, &copy);
    va_end(copy);
    out[s.used] = 0;
    return s.used;
}

unsigned format_to(char *out, unsigned size, const char *f, ...) {
    va_list ap;
    va_start(ap, f);
    const unsigned n = vformat_to(out, size, f, ap);
    va_end(ap);
    return n;
}
