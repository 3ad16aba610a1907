/* Which instruction set: the levels and families are listed by the build (families.h), the choice is made once, at import. */
#include "dispatch.h"
#include "families.h"
#include <string.h>

#if defined(__x86_64__)
#define HAS(feature) __builtin_cpu_supports(feature)
static __attribute__((unused)) int runs_v2(void) { return HAS("sse4.2") && HAS("popcnt") && HAS("ssse3"); }
/* f16c, movbe and lzcnt: every CPU with avx2 and bmi2 has them */
static __attribute__((unused)) int runs_v3(void) { return runs_v2() && HAS("avx2") && HAS("fma") && HAS("bmi") && HAS("bmi2"); }
static __attribute__((unused)) int runs_v4(void) {
    return runs_v3() && HAS("avx512f") && HAS("avx512bw") && HAS("avx512cd") && HAS("avx512dq") && HAS("avx512vl");
}
#endif
static __attribute__((unused)) int runs_neon(void) { return 1; }
static __attribute__((unused)) int runs_base(void) { return 1; }
static __attribute__((unused)) int runs_native(void) { return 1; }      /* compiled for the machine that runs it */

/* weak: a developer's build may leave out a family that does not compile */
#define DECLARE(family, level) void wb_family_##family##_##level(void) __attribute__((weak));
#define CALL(family, level) if (wb_family_##family##_##level) wb_family_##family##_##level();
#define DEFINE(level) \
    WB_FAMILIES(DECLARE, level) \
    static void register_##level(void) { WB_FAMILIES(CALL, level) }
WB_LEVELS(DEFINE)

#define ENTRY(level) {#level, runs_##level, register_##level},
static const struct { const char *name; int (*runs)(void); void (*enter)(void); } levels[] = {WB_LEVELS(ENTRY)};
enum { LEVELS = sizeof levels / sizeof *levels };

const char *wb_dispatch(const char *force) {
    for (int i = 0; i < LEVELS; i++) {
        if ((force && *force && strcmp(force, levels[i].name)) || !levels[i].runs()) continue;
        levels[i].enter();
        return levels[i].name;
    }
    return NULL;
}
const char *wb_levels(void) {
    static char out[64];
    out[0] = 0;
    for (int i = 0; i < LEVELS; i++) {
        if (!levels[i].runs()) continue;
        if (*out) strcat(out, " ");
        strcat(out, levels[i].name);
    }
    return out;
}
