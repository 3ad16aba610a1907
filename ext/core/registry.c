#include "registry.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static wb_kernel *table;
static int count, room;
static wb_map casts[WB_DTYPES][WB_DTYPES];

void wb_register(const wb_kernel *k) {
    for (int i = 0; i < count; i++)
        if (table[i].dtype == k->dtype && !strcmp(table[i].op, k->op)) { table[i] = *k; return; }      /* the last one wins */
    if (count == room) {
        room = room ? 2 * room : 256;
        table = realloc(table, (size_t)room * sizeof *table);
        if (!table) { fputs("workbench: no memory for the table of kernels\n", stderr); abort(); }
    }
    table[count++] = *k;
}
void wb_register_cast(int from, int to, wb_map fn) { casts[from][to] = fn; }
const wb_kernel *wb_kernels(int *n) { *n = count; return table; }
wb_map wb_cast(int from, int to) { return casts[from][to]; }
