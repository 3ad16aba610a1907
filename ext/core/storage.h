#pragma once
/* Storage: the memory that a tensor and its views share, with the version counter that in-place writes raise. Reference counts are
   guarded by the GIL. Small blocks hold header and data together and are kept in lists of their own, in front of the allocator. */
#include <Python.h>
#include "alloc.h"

typedef struct wb_storage {
    long rc, version;
    char *data;
    size_t nbytes;
    PyObject *owner;                 /* whose memory this is, where it is not ours */
    int cls, device;
    long inference;                  /* made in inference mode: autograd refuses it */
    struct wb_storage *root;         /* of a WB_TWIN: the storage whose memory this is */
} wb_storage;                        /* 64 bytes, so that data behind it is aligned */

enum { WB_SMALL_CLASSES = 65, WB_SMALL_BYTES = (WB_SMALL_CLASSES - 1) * 64, WB_SMALL_KEEP = 4096, WB_LARGE = -1, WB_FOREIGN = -2, WB_TWIN = -3 };
static wb_storage *wb_small[WB_SMALL_CLASSES];
static int wb_small_count[WB_SMALL_CLASSES], wb_small_on = 1;
static size_t wb_small_cached;
static long wb_live_storages;

static inline wb_storage *wb_small_new(int cls) {
    wb_storage *s = wb_small[cls];
    size_t size = 64 + (size_t)cls * 64;
    if (__builtin_expect(s != NULL, 1)) { wb_small[cls] = *(wb_storage **)s; wb_small_count[cls]--; wb_small_cached -= size; return s; }
    return (wb_storage *)wb_alloc(size);
}
static inline void wb_small_free(wb_storage *s, int cls) {
    size_t size = 64 + (size_t)cls * 64;
    if (wb_small_on && wb_small_count[cls] < WB_SMALL_KEEP) { *(wb_storage **)s = wb_small[cls]; wb_small[cls] = s; wb_small_count[cls]++; wb_small_cached += size; }
    else wb_free(s, size);
}
static __thread int wb_inference_on __attribute__((tls_model("initial-exec")));
static inline wb_storage *wb_storage_new(size_t bytes) {
    int cls = bytes <= WB_SMALL_BYTES ? (int)((bytes + 63) >> 6) : 0;
    wb_storage *s = wb_small_new(cls);
    if (__builtin_expect(!s, 0)) return NULL;
    s->rc = 1; s->version = 0; s->nbytes = bytes; s->owner = NULL; s->device = 0; s->inference = wb_inference_on;
    if (bytes <= WB_SMALL_BYTES) { s->cls = cls; s->data = (char *)(s + 1); }
    else { s->cls = WB_LARGE; if (!(s->data = (char *)wb_alloc(bytes))) { wb_small_free(s, 0); return NULL; } }
    wb_live_storages++;
    return s;
}
static inline wb_storage *wb_storage_foreign(char *data, size_t bytes, PyObject *owner) {
    wb_storage *s = wb_small_new(0);
    if (!s) return NULL;
    s->rc = 1; s->version = 0; s->nbytes = bytes; s->data = data; s->device = 0; s->cls = WB_FOREIGN; s->inference = wb_inference_on;
    Py_INCREF(owner); s->owner = owner;
    wb_live_storages++;
    return s;
}
/* the storage that a memory has but one of: what to compare where the question is whether memory is shared */
static inline wb_storage *wb_storage_root(wb_storage *s) { return s->cls == WB_TWIN ? s->root : s; }
/* the same memory with a version counter of its own, as x.data has it. Twins hold their root, never each other, so that none grows a chain. */
static inline wb_storage *wb_storage_twin(wb_storage *of, long version) {
    wb_storage *s = wb_small_new(0);
    if (!s) return NULL;
    *s = *of;
    s->rc = 1; s->version = version; s->owner = NULL; s->cls = WB_TWIN;
    s->root = wb_storage_root(of); s->root->rc++;
    wb_live_storages++;
    return s;
}
static inline void wb_storage_drop(wb_storage *s) {
    if (--s->rc) return;
    wb_live_storages--;
    if (s->cls >= 0) { wb_small_free(s, s->cls); return; }
    if (s->cls == WB_LARGE) wb_free(s->data, s->nbytes);
    else if (s->cls == WB_TWIN) wb_storage_drop(s->root);
    else Py_CLEAR(s->owner);
    wb_small_free(s, 0);
}
static void wb_small_trim(void) {
    for (int c = 0; c < WB_SMALL_CLASSES; c++)
        while (wb_small[c]) { wb_storage *s = wb_small[c]; wb_small[c] = *(wb_storage **)s; wb_free(s, 64 + (size_t)c * 64); }
    memset(wb_small_count, 0, sizeof wb_small_count);
    wb_small_cached = 0;
}

/* Iterative release: an object that would die is put on a stack and dropped by the outermost caller, so that a graph of a million
   nodes is freed without recursion. */
static PyObject **wb_dying;
static long wb_dying_n, wb_dying_cap;
static int wb_draining;
static inline void wb_drop(PyObject *o) {
    if (!o) return;
    if (Py_REFCNT(o) > 1) { Py_DECREF(o); return; }
    if (wb_dying_n == wb_dying_cap) {
        long cap = wb_dying_cap ? 2 * wb_dying_cap : 1024;
        PyObject **p = (PyObject **)realloc(wb_dying, cap * sizeof *p);
        if (!p) { Py_DECREF(o); return; }
        wb_dying = p; wb_dying_cap = cap;
    }
    wb_dying[wb_dying_n++] = o;
    if (!wb_draining) { wb_draining = 1; while (wb_dying_n) { PyObject *p = wb_dying[--wb_dying_n]; Py_DECREF(p); } wb_draining = 0; }
}

/* Gradient mode: per thread; initial-exec TLS is one move. */
static __thread int wb_grad_on __attribute__((tls_model("initial-exec"))) = 1;
static inline int wb_grad_mode(void) { return wb_grad_on; }
static inline void wb_set_grad_mode(int v) { wb_grad_on = v; }
static inline int wb_inference_mode(void) { return wb_inference_on; }
static inline void wb_set_inference_mode(int v) { wb_inference_on = v; }
